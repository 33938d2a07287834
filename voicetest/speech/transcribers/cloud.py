"""What transcribers that listen elsewhere have in common."""

from __future__ import annotations

import io
import wave
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.speech.account import Account
from voicetest.speech.cloud import CloudSpeech
from voicetest.speech.workers import Workers
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx

__all__ = ["CloudTranscriber", "wav_file"]

SHORTEST_S = 0.1
"""OpenAI refuses less."""


class CloudTranscriber(CloudSpeech):
    """One model of a provider that is asked one stretch of speech at a time.

    It is not told what to expect, whoever listens with it: models of that size need no help.
    """

    role: ClassVar[str] = "transcriber"
    languages: frozenset[str] | None = None
    options: ClassVar[frozenset[str]] = frozenset({"language", "base_url", "key_env"})

    def __init__(
        self,
        model: str,
        workers: Workers,
        phrases: tuple[str, ...] = (),
        account: Account | None = None,
    ) -> None:
        """Raises UnknownName for an option that it does not have."""
        super().__init__(model, account)

    @property
    def _subject(self) -> str:
        return self._model

    @property
    def _model(self) -> str:
        return self._naming.subject or self.default_model

    @abstractmethod
    async def _hear(self, http: httpx.AsyncClient, audio: AudioChunk) -> tuple[str, Spent]:
        """One request for the words of some sound; raises Refusal."""

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
