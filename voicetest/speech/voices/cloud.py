"""What voices that are made elsewhere have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from voicetest.audio.chunk import AudioChunk
from voicetest.speech.account import Account
from voicetest.speech.cloud import CloudSpeech
from voicetest.speech.voices.base import UnspeakableText
from voicetest.speech.workers import Workers
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx

__all__ = ["CloudVoice"]


class CloudVoice(CloudSpeech):
    """One voice of a provider; the same text is not the same sound twice."""

    role: ClassVar[str] = "voice"
    rates: ClassVar[tuple[float, float]]
    """The slowest and the fastest."""
    longest: ClassVar[int] = 40_000
    """Characters of one text."""

    def __init__(self, voice: str, workers: Workers, account: Account | None = None) -> None:
        """Raises UnknownName for a voice or an option that is not there."""
        super().__init__(voice, account)
        self._voice = self._chosen(self._naming.subject)

    @property
    def _subject(self) -> str:
        return self._voice

    @property
    def _model(self) -> str:
        return self._naming.model or self.default_model

    @abstractmethod
    def _chosen(self, voice: str) -> str:
        """The provider's own name for what stands in the scenario; raises UnknownName."""

    @abstractmethod
    async def _speak(
        self, http: httpx.AsyncClient, text: str, rate: float
    ) -> tuple[AudioChunk, Spent]:
        """One request for the sound of a text; raises Refusal."""

    async def synthesise(self, text: str, rate: float = 1.0) -> AudioChunk:
        """The text as the provider says it.

        Raises UnspeakableText for what it cannot say, SetupError for keys and credit, and
        ConnectionFailed when the sound cannot be had.
        """
        slowest, fastest = self.rates
        if not slowest <= rate <= fastest:
            possible = f"{slowest:g} to {fastest:g}" if slowest < fastest else f"{slowest:g} only"
            raise UnspeakableText(f"{self.name} speaks at a rate of {possible}, not {rate:g}")
        if len(text) > self.longest:
            raise UnspeakableText(
                f"{self.name} speaks {self.longest} characters at a time, not {len(text)}"
            )
        self._account.spending.check(self.name)
        sound, spent = await self._requests.ask(lambda http: self._speak(http, text, rate))
        self._account.spending.add(spent)
        return sound

    async def said(self, text: str, rate: float = 1.0) -> str:
        """The text itself."""
        return text
