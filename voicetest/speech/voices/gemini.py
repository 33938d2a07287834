"""Voices of Google's Gemini models that speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from voicetest.audio.chunk import AudioChunk
from voicetest.registry import UnknownName, nearest
from voicetest.speech.refusal import Cause, Refusal
from voicetest.speech.requests import Provider
from voicetest.speech.services.gemini import GEMINI, gemini_client, gemini_ready, generate, tokens
from voicetest.speech.voices.cloud import CloudVoice
from voicetest.speech.voices.sound import sound_of
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx

__all__ = ["GeminiVoice"]

_NAMES = (
    *("Achernar", "Achird", "Algenib", "Algieba", "Alnilam", "Aoede", "Autonoe", "Callirrhoe"),
    *("Charon", "Despina", "Enceladus", "Erinome", "Fenrir", "Gacrux", "Iapetus", "Kore"),
    *("Laomedeia", "Leda", "Orus", "Puck", "Pulcherrima", "Rasalgethi", "Sadachbia"),
    *("Sadaltager", "Schedar", "Sulafat", "Umbriel", "Vindemiatrix", "Zephyr", "Zubenelgenubi"),
)
_OWN = "voice_"
"""How the id of a voice begins that a customer has made."""


class GeminiVoice(CloudVoice):
    """A prebuilt voice; how fast it speaks can be put into its instructions only.

    The text is what is read, to the letter; instructions go beside it as its style
    (Gemini 3.8 TTS, which the earlier models do not understand).
    """

    prefix: ClassVar[str] = "gemini"
    provider: ClassVar[Provider] = GEMINI
    options: ClassVar[frozenset[str]] = frozenset(
        {"model", "language", "instructions", "base_url", "key_env"}
    )
    default_model: ClassVar[str] = "gemini-3.8-flash-lite-tts"
    rates: ClassVar[tuple[float, float]] = (1.0, 1.0)

    @staticmethod
    def voices() -> tuple[str, ...]:
        """The prebuilt voices."""
        return _NAMES

    def _chosen(self, voice: str) -> str:
        if voice not in _NAMES and not voice.startswith(_OWN):
            known = ", ".join(_NAMES)
            raise UnknownName(
                f"gemini has no voice '{voice}'{nearest(voice, _NAMES)}; there is: {known}"
            )
        return voice

    def _client(self, http: httpx.AsyncClient) -> object:
        return gemini_ready(self._requests, http)

    async def _speak(
        self, http: httpx.AsyncClient, text: str, rate: float
    ) -> tuple[AudioChunk, Spent]:
        from google.genai.types import (
            GenerateContentConfig,
            Modality,
            Part,
            SpeechConfig,
            SpeechMetadata,
            VoiceConfig,
        )

        style = self._naming.instructions
        part = Part(text=text, speech_metadata=SpeechMetadata(style=style) if style else None)
        config = GenerateContentConfig(
            response_modalities=[Modality.AUDIO],
            speech_config=SpeechConfig(
                voice_config=VoiceConfig(voice=self._voice),
                language_code=self._naming.language or None,
            ),
        )
        answer = await generate(gemini_client(self._requests, http), self._model, part, config)
        blobs = [piece.inline_data for piece in answer.parts or () if piece.inline_data]
        if not blobs:
            raise Refusal(Cause.BROKEN, "no sound came")
        data = b"".join(blob.data or b"" for blob in blobs)
        return sound_of(data, blobs[0].mime_type or ""), tokens(self.name, answer)
