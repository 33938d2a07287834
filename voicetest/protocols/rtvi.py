"""The RTVI messages of Pipecat bots: what a client and a bot tell each other besides the sound.

Facts are those of pipecat-ai 1.14.0, protocol 2.2.0; older names are understood as well. Some of
its messages say the same thing again, and those are left aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from uuid import uuid4

from voicetest.audio.chunk import AudioFormat
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Cleared,
    Dtmf,
    Event,
    Failed,
    Ready,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    Warned,
)
from voicetest.protocols.base import CannotSend, Decoded, End, require
from voicetest.protocols.example import compact, json_or_text
from voicetest.protocols.rtvi_message import Fields, Message, written
from voicetest.protocols.rtvi_output import BotOutput
from voicetest.protocols.vocabulary import RTVI

__all__ = ["FAILURE", "Message", "Rtvi"]

Events: TypeAlias = frozenset[type[Event]]

FAILURE = "rtvi"
"""The code of every Failed: RTVI gives errors no code of their own."""

_VERSION = "2.2.0"
_ABOUT = {"library": "voicetest"}
_FIRST_BOT_OUTPUT = 2
"""The major version from which `bot-output` says how far the bot has spoken its text."""

_FROM_CLIENT: Events = frozenset({Text, Dtmf})
_FROM_BOT: Events = frozenset(
    {
        AgentTurnStarted,
        AgentTurnEnded,
        Cleared,
        Transcript,
        TranscriptDelta,
        ToolCalled,
        ToolResult,
        ToolCancelled,
        Failed,
    }
)
_READY: Events = frozenset({Ready})


class Rtvi:
    """One conversation at one end; a message is the JSON object, however it is carried."""

    def __init__(self, end: End, speaks: AudioFormat, hears: AudioFormat) -> None:
        """`speaks` and `hears` are the formats of the sound that travels beside the messages."""
        self.end = end
        self._formats = (speaks, hears)
        self.sends, self.receives = (
            (_FROM_CLIENT, _FROM_BOT | _READY)
            if end is End.CLIENT
            else (_FROM_BOT, _FROM_CLIENT | _READY)
        )
        self._sent = 0
        """How many messages were numbered."""
        self._output = BotOutput()
        self._old_bot = False
        """Set by a `bot-ready` of version 1, which has no usable `bot-output`."""
        self._says_input = False
        """Set by the first `user-input`: `user-transcription` only repeats what it says."""

    def start(self) -> Sequence[Message]:
        """The client says that it is ready; the bot answers and need not be waited for."""
        if self.end is End.SERVER:
            return ()
        return (written("client-ready", {"version": _VERSION, "about": _ABOUT}, uuid4().hex),)

    def encode(self, event: Event) -> Sequence[Message]:
        """What says `event`; raises CannotSend for an event outside `sends`."""
        require(event, self.sends)
        match event:
            case Text(text):
                options = {"run_immediately": True, "audio_response": True}
                return (self._numbered("send-text", {"content": text, "options": options}),)
            case Dtmf(key):
                return (self._numbered("dtmf", {"buttons": [key]}),)
            case AgentTurnStarted():
                return (written("bot-started-speaking"),)
            case AgentTurnEnded():
                return (written("bot-stopped-speaking"),)
            case Cleared():
                return (written("bot-interrupted"),)
            case Transcript("user", text):
                said = {"text": text, "input_type": "transcription", "timestamp": "", "final": True}
                return (written("user-input", said),)
            case Transcript(_, text):
                return (written("bot-output", self._output.completed(text)),)
            case TranscriptDelta("agent", text):
                return (written("bot-output", self._output.continued(text)),)
            case ToolCalled(call, name, arguments):
                known = {"tool_call_id": call, "function_name": name}
                return (
                    written("llm-function-call-started", {"function_name": name}),
                    written(
                        "llm-function-call-in-progress",
                        known | {"arguments": json_or_text(arguments)},
                    ),
                )
            case ToolResult(call, content):
                ended = {"tool_call_id": call, "cancelled": False, "result": json_or_text(content)}
                return (written("llm-function-call-stopped", ended),)
            case ToolCancelled(call):
                ended = {"tool_call_id": call, "cancelled": True}
                return (written("llm-function-call-stopped", ended),)
            case Failed(_, text, fatal):
                return (written("error", {"error": text, "fatal": fatal}),)
            case _:
                raise CannotSend(f"RTVI has no live words of the user: {event}")

    def decode(self, message: object) -> Decoded[Message]:
        """What `message` means; raises ProtocolError where it lacks what its type must have.

        Messages of no meaning to a call, and those of another label, say nothing.
        """
        fields = Fields.of(message)
        if fields is None:
            return Decoded()
        if self.end is End.CLIENT:
            return Decoded(self._of_bot(fields))
        return self._of_client(fields)

    def _of_client(self, fields: Fields) -> Decoded[Message]:
        match fields.kind:
            case "client-ready":
                said = {"version": _VERSION, "about": _ABOUT}
                reply = written("bot-ready", said, fields.id)
                return Decoded((self._ready(fields),), (reply,))
            case "send-text":
                return Decoded((Text(fields.text("content")),))
            case "dtmf":
                return Decoded(tuple(Dtmf(key) for key in fields.buttons()))
            case _:
                return Decoded()

    def _of_bot(self, fields: Fields) -> tuple[Event, ...]:
        match fields.kind:
            case "bot-ready":
                self._old_bot = _major(fields.data.get("version")) < _FIRST_BOT_OUTPUT
                return (self._ready(fields),)
            case "bot-started-speaking":
                return (AgentTurnStarted(),)
            case "bot-stopped-speaking":
                return (*self._output.cut_short(), AgentTurnEnded())
            case "bot-interrupted":
                return (Cleared(),)
            case "user-input" | "user-transcription":
                return self._of_user(fields)
            case "bot-output" | "bot-transcription" | "bot-tts-text":
                return self._words(fields)
            case "llm-function-call-in-progress" | "llm-function-call":
                # `args` is the name of version 1; what the bot keeps to itself it leaves out.
                arguments = fields.data.get("arguments", fields.data.get("args"))
                known = "{}" if arguments is None else compact(arguments)
                name = str(fields.data.get("function_name") or "")
                return (ToolCalled(fields.text("tool_call_id"), name, known),)
            case "llm-function-call-stopped":
                call = fields.text("tool_call_id")
                if fields.data.get("cancelled") is True:
                    return (ToolCancelled(call),)
                return (ToolResult(call, compact(fields.data.get("result"))),)
            case "error":
                return (Failed(FAILURE, fields.text("error"), fields.data.get("fatal") is True),)
            case "error-response":
                return (Warned(f"the bot refuses a message: {fields.text('error')}"),)
            case _:
                return RTVI.ignored(fields.kind, {"type": fields.kind})

    def _of_user(self, fields: Fields) -> tuple[Event, ...]:
        """What the bot understood; an interim text is no further piece and says nothing."""
        modern = fields.kind == "user-input"
        self._says_input = self._says_input or modern
        repeated = self._says_input and not modern
        # A chat is our own typed text coming back.
        typed = fields.data.get("input_type") == "chat"
        if repeated or typed or fields.data.get("final") is not True:
            return ()
        return (Transcript("user", fields.text("text")),)

    def _words(self, fields: Fields) -> tuple[Event, ...]:
        """The agent's words, from one source: an old bot has no usable `bot-output`."""
        match fields.kind:
            case "bot-output" if not self._old_bot:
                return self._output.read(fields.text("text"), fields.data)
            case "bot-transcription" if self._old_bot:
                return (Transcript("agent", fields.text("text")),)
            case "bot-tts-text" if self._old_bot:
                return (TranscriptDelta("agent", fields.text("text")),)
            case _:
                return ()

    def _ready(self, fields: Fields) -> Ready:
        return Ready(fields.id, *self._formats)

    def _numbered(self, kind: str, data: Message) -> Message:
        self._sent += 1
        return written(kind, data, str(self._sent))


def _major(version: object) -> int:
    first = version.split(".")[0] if isinstance(version, str) else ""
    return int(first) if first.isdecimal() else _FIRST_BOT_OUTPUT
