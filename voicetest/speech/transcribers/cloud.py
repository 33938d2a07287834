"""What transcribers that listen elsewhere have in common."""

from __future__ import annotations

import io
import json
import wave
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.speech.account import Account
from voicetest.speech.naming import Naming
from voicetest.speech.requests import Provider, Requests
from voicetest.speech.workers import Workers
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx

__all__ = ["CloudTranscriber", "wav_file"]

SHORTEST_S = 0.1
"""OpenAI refuses less."""


class CloudTranscriber(ABC):
    """One model of a provider that is asked over HTTP, one stretch of speech at a time.

    It is not told what to expect, whoever listens with it: models of that size need no help.
    """

    local = False

    prefix: ClassVar[str]
    """What stands before the `/` of its name."""
    provider: ClassVar[Provider]
    default_model: ClassVar[str]
    ours: ClassVar[int] = 1
    """Our part of the identity; raise it when something else is asked of the same sound."""

    def __init__(
        self,
        model: str,
        workers: Workers,
        phrases: tuple[str, ...] = (),
        account: Account | None = None,
    ) -> None:
        """Raises UnknownName for an option that it does not have."""
        self._written = model
        self._account = account or Account()
        self._naming = Naming.of(model, self.prefix, {"language", "base_url", "key_env"})
        who = f"the transcriber {self.name}"
        self._requests = Requests(who, self.provider, self._naming, self._account)

    @property
    def name(self) -> str:
        """Provider, model and options, as in a scenario."""
        return f"{self.prefix}/{self._written}".rstrip("/")

    @property
    def identity(self) -> str:
        """Model, options, and whose model it is."""
        decides = asdict(self._naming) | {
            "subject": self._model,
            "base_url": self._requests.base_url,
        }
        del decides["key_env"]
        return f"{self.prefix} {self.ours} {json.dumps(decides, sort_keys=True)}"

    @property
    def _model(self) -> str:
        return self._naming.subject or self.default_model

    @staticmethod
    @abstractmethod
    def _import() -> None:
        """Load what is slow to import."""

    @abstractmethod
    async def _hear(self, http: httpx.AsyncClient, audio: AudioChunk) -> tuple[str, Spent]:
        """One request for the words of some sound; raises Refusal."""

    async def prepare(self) -> None:
        """Load what is slow to import; raises SetupError without a key."""
        self._import()
        self._requests.key()

    async def transcribe(self, audio: AudioChunk) -> str:
        """The words of one speech segment; silence and less than 0.1 s are not sent.

        Raises SetupError for keys and credit, and ConnectionFailed when the words cannot be had.
        """
        # Slow to import.
        from voicetest.audio.vad import voiced

        # Models make up words for what holds none.
        if audio.duration < SHORTEST_S or not voiced(audio.samples()):
            return ""
        self._account.spending.check(self.name)
        text, spent = await self._requests.ask(lambda http: self._hear(http, audio))
        self._account.spending.add(spent)
        return " ".join(text.split())


def wav_file(audio: AudioChunk) -> bytes:
    """PCM16 mono at 24 kHz as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(INTERNAL.sample_bytes)
        writer.setframerate(INTERNAL.rate)
        writer.writeframes(audio.data)
    return file.getvalue()
