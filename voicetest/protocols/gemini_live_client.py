"""The client's end of the Gemini Live API: what a caller says, and what the model's turns mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voicetest.audio.chunk import AudioFormat
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Event,
    Ready,
    ReplyRequested,
    Status,
    Text,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
    UserTurnStarted,
    Warned,
)
from voicetest.protocols.example import json_or_text, quoted
from voicetest.protocols.gemini_live_calls import FunctionCalls
from voicetest.protocols.gemini_live_held import HeldInput
from voicetest.protocols.gemini_live_message import (
    Json,
    blob,
    camel_cased,
    flag,
    items,
    section,
    sound,
    strings,
    text,
    unspoken,
    written,
)
from voicetest.protocols.gemini_live_words import SaidWords
from voicetest.protocols.vocabulary import GEMINI

__all__ = ["GeminiLiveClient"]

_GENERATED = Status("generated")
"""All of an answer was made; its turn ends when it has been heard."""
_UNSPECIFIED = "TURN_COMPLETE_REASON_UNSPECIFIED"
"""No reason; others, such as malformed_function_call, tell of an answer that was given up."""


class GeminiLiveClient:
    """One session as its caller sees it."""

    def __init__(self, automatic: bool, speaks: AudioFormat, hears: AudioFormat) -> None:
        """`automatic`: the model finds the user's turns itself and hears all the time."""
        self._automatic = automatic
        self._formats = (speaks, hears)
        self._in_activity = automatic
        """Whether sound is listened to."""
        self._calls = FunctionCalls()
        self._held = HeldInput()
        self._background = False
        """Set when the model says that it goes on while functions run."""
        self._empty_handed: set[str] = set()
        """The functions of which it was told that they answer nothing."""
        self._model = SaidWords("agent")
        self._user = SaidWords("user")
        self._over = False
        """Set by the end of the model's turn; cleared by the first sign of the next one."""
        self._produced = False
        """Whether anything came in the model's turn; cleared at its end."""
        self._written = ""
        """What the model wrote in its turn instead of speaking; cleared at its end."""
        self._interrupted = False
        """Set when the model's turn was interrupted; cleared at its end."""

    def say(self, event: Event) -> Sequence[Json]:
        """The messages that say `event`."""
        match event:
            case Audio(chunk) if self._in_activity and chunk.data:
                return self._held.sound(_realtime("audio", blob(chunk)), chunk)
            case UserTurnStarted() if not self._in_activity:
                self._in_activity = True
                self._user.renew()
                return self._held.signal(_realtime("activityStart", {}))
            case UserTurnEnded() if self._in_activity:
                self._in_activity = False
                self._expect()
                return self._held.signal(_realtime("activityEnd", {}))
            case Text(said):
                self._expect()
                self._user.renew()
                turn = {"role": "user", "parts": [{"text": said}]}
                return ({"clientContent": {"turns": [turn], "turnComplete": True}},)
            case ReplyRequested():
                self._expect()
                return ({"clientContent": {"turnComplete": True}},)
            case ToolResult():
                return self._answer(event)
            case _:
                return ()

    def _answer(self, result: ToolResult) -> Sequence[Json]:
        """The answer to a call, and what the user said while it was missing."""
        name = self._calls.named(result.id)
        if name and json_or_text(result.content) is None and name not in self._empty_handed:
            self._empty_handed.add(name)
            self._held.warnings.append(
                f"the tool {name} answers nothing: models of Gemini have been seen to call such a "
                "tool again and again; give it something to return, such as {ok: true}"
            )
        given = self._calls.answer(result)
        answers = [{"toolResponse": {"functionResponses": list(given)}}] if given else []
        return (*answers, *self._go_on())

    def _go_on(self) -> Sequence[Json]:
        """What was held back, once no call is unanswered."""
        return () if self._calls.pending else self._held.release()

    def owed(self) -> Sequence[Json]:
        """What follows from what was heard: what the model waits for no more holds nothing up."""
        if self._held.holding and self._background:
            return self._held.release()
        return self._go_on() if self._held.holding else ()

    def hear(self, message: Json) -> Iterator[Event]:
        """What a message of the server means; what has no meaning to a call says nothing."""
        for words in self._held.warnings:
            yield Warned(words)
        self._held.warnings.clear()
        if not any(camel_cased(key) in GEMINI.names for key in message):
            yield from GEMINI.ignored("", message)
        ready = section(message, "setupComplete")
        if ready is not None:
            yield Ready(text(ready, "sessionId"), *self._formats)
        content = section(message, "serverContent") or {}
        yield from self._hear_user(content)
        yield from self._hear_model(content)
        yield from self._called(section(message, "toolCall") or {})
        cancelled = strings(section(message, "toolCallCancellation") or {}, "ids")
        self._calls.cancel(cancelled)
        for call in cancelled:
            yield ToolCancelled(call)
        yield from self._hear_ends(content)
        leaving = section(message, "goAway")
        if leaving is not None:
            left = text(leaving, "timeLeft")
            when = f"in {quoted(left)}" if left else "soon"
            yield Warned(f"the server says that it will end the connection {when}")

    def _hear_user(self, content: Json) -> Iterator[Event]:
        heard = section(content, "inputTranscription")
        if heard is None:
            return
        if self._automatic:
            self._expect()
        self._user.add(text(heard, "text"))
        finished = flag(heard, "finished")
        # Where turns are marked, words that come after the answer began are the rest of its cause.
        answered = not self._in_activity and (self._produced or self._over)
        if finished or answered:
            yield from self._user.tell()
        if finished:
            self._user.renew()

    def _hear_model(self, content: Json) -> Iterator[Event]:
        parts = items(section(content, "modelTurn") or {}, "parts")
        media = [blob for part in parts if (blob := section(part, "inlineData")) is not None]
        chunks = [chunk for each in media if (chunk := sound(each, self._formats[0])) is not None]
        if not chunks:
            yield from unspoken(parts)
            yield from self._read(parts)
        words = text(section(content, "outputTranscription") or {}, "text")
        if chunks:
            self._expect()
        # Words after the end of a turn are the rest of what was said in it.
        late = self._over
        if chunks or (words and not late):
            self._produced = True
            yield from self._user.tell()
        if words:
            self._model.add(words)
            yield TranscriptDelta("agent", words)
        if words and late:
            yield from self._model.tell()
        for chunk in chunks:
            yield Audio(chunk)

    def _read(self, parts: Sequence[Json]) -> Iterator[Event]:
        """Text in the place of sound: the model writes its answer."""
        for words in written(parts):
            self._expect()
            if not self._produced:
                self._produced = True
                yield from self._user.tell()
                yield AgentTurnStarted()
            self._written += words

    def _called(self, calls: Json) -> Iterator[Event]:
        called = items(calls, "functionCalls")
        if not all(text(call, "name") for call in called):
            raise ProtocolError("the peer sent a function call without a name")
        for call in self._calls.asked(called):
            self._held.holding = self._produced = True
            self._background = False
            self._expect()
            yield from self._user.tell()
            yield call

    def _hear_ends(self, content: Json) -> Iterator[Event]:
        if flag(content, "interrupted"):
            self._interrupted = True
            yield from self._model.tell()
            yield Cleared()
        if flag(content, "generationComplete"):
            yield _GENERATED
        # While functions run in the background, turns are complete and the answer is not.
        going_on = text(content, "interactionStatus") == "IN_PROGRESS"
        self._background = self._background or going_on
        if not flag(content, "turnComplete") or going_on:
            return
        # A user who begins to speak after an answer is taken to interrupt it; that ends no turn.
        if self._produced or not self._interrupted:
            yield from self._user.tell() if not self._interrupted else ()
            yield from self._model.tell()
            if self._written.strip():
                yield Transcript("agent", self._written.strip(), written=True)
            why = text(content, "turnCompleteReason")
            said = "" if why == _UNSPECIFIED else why.lower()
            yield AgentTurnEnded("interrupted" if self._interrupted else said)
            self._over = True
            if self._automatic:
                self._user.renew()
        self._produced = self._interrupted = False
        self._written = ""

    def _expect(self) -> None:
        """There is a sign of a new turn of the model: what it says from now on is in it."""
        if self._over:
            self._over = False
            self._model.renew()


def _realtime(kind: str, value: Json) -> Json:
    return {"realtimeInput": {kind: value}}
