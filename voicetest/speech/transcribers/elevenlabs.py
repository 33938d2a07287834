"""Models of ElevenLabs that transcribe."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from voicetest.audio.chunk import AudioChunk
from voicetest.speech.requests import Provider
from voicetest.speech.services.elevenlabs import ELEVENLABS, post
from voicetest.speech.transcribers.answers import read_transcribed
from voicetest.speech.transcribers.cloud import CloudTranscriber, wav_file
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx

__all__ = ["ElevenLabsTranscriber"]


class ElevenLabsTranscriber(CloudTranscriber):
    """Any Scribe model, by its name; it is asked for words only, not for coughs and laughter."""

    prefix: ClassVar[str] = "elevenlabs"
    provider: ClassVar[Provider] = ELEVENLABS
    default_model: ClassVar[str] = "scribe_v2"

    def _client(self, http: httpx.AsyncClient) -> object:
        return self._requests.key()

    async def _hear(self, http: httpx.AsyncClient, audio: AudioChunk) -> tuple[str, Spent]:
        fields = {
            "model_id": self._model,
            "tag_audio_events": "false",
            "timestamps_granularity": "none",
        }
        if self._naming.language:
            fields["language_code"] = self._naming.language
        file = {"file": ("speech.wav", wav_file(audio), "audio/wav")}
        answer = await post(self._requests, http, "speech-to-text", data=fields, files=file)
        heard = read_transcribed(answer.text)
        return heard.text, Spent(self.name, seconds=audio.duration)
