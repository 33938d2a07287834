"""Voices of OpenAI's speech interface, and of servers that copy it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from voicetest.audio.chunk import AudioChunk
from voicetest.registry import UnknownName, nearest
from voicetest.speech.requests import Provider
from voicetest.speech.services.openai import OPENAI, openai_client, openai_errors
from voicetest.speech.voices.cloud import CloudVoice
from voicetest.speech.voices.sound import sound_of
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx

__all__ = ["OpenAIVoice"]

_NAMES = (
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx"),
    *("sage", "shimmer", "verse"),
)
_OWN = "voice_"
"""How the id of a voice begins that a customer has made."""


class OpenAIVoice(CloudVoice):
    """One of the voices of the speech endpoint; its models take instructions, but for tts-1."""

    prefix: ClassVar[str] = "openai"
    provider: ClassVar[Provider] = OPENAI
    options: ClassVar[frozenset[str]] = frozenset({"model", "instructions", "base_url", "key_env"})
    default_model: ClassVar[str] = "gpt-4o-mini-tts"
    rates: ClassVar[tuple[float, float]] = (0.25, 4.0)
    longest: ClassVar[int] = 4096

    @staticmethod
    def voices() -> tuple[str, ...]:
        """The voices that every customer has."""
        return _NAMES

    def _chosen(self, voice: str) -> str:
        elsewhere = self._naming.base_url or os.environ.get(OPENAI.base_env)
        own = voice.startswith(_OWN) or bool(voice and elsewhere)
        if voice not in _NAMES and not own:
            known = ", ".join(_NAMES)
            raise UnknownName(
                f"openai has no voice '{voice}'{nearest(voice, _NAMES)}; there is: {known}"
            )
        return voice

    def _client(self, http: httpx.AsyncClient) -> object:
        return openai_client(self._requests, http).audio.speech

    async def _speak(
        self, http: httpx.AsyncClient, text: str, rate: float
    ) -> tuple[AudioChunk, Spent]:
        from openai import omit

        client = openai_client(self._requests, http)
        with openai_errors():
            answer = await client.audio.speech.create(
                model=self._model,
                voice={"id": self._voice} if self._voice.startswith(_OWN) else self._voice,
                input=text,
                response_format="pcm",
                speed=omit if rate == 1.0 else rate,
                instructions=self._naming.instructions or omit,
            )
        sound = sound_of(answer.content, answer.response.headers.get("content-type", ""))
        return sound, Spent(self.name, characters=len(text))
