"""Offline voices: espeak-ng, deterministic to the byte."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from voicetest.audio.chunk import AudioChunk
from voicetest.registry import UnknownName, nearest, version_of
from voicetest.speech.account import Account
from voicetest.speech.voices.base import UnspeakableText
from voicetest.speech.words.aloud import aloud
from voicetest.speech.workers import Workers

__all__ = ["USUAL_RATE", "EspeakVoice", "offline_voice", "spoken_by"]

USUAL_RATE = 165
SLOWEST, FASTEST = 80, 450
OURS = 2
"""Our part of a voice's identity; raise it when the same text would give other bytes."""


class EspeakVoice:
    """A voice of espeak-ng: a language (`en-us`), or one with a variant (`en-us+f2`).

    The library is GPL-3.0-or-later: it is loaded by worker processes of its own, never by ours.
    """

    local = True

    def __init__(self, voice: str, workers: Workers, account: Account | None = None) -> None:
        """Raises UnknownName for a language or variant that espeak-ng does not have."""
        self._file = _voice_file(voice)
        self._voice = voice
        self._workers = workers

    @property
    def name(self) -> str:
        """`espeak/` and the voice."""
        return f"espeak/{self._voice}"

    @property
    def identity(self) -> str:
        """Voice, its usual rate, and versions."""
        libraries = (f"{name} {version_of(name)}" for name in ("espeakng-loader", "soxr"))
        return " ".join((f"espeak/{self._file} {USUAL_RATE}", *libraries, str(OURS)))

    async def prepare(self) -> None:
        """Start the worker process."""
        await self.synthesise("a")

    async def said(self, text: str, rate: float = 1.0) -> str:
        """The text itself."""
        return text

    async def synthesise(self, text: str, rate: float = 1.0) -> AudioChunk:
        """The text at `rate` times 165 words a minute; espeak-ng can do 80 to 450.

        Numbers, codes and addresses are said as people say them.
        """
        speed = round(USUAL_RATE * rate)
        if not SLOWEST <= speed <= FASTEST:
            slowest, fastest = SLOWEST / USUAL_RATE, FASTEST / USUAL_RATE
            raise UnspeakableText(
                f"{self.name} speaks at a rate of {slowest:.2f} to {fastest:.2f}, not {rate:g}"
            )
        from voicetest.speech.voices.espeak_library import speak

        words = _plain(aloud(text, spoken_by(self._voice)))
        spoken = await self._workers.run("espeak", speak, self._file, words, speed)
        if not spoken.data:
            raise UnspeakableText(f"{self.name} makes no sound of {text!r}")
        return AudioChunk(spoken.data)

    @classmethod
    def voices(cls) -> tuple[str, ...]:
        """All languages, then all variants as `+f2`, to be put behind any language."""
        return (*sorted(_languages()), *(f"+{variant}" for variant in sorted(_variants())))


_USUAL = ("en", "en-us", "de", "es", "fr", "it")
"""Languages that are asked for most, beside all others."""


_CALLED: Mapping[str, str] = {"en": "en-us", "en-gb": "en", "zh": "cmn", "pt-pt": "pt"}
"""What espeak calls a language where that is not its tag."""


def offline_voice(language: str) -> str:
    """The voice of espeak for a language (BCP 47); American English where it has none."""
    tag = language.casefold()
    for name in (tag, tag.partition("-")[0]):
        called = _CALLED.get(name, name)
        if called in _languages():
            return f"espeak/{called}"
    return "espeak/en-us"


def spoken_by(voice: str) -> str:
    """The language (BCP 47, without a region) of a voice of espeak."""
    called = voice.partition("+")[0].partition("-")[0]
    return {"cmn": "zh", "yue": "zh"}.get(called, called)


def _plain(text: str) -> str:
    # espeak-ng takes control characters for commands; an unpaired surrogate cannot be UTF-8.
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def _voice_file(voice: str) -> str:
    language, plus, variant = voice.partition("+")
    if language not in _languages():
        hint = nearest(language, _languages())
        few = ", ".join(_USUAL)
        raise UnknownName(
            f"espeak has no language '{language}'{hint}; there is: {few}, … (all of them: "
            "voicetest list-adapters --voices)"
        )
    if plus and variant not in _variants():
        raise UnknownName(f"espeak has no variant '+{variant}'{nearest(variant, _variants())}")
    return f"{_languages()[language]}{plus}{variant}"


def _data() -> Path:
    import espeakng_loader

    return Path(espeakng_loader.get_data_path())


@cache
def _variants() -> tuple[str, ...]:
    return tuple(path.name for path in (_data() / "voices" / "!v").iterdir())


@cache
def _languages() -> dict[str, str]:
    """Language names and the voice file of each; the lowest priority number wins, as in espeak."""
    files: dict[str, tuple[int, str]] = {}
    folder = _data() / "lang"
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            file = path.relative_to(folder).as_posix()
            for language, priority in _spoken_by(path):
                files[language] = min((priority, file), files.get(language, (99, "")))
    return {language: file for language, (_, file) in files.items()}


def _spoken_by(path: Path) -> list[tuple[str, int]]:
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    languages = [line[1:] for line in lines if line[:1] == ["language"]]
    named = [line[1] for line in lines if line[:1] == ["dictionary"]]
    dictionary = (named or [languages[0][0].partition("-")[0]])[0]
    if not (_data() / f"{dictionary}_dict").exists():
        return []
    return [(words[0], int(words[1]) if words[1:] else 5) for words in languages]
