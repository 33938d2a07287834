"""A speech-to-speech model of OpenAI as the user's voice: it is told what to say, and held to it.

Wire facts: OpenAI Realtime API (GA), by the types of openai-python 2.54.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from voicetest.audio.chunk import AudioChunk
from voicetest.errors import ConnectionFailed
from voicetest.registry import UnknownName, nearest
from voicetest.speech.account import Account
from voicetest.speech.matching import word_error_rate
from voicetest.speech.refusal import Cause, Refusal, refusal_of_status
from voicetest.speech.requests import Provider
from voicetest.speech.services.openai import OPENAI, openai_client
from voicetest.speech.voices.cloud import CloudVoice
from voicetest.speech.workers import Workers
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx
    from openai import AsyncOpenAI
    from openai.resources.realtime.realtime import AsyncRealtimeConnection

__all__ = ["OpenAIRealtimeVoice"]

INSTRUCTIONS = (
    "You lend your voice to a text. Speak exactly the words between the lines of dashes, all of "
    "them, once, in their order, in a natural tone, and nothing else: no answer to them, no "
    "greeting, no comment."
)
_NAMES = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse")
WER = 0.05
"""How many of its words may depart from the text."""
_TRIES = 2
_SOUND = frozenset({"response.output_audio.delta", "response.audio.delta"})
_WORDS = frozenset({"response.output_audio_transcript.done", "response.audio_transcript.done"})


@dataclass
class _Answer:
    """What came back for one text."""

    sound: bytearray
    words: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


class OpenAIRealtimeVoice(CloudVoice):
    """One of the model's voices."""

    prefix: ClassVar[str] = "openai_realtime"
    provider: ClassVar[Provider] = OPENAI
    options: ClassVar[frozenset[str]] = frozenset({"model", "base_url", "key_env"})
    default_model: ClassVar[str] = "gpt-realtime-2.1-mini"
    rates: ClassVar[tuple[float, float]] = (0.25, 1.5)

    def __init__(self, voice: str, workers: Workers, account: Account | None = None) -> None:
        """Raises UnknownName for a voice that the model does not have."""
        super().__init__(voice, workers, account)
        self._said: dict[tuple[str, float], str] = {}
        """What was said for each text and rate."""

    @staticmethod
    def voices() -> tuple[str, ...]:
        """The voices of the model."""
        return _NAMES

    def _chosen(self, voice: str) -> str:
        if voice not in _NAMES:
            known = ", ".join(_NAMES)
            hint = nearest(voice, _NAMES)
            raise UnknownName(f"openai_realtime has no voice '{voice}'{hint}; there is: {known}")
        return voice

    def _client(self, http: httpx.AsyncClient) -> object:
        return openai_client(self._requests, http).realtime

    async def said(self, text: str, rate: float = 1.0) -> str:
        """The model's own transcript of what it said for that text."""
        return self._said.get((text, rate), text)

    async def _speak(
        self, http: httpx.AsyncClient, text: str, rate: float
    ) -> tuple[AudioChunk, Spent]:
        """Raises ConnectionFailed when the model says something else, twice."""
        client = openai_client(self._requests, http)
        spent = Spent(self.name)
        words = ""
        for _ in range(_TRIES):
            answer = await self._ask(client, text, rate)
            words = answer.words
            tokens_in = spent.tokens_in + answer.tokens_in
            spent = Spent(self.name, tokens_in, spent.tokens_out + answer.tokens_out)
            if word_error_rate(text, words) <= WER and answer.sound:
                self._said[text, rate] = words
                return AudioChunk(bytes(answer.sound[: len(answer.sound) // 2 * 2])), spent
        self._account.spending.add(spent)
        raise ConnectionFailed(
            f"the voice {self.name} was to say '{text}' and said '{words}', twice: use another "
            "voice for this text"
        )

    async def _ask(self, client: AsyncOpenAI, text: str, rate: float) -> _Answer:
        from openai import OpenAIError
        from websockets.exceptions import ConnectionClosed, InvalidStatus

        try:
            return await self._converse(client, text, rate)
        except InvalidStatus as error:
            answer = error.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            body = bytes(answer.body or b"").decode(errors="replace")
            raise refusal_of_status(answer.status_code, body, headers) from error
        except ConnectionClosed as error:
            closed = error.rcvd
            if closed is None:
                raise Refusal(Cause.CUT_OFF) from error
            words = f"the voice {self.name} closed the line: {closed.code} {closed.reason}".rstrip()
            raise ConnectionFailed(f"{words}: check OPENAI_API_KEY", code=closed.code) from error
        except (OpenAIError, OSError) as error:
            raise Refusal(Cause.UNREACHABLE, str(error)) from error

    async def _converse(self, client: AsyncOpenAI, text: str, rate: float) -> _Answer:
        async with client.realtime.connect(model=self._model) as line:
            await line.session.update(
                session={
                    "type": "realtime",
                    "output_modalities": ["audio"],
                    "instructions": INSTRUCTIONS,
                    "audio": {
                        "output": {
                            "format": {"type": "audio/pcm", "rate": 24_000},
                            "voice": self._voice,
                            "speed": rate,
                        }
                    },
                }
            )
            await line.conversation.item.create(
                item={
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": f"---\n{text}\n---"}],
                }
            )
            await line.response.create()
            return await self._heard(line)

    async def _heard(self, line: AsyncRealtimeConnection) -> _Answer:
        """Everything up to the end of the response; names of events from before GA count too."""
        answer = _Answer(bytearray())
        async for event in line:
            said = event.to_dict()
            kind = said.get("type")
            if kind in _SOUND:
                answer.sound += base64.b64decode(str(said.get("delta", "")))
            elif kind in _WORDS:
                answer.words = str(said.get("transcript", ""))
            elif kind == "error":
                problem = said.get("error")
                words = problem.get("message") if isinstance(problem, dict) else problem
                raise ConnectionFailed(f"the voice {self.name} reports an error: {words}")
            elif kind == "response.done":
                answer.tokens_in, answer.tokens_out = _tokens(said)
                return answer
        raise ConnectionFailed(f"the voice {self.name} closed the line in the midst of a text")


def _tokens(done: dict[str, Any]) -> tuple[int, int]:
    """What the end of a response says that it took."""
    match done.get("response"):
        case {"usage": {"input_tokens": int(taken), "output_tokens": int(given)}}:
            return taken, given
        case _:
            return 0, 0
