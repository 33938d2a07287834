"""What a voice is: text in, sound out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from voicetest.audio.chunk import AudioChunk

if TYPE_CHECKING:
    from voicetest.speech.account import Account
    from voicetest.speech.workers import Workers

__all__ = ["UnspeakableText", "Voice", "VoiceProvider"]


class UnspeakableText(ValueError):
    """A voice makes no sound of that text, or cannot speak it at that rate."""


class Voice(Protocol):
    """One speaker of one provider.

    `name` is what a scenario says (`espeak/en-us+f2`); `local` that nothing leaves the machine;
    `identity` everything but text and rate that decides the bytes: provider, its version, ours.
    """

    @property
    def name(self) -> str: ...

    @property
    def local(self) -> bool: ...

    @property
    def identity(self) -> str: ...

    async def prepare(self) -> None:
        """Do now what the first text would have to wait for, such as loading a library."""
        ...

    async def synthesise(self, text: str, rate: float = 1.0) -> AudioChunk:
        """The spoken text as PCM16 mono at 24 kHz; `rate` 1 is its usual speed.

        Raises UnspeakableText when there is nothing to hear or the rate is out of bounds.
        """
        ...

    async def said(self, text: str, rate: float = 1.0) -> str:
        """The words that `synthesise` gives for that text; a model may depart from it a little."""
        ...


class VoiceProvider(Protocol):
    """What an entry point of `voicetest.voices` loads."""

    def __call__(self, voice: str, workers: Workers, account: Account | None = None) -> Voice:
        """The voice of that name; raises `voicetest.registry.UnknownName`.

        `account` has the keys of the run and takes note of what is spent; None: the environment's.
        """
        ...

    def voices(self) -> tuple[str, ...]:
        """The names it knows, for `voicetest list-adapters --voices`."""
        ...
