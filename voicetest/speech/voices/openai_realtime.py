"""A speech-to-speech model of OpenAI as the user's voice: it is told what to say, and held to it.

Wire facts: OpenAI Realtime API (GA), by the types of openai-python 2.54.
"""

from __future__ import annotations

import asyncio
import base64
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicetest.audio.chunk import AudioChunk
from voicetest.errors import ConnectionFailed, SetupError
from voicetest.registry import UnknownName, nearest
from voicetest.speech.account import Account
from voicetest.speech.matching import word_error_rate
from voicetest.speech.voices.base import UnspeakableText
from voicetest.speech.workers import Workers

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.resources.realtime.realtime import AsyncRealtimeConnection

__all__ = ["OpenAIRealtimeVoice"]

MODEL = "gpt-realtime-2.1-mini"
INSTRUCTIONS = (
    "You lend your voice to a text. Speak exactly the words between the lines of dashes, all of "
    "them, once, in their order, in a natural tone, and nothing else: no answer to them, no "
    "greeting, no comment."
)
_NAMES = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse")
_SLOWEST, _FASTEST = 0.25, 1.5
LIMIT_S = 60.0
"""For one text, from dialling to its last sample."""
WER = 0.05
"""How many of its words may depart from the text."""
_TRIES = 2
_SOUND = frozenset({"response.output_audio.delta", "response.audio.delta"})
_WORDS = frozenset({"response.output_audio_transcript.done", "response.audio_transcript.done"})
OURS = 1
"""Our part of a voice's identity; raise it when another text is asked of the model."""


@dataclass
class _Answer:
    """What came back for one text."""

    sound: bytearray
    words: str = ""


class OpenAIRealtimeVoice:
    """One of the model's voices; the same text is not the same sound twice, so it is kept."""

    local = False

    def __init__(self, voice: str, workers: Workers, account: Account | None = None) -> None:
        """Raises UnknownName for a voice that the model does not have."""
        if voice not in _NAMES:
            known = ", ".join(_NAMES)
            hint = nearest(voice, _NAMES)
            raise UnknownName(f"openai_realtime has no voice '{voice}'{hint}; there is: {known}")
        self._voice = voice
        self._said: dict[tuple[str, float], str] = {}
        """What was said for each text and rate."""

    @property
    def name(self) -> str:
        """`openai_realtime/` and the voice."""
        return f"openai_realtime/{self._voice}"

    @property
    def identity(self) -> str:
        """Voice, model and what it is told."""
        return f"{self.name} {MODEL} {OURS}"

    @staticmethod
    def voices() -> tuple[str, ...]:
        """The voices of the model."""
        return _NAMES

    async def prepare(self) -> None:
        """Nothing can be done ahead of a text."""

    async def synthesise(self, text: str, rate: float = 1.0) -> AudioChunk:
        """The text as the model says it; `rate` is 0.25 to 1.5.

        Raises SetupError without OPENAI_API_KEY, and ConnectionFailed when the model cannot be
        reached or says something else, twice.
        """
        if not _SLOWEST <= rate <= _FASTEST:
            bounds = f"{_SLOWEST:g} to {_FASTEST:g}"
            raise UnspeakableText(f"{self.name} speaks at a rate of {bounds}, not {rate:g}")
        if not os.environ.get("OPENAI_API_KEY"):
            raise SetupError(f"the voice {self.name} needs OPENAI_API_KEY in the environment")
        words = ""
        for _ in range(_TRIES):
            answer = await self._ask(text, rate)
            words = answer.words
            if word_error_rate(text, words) <= WER and answer.sound:
                self._said[text, rate] = words
                return AudioChunk(bytes(answer.sound[: len(answer.sound) // 2 * 2]))
        raise ConnectionFailed(
            f"the voice {self.name} was to say '{text}' and said '{words}', twice: use another "
            "voice for this text"
        )

    async def said(self, text: str, rate: float = 1.0) -> str:
        """The model's own transcript of what it said for that text."""
        return self._said.get((text, rate), text)

    async def _ask(self, text: str, rate: float) -> _Answer:
        from openai import AsyncOpenAI, OpenAIError
        from websockets.exceptions import ConnectionClosed, InvalidStatus

        try:
            async with asyncio.timeout(LIMIT_S), AsyncOpenAI() as client:
                return await self._converse(client, text, rate)
        except TimeoutError as error:
            message = f"the voice {self.name} was not done within {LIMIT_S:g} s: try again later"
            raise ConnectionFailed(message) from error
        except InvalidStatus as error:
            status = error.response.status_code
            message = f"the voice {self.name} answered HTTP {status}: {_advice(status)}"
            raise ConnectionFailed(message, code=status) from error
        except ConnectionClosed as error:
            closed = error.rcvd
            code, reason = (closed.code, closed.reason) if closed else (1006, "")
            words = f"the voice {self.name} closed the line: {code} {reason}".rstrip()
            raise ConnectionFailed(f"{words}: check OPENAI_API_KEY", code=code) from error
        except (OpenAIError, OSError) as error:
            raise ConnectionFailed(f"the voice {self.name} cannot be reached: {error}") from error

    async def _converse(self, client: AsyncOpenAI, text: str, rate: float) -> _Answer:
        async with client.realtime.connect(model=MODEL) as line:
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
                return answer
        raise ConnectionFailed(f"the voice {self.name} closed the line in the midst of a text")


def _advice(status: int) -> str:
    match status:
        case 401 | 403:
            return "check OPENAI_API_KEY and what it may use"
        case 404:
            return f"check that the key may use the model {MODEL}"
        case 429:
            return "it is used too much, or its quota is used up: try again later"
        case _:
            return "try again later"
