"""Offline ears: pocketsphinx with the acoustic model that comes in its package."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.registry import UnknownName, nearest, version_of
from voicetest.speech.account import Account
from voicetest.speech.transcribers.phrases import spoken_forms
from voicetest.speech.workers import JOB_LIMIT, Workers

if TYPE_CHECKING:
    from voicetest.speech.transcribers.decoder import Vocabulary

__all__ = ["ESPEAK_MEANS", "PocketsphinxTranscriber"]

ESPEAK_MEANS: Final = Path(__file__).with_name("models") / "espeak" / "means"
"""Made by `voicetest.speech.adaptation`."""

MODELS: Final[dict[str, Path | None]] = {"": None, "espeak": ESPEAK_MEANS}
"""Names of acoustic models and the file with the means of each; None for the stock model's own."""

OURS = 3
"""Our part of the identity; raise it when the same sound would give other text."""

SHORTEST = 0.1
SLOWEST = 10.0
"""So many seconds of work may a second of sound take; one or two are usual."""
QUIETEST = 33
"""Peak below which nothing is to be heard: -60 dBFS."""


class PocketsphinxTranscriber:
    """pocketsphinx, deterministic, in worker processes."""

    local = True
    languages: frozenset[str] | None = frozenset({"en"})

    def __init__(
        self,
        model: str,
        workers: Workers,
        phrases: tuple[str, ...] = (),
        account: Account | None = None,
    ) -> None:
        """Raises UnknownName for a model that is not there."""
        if model not in MODELS:
            known = ", ".join(sorted(filter(None, MODELS))) or "none but the default"
            hint = nearest(model, MODELS)
            raise UnknownName(f"pocketsphinx has no model '{model}'{hint}; installed: {known}")
        self._model = model
        self._workers = workers
        forms = (form for phrase in phrases for form in spoken_forms(phrase))
        self._phrases = tuple(dict.fromkeys(forms))
        self._vocabulary: Vocabulary | None = None  # set by the first sound that is heard

    @property
    def name(self) -> str:
        """`pocketsphinx`, and the model if it is not the stock one."""
        return f"pocketsphinx/{self._model}".rstrip("/")

    @property
    def identity(self) -> str:
        """Model, versions and phrases."""
        libraries = (f"{name} {version_of(name)}" for name in ("pocketsphinx", "soxr"))
        means = MODELS[self._model]
        own = "" if means is None else _digest(means)
        return " ".join((self.name, own, *libraries, str(OURS), json.dumps(self._phrases)))

    async def prepare(self) -> None:
        """Start the worker process and load the model: a tenth of a second of sound does it."""
        await self._recognise(bytes(round(SHORTEST * INTERNAL.rate) * INTERNAL.sample_bytes))

    async def transcribe(self, audio: AudioChunk) -> str:
        """The words of one speech segment, lower case, without punctuation."""
        import numpy as np

        samples = audio.samples()
        if audio.duration < SHORTEST or np.abs(samples.astype(np.int32)).max() < QUIETEST:
            return ""
        return await self._recognise(audio.data)

    async def _recognise(self, data: bytes) -> str:
        from voicetest.speech.transcribers.decoder import recognise

        if self._vocabulary is None:
            self._vocabulary = await self._prepared()
        means = MODELS[self._model]
        limit = JOB_LIMIT + SLOWEST * len(data) / (INTERNAL.rate * INTERNAL.sample_bytes)
        return await self._workers.run(
            "pocketsphinx", recognise, means, self._vocabulary, data, job_limit=limit
        )

    async def _prepared(self) -> Vocabulary:
        """The phrases with the pronunciations the dictionary lacks, as espeak says them."""
        from voicetest.speech.transcribers.decoder import Vocabulary, missing_words
        from voicetest.speech.transcribers.pronunciation import arpabet
        from voicetest.speech.voices.espeak_library import phonemes

        if not self._phrases:
            return Vocabulary()
        run = self._workers.run
        phrases, missing = await run("pocketsphinx", missing_words, self._phrases)
        spoken = await run("espeak", phonemes, "gmw/en-US", missing) if missing else ()
        phones = {word: arpabet(ipa) for word, ipa in zip(missing, spoken, strict=True)}
        unspeakable = {word for word in missing if not phones[word]}
        return Vocabulary(
            tuple(phrase for phrase in phrases if unspeakable.isdisjoint(phrase)),
            tuple((word, said) for word, said in phones.items() if said),
        )


@cache
def _digest(means: Path) -> str:
    return hashlib.sha256(means.read_bytes()).hexdigest()
