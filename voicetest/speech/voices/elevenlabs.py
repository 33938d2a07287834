"""Voices of ElevenLabs."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, ClassVar

from voicetest.audio.chunk import AudioChunk
from voicetest.registry import UnknownName
from voicetest.speech.requests import Provider
from voicetest.speech.services.elevenlabs import ELEVENLABS, post
from voicetest.speech.voices.cloud import CloudVoice
from voicetest.speech.voices.sound import sound_of
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx

__all__ = ["ElevenLabsVoice"]

SARAH = "EXAVITQu4vr4xnSDxMaL"
"""A voice that every customer may use."""
_ID = re.compile(r"[A-Za-z0-9_-]+")


class ElevenLabsVoice(CloudVoice):
    """A voice by its id; without one that in ELEVENLABS_VOICE_ID, else one that is free to use."""

    prefix: ClassVar[str] = "elevenlabs"
    provider: ClassVar[Provider] = ELEVENLABS
    options: ClassVar[frozenset[str]] = frozenset({"model", "language", "base_url", "key_env"})
    default_model: ClassVar[str] = "eleven_flash_v2_5"
    rates: ClassVar[tuple[float, float]] = (0.7, 1.2)

    @staticmethod
    def voices() -> tuple[str, ...]:
        """The one that is free to use; every account has further ones, by their ids."""
        return (SARAH,)

    def _chosen(self, voice: str) -> str:
        chosen = voice or os.environ.get("ELEVENLABS_VOICE_ID") or SARAH
        if not _ID.fullmatch(chosen):
            raise UnknownName(
                f"elevenlabs takes the id of a voice, such as {SARAH}, not '{chosen}'"
            )
        return chosen

    def _client(self, http: httpx.AsyncClient) -> object:
        return self._requests.key()

    async def _speak(
        self, http: httpx.AsyncClient, text: str, rate: float
    ) -> tuple[AudioChunk, Spent]:
        body: dict[str, object] = {"text": text, "model_id": self._model}
        if self._naming.language:
            body["language_code"] = self._naming.language
        if rate != 1.0:
            body["voice_settings"] = {"speed": rate}
        path = f"text-to-speech/{self._voice}"
        wanted = {"output_format": "pcm_24000"}
        answer = await post(self._requests, http, path, params=wanted, json=body)
        sound = sound_of(answer.content, answer.headers.get("content-type", ""))
        return sound, Spent(self.name, characters=len(text))
