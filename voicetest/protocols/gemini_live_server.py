"""The server's end of the Gemini Live API: what a model hears, and how it answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voicetest.audio.chunk import AudioChunk, AudioFormat
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    Audio,
    Cleared,
    Event,
    Ready,
    Status,
    Text,
    ToolCalled,
    ToolCancelled,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
    UserTurnStarted,
)
from voicetest.protocols.base import CannotSend
from voicetest.protocols.example import json_or_text, quoted
from voicetest.protocols.gemini_live_content import result, typed
from voicetest.protocols.gemini_live_functions import Unanswered
from voicetest.protocols.gemini_live_message import Json, blob, flag, items, section, sound, text
from voicetest.protocols.gemini_live_names import check_names, is_live_model
from voicetest.protocols.gemini_live_setup import Setup

__all__ = ["INVALID", "POLICY", "GeminiLiveServer"]

INVALID, POLICY = 1007, 1008
"""The codes with which Google closes a session that it does not understand, or does not allow."""

_PIECE_S = 0.1
"""Of the sound in one message; 40 to 200 ms were seen."""
_TOKENS_A_SECOND = 25
"""What Google counts for a second of sound."""
_SILENCE_S = 1.0
"""What the end of the user's stream is to whoever waits for silence."""
_WORD = re.compile(r"\s*\S+|\s+$")
_MARKERS_REFUSED = (
    "Explicit activity control is not supported when automatic activity detection is enabled."
)
_NOT_NOW = "Operation is not implemented, or supported, or enabled."


class GeminiLiveServer:
    """One session as the model sees it; `quirks` are names in `agents/quirks`."""

    def __init__(
        self,
        automatic: bool,
        speaks: AudioFormat,
        hears: AudioFormat,
        quirks: frozenset[str],
        version: str = "v1",
    ) -> None:
        """`version` is that of the API."""
        self.refusal = INVALID
        """The close code for what was refused last."""
        self._formats = (speaks, hears)
        self._quirks = quirks
        self._version = version
        self._unanswered = Unanswered()
        self.setup: Setup | None = None
        """Set by the client's first message."""
        self._usual = Setup(automatic=automatic)
        self._in_activity = False
        """Set between the markers of a user's turn."""
        self._unsaid: list[str] = []
        """Words that go out with the sound that follows."""
        self._said = ""
        """The words of the turn so far; cleared at its end."""
        self._sound_s = 0.0
        """Seconds of sound sent in the turn; cleared at its end."""
        self._open = False
        """Set by the first output of a turn; cleared at its end."""
        self._generated = False
        """Set when all of the turn's output was made; cleared at its end."""
        self._turns = 0
        """How many have ended."""

    @property
    def automatic(self) -> bool:
        """Whether the model finds the user's turns itself."""
        return (self.setup or self._usual).automatic

    def say(self, event: Event) -> Iterator[Json]:
        """The messages that say `event`; raises CannotSend for live words of the user."""
        match event:
            case TranscriptDelta("agent", words):
                self._speak(words)
            case Transcript("agent", words):
                if not self._said:
                    self._speak(words)
            case Transcript("user", words):
                if (self.setup or self._usual).hears_words:
                    yield _content(inputTranscription={"text": words, "finished": True})
            case Audio(chunk) if chunk.data:
                self._open = True
                self._sound_s += chunk.duration
                yield from self._sounds(chunk)
            case ToolCalled(call, name, arguments):
                self._open = True
                yield from self._rest()
                self._unanswered.begin(call)
                called = {"id": call, "name": name, "args": json_or_text(arguments)}
                yield {"toolCall": {"functionCalls": [called]}}
                if "async_tools" in self._quirks:
                    yield _content(turnComplete=True, interactionStatus="IN_PROGRESS")
            case ToolCancelled(call):
                self._unanswered.end(call)
                yield from self._rest()
                yield {"toolCallCancellation": {"ids": [call]}}
            case Cleared():
                yield from self._rest()
                yield _content(interrupted=True)
            case Status():
                yield from self._rest()
                self._generated = True
                yield _content(generationComplete=True)
            case AgentTurnEnded(reason):
                yield from self._end(cut=reason == "interrupted")
            case TranscriptDelta():
                raise CannotSend(f"the Gemini Live API has no such words of the user: {event}")
            case _:
                pass

    def _speak(self, words: str) -> None:
        if not (self.setup or self._usual).speaks_words:
            return
        apart = self._said and not self._said[-1].isspace() and not words[:1].isspace()
        self._said += words
        self._unsaid.append(f" {words}" if apart else words)

    def _sounds(self, chunk: AudioChunk) -> Iterator[Json]:
        """The sound in pieces, with the words spread over them; the first ones in one message."""
        step = round(_PIECE_S * chunk.format.rate) * chunk.format.frame_bytes
        starts = range(0, len(chunk.data), step)
        words: Sequence[str] = ()
        if "late_transcripts" not in self._quirks:
            words = _WORD.findall("".join(self._unsaid)) if len(starts) > 1 else self._unsaid
            self._unsaid = []
        for number, start in enumerate(starts):
            piece = AudioChunk(chunk.data[start : start + step], chunk.format)
            turn = {"role": "model", "parts": [{"inlineData": blob(piece)}]}
            here = "".join(_share(words, number, len(starts)))
            if not here:
                yield _content(modelTurn=turn)
            elif number == 0:
                yield _content(modelTurn=turn, outputTranscription={"text": here})
            else:
                yield _content(modelTurn=turn)
                yield _content(outputTranscription={"text": here})

    def _rest(self) -> Iterator[Json]:
        """Words that no sound followed."""
        if "late_transcripts" not in self._quirks:
            yield from self._late()

    def _late(self) -> Iterator[Json]:
        words, self._unsaid = self._unsaid, []
        for each in words:
            yield _content(outputTranscription={"text": each})

    def _end(self, cut: bool) -> Iterator[Json]:
        yield from self._rest()
        if not cut and not self._generated:
            yield _content(generationComplete=True)
        tokens = round(self._sound_s * _TOKENS_A_SECOND)
        usage = {"responseTokenCount": tokens, "totalTokenCount": tokens}
        status = {"interactionStatus": "IDLE"} if "async_tools" in self._quirks else {}
        yield {**_content(turnComplete=True, **status), "usageMetadata": usage}
        yield from self._late()
        self._open = self._generated = False
        self._said, self._sound_s = "", 0.0
        self._turns += 1

    def hear(self, message: Json) -> tuple[Sequence[Event], Sequence[Json]]:
        """What a message of the client means, and what it is answered with at once.

        Raises ProtocolError for what ends the session, with the code in `refusal`.
        """
        check_names(message)
        asked = section(message, "setup")
        if self.setup is None:
            if asked is None:
                raise ProtocolError("the first message has to be setup")
            self.setup = self._serving(Setup.read(asked))
            return (Ready("", *self._formats),), ({"setupComplete": {}},)
        if asked is not None:
            raise ProtocolError("setup can be sent only once, as the first message")
        live = section(message, "realtimeInput")
        if live is not None:
            return self._hear_live(live)
        content = section(message, "clientContent")
        if content is not None:
            return typed(content), ()
        given = items(section(message, "toolResponse") or {}, "functionResponses")
        for each in given:
            self._unanswered.end(text(each, "id"))
        return tuple(result(each) for each in given), ()

    def _serving(self, setup: Setup) -> Setup:
        """The same, if there is such a model."""
        if is_live_model(setup.model):
            return setup
        self.refusal = POLICY
        shown = quoted(setup.model)[1:-1]
        words = f"{shown} is not found for API version {self._version}, or is not supported for "
        raise ProtocolError(f"{words}bidiGenerateContent.")

    def _hear_live(self, live: Json) -> tuple[Sequence[Event], Sequence[Json]]:
        started, ended = section(live, "activityStart"), section(live, "activityEnd")
        if self.automatic and (started is not None or ended is not None):
            raise ProtocolError(_MARKERS_REFUSED)
        if started is not None:
            self._in_activity = True
            return (UserTurnStarted(),), self._falsely_interrupted()
        if ended is not None:
            self._in_activity = False
            return (UserTurnEnded(),), ()
        words = text(live, "text")
        if words:
            return (Text(words),), ()
        if not (self.automatic or self._in_activity):
            return (), ()
        if flag(live, "audioStreamEnd"):
            wire = self._formats[1]
            silence = bytes(round(_SILENCE_S * wire.rate) * wire.frame_bytes)
            return (Audio(AudioChunk(silence, wire)),), ()
        media = [each for name in ("audio", "mediaChunks") for each in items(live, name)]
        found = (sound(each, self._formats[1]) for each in media)
        chunks = [chunk for chunk in found if chunk is not None]
        unheld = self._unanswered.hear(sum(chunk.duration for chunk in chunks))
        if unheld and "tool_input_refused" in self._quirks:
            self.refusal = POLICY
            raise ProtocolError(_NOT_NOW)
        return tuple(Audio(chunk) for chunk in chunks), ()

    def _falsely_interrupted(self) -> Sequence[Json]:
        if "spurious_interruption" not in self._quirks or self._open or not self._turns:
            return ()
        return (_content(interrupted=True), _content(turnComplete=True))


def _content(**fields: object) -> Json:
    return {"serverContent": fields}


def _share(words: Sequence[str], number: int, pieces: int) -> Sequence[str]:
    """Which of the words go with that piece of sound, if they are spread evenly."""
    return words[len(words) * number // pieces : len(words) * (number + 1) // pieces]
