"""Models of OpenAI that transcribe, and servers that copy their interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from voicetest.audio.chunk import AudioChunk
from voicetest.speech.requests import Provider
from voicetest.speech.services.openai import OPENAI, openai_client, openai_errors
from voicetest.speech.transcribers.answers import Usage, read_transcribed
from voicetest.speech.transcribers.cloud import CloudTranscriber, wav_file
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx

__all__ = ["OpenAITranscriber"]


class OpenAITranscriber(CloudTranscriber):
    """Any model of the transcription endpoint, by its name."""

    prefix: ClassVar[str] = "openai"
    provider: ClassVar[Provider] = OPENAI
    default_model: ClassVar[str] = "gpt-transcribe"

    def _client(self, http: httpx.AsyncClient) -> object:
        return openai_client(self._requests, http).audio.transcriptions

    async def _hear(self, http: httpx.AsyncClient, audio: AudioChunk) -> tuple[str, Spent]:
        from openai import omit

        client = openai_client(self._requests, http)
        with openai_errors():
            answer = await client.audio.transcriptions.with_raw_response.create(
                model=self._model,
                file=("speech.wav", wav_file(audio), "audio/wav"),
                response_format="json",
                language=self._naming.language or omit,
            )
        heard = read_transcribed(answer.http_response.text)
        usage = heard.usage or Usage()
        seconds = usage.seconds or audio.duration
        return heard.text, Spent(
            self.name, usage.input_tokens, usage.output_tokens, seconds=seconds
        )
