"""Calls of Vapi over a WebSocket: sound in binary messages, what happens in JSON.

Wire facts: Vapi's OpenAPI description of 2026-08 and its SDK 1.9.0, `ClientMessage*` (what the
platform says) and `ClientInboundMessage*` (what it is told).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    Event,
    Hangup,
    Ignored,
    Party,
    Status,
    Text,
    ToolCalled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    Warned,
)
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.example import compact, object_in, parse_object, quoted
from voicetest.protocols.framing import Framing
from voicetest.protocols.shape import shape_of
from voicetest.protocols.vapi_message import (
    A_REASON,
    ASSISTANT_ENDED,
    BY_DEFAULT,
    CUSTOMER_ENDED,
    MEANT,
    NEEDED,
    PARTIES,
    ROLES,
    Json,
    given_arguments,
    object_of,
    objects_of,
    text_of,
    tool_result,
    transcript,
)
from voicetest.protocols.vocabulary import VAPI

__all__ = ["WIDE", "Vapi"]

Message: TypeAlias = bytes | str
Events: TypeAlias = frozenset[type[Event]]

WIDE = AudioFormat(Encoding.PCM16, 16_000)
"""What a call is in unless it asks for something else."""

_ENDED = "ended"
_STOPPED = ("stopped", "done")
_EPOCH_MS = 1_760_000_000_000
"""Where a simulated platform's timestamps begin: the same call has the same ones."""

_FROM_CLIENT: Events = frozenset({Audio, Text, Hangup})
_FROM_PLATFORM: Events = frozenset(
    {
        Audio,
        AgentTurnStarted,
        AgentTurnEnded,
        TranscriptDelta,
        Transcript,
        Cleared,
        ToolCalled,
        ToolResult,
        Status,
        Hangup,
    }
)


class Vapi:
    """One call at one end.

    Tools are answered by the assistant's own server, so their results are heard and never sent.
    """

    continuous = True
    hears_between_turns = True

    def __init__(
        self,
        end: End,
        wire: AudioFormat = WIDE,
        listed: Collection[str] = NEEDED + BY_DEFAULT,
        *,
        paced: bool = False,
    ) -> None:
        """`listed` are the `clientMessages` of the assistant; the platform sends no others.

        Sound may come in bursts, so it is played in order, as it is unless `paced`.
        """
        self.end = end
        self.paced = paced
        self.jitter_s = 0.0 if paced else 0.06
        self.speaks = self.hears = wire
        self.sends, self.receives = (
            (_FROM_CLIENT, _FROM_PLATFORM) if end is End.CLIENT else (_FROM_PLATFORM, _FROM_CLIENT)
        )
        self.ended_reason = ""
        """Why the call ended, set at the platform's end by whoever says so first."""
        self._listed = frozenset(listed)
        self._framing = Framing(wire)
        self._so_far: dict[Party, str] = {"agent": "", "user": ""}
        """What the partial transcripts have said; emptied by the final one and by a new turn."""
        self._history: list[dict[str, str]] = []
        """The conversation as the platform's end has told it."""
        self._turns = 0
        """How many turns of the agent the platform's end has begun."""
        self._tools: dict[str, str] = {}
        """The names of the tools that the platform's end has called, by call."""
        self._heard_bytes = 0
        self._hung = False
        """Set when it was said that the assistant hangs."""
        self._legacy_calls = 0
        """How many function calls came without a name of their own."""

    def start(self) -> Sequence[Message]:
        """Nothing: the call was set up before."""
        return ()

    def encode(self, event: Event) -> Sequence[Message]:
        """The messages that say `event`; raises CannotSend for an event outside `sends`."""
        require(event, self.sends)
        match event:
            case Audio(chunk):
                return (chunk.data,) if chunk.data else ()
            case Hangup(reason=reason) if self.end is End.SERVER:
                return self._written(self._ending(reason))
            case Hangup():
                return (compact({"type": "end-call"}),)
            case Text(text):
                said = {"role": "user", "content": text}
                message = {"type": "add-message", "message": said, "triggerResponseEnabled": True}
                return (compact(message),)
            case _:
                return self._written(*self._told(event))

    def decode(self, message: Message) -> Decoded[Message]:
        """What one message means; messages of other types say nothing.

        Raises ProtocolError for one that lacks what it must have; the platform only takes no notice
        of it.
        """
        if self.end is End.CLIENT:
            return self._decoded(message)
        try:
            return self._decoded(message)
        except ProtocolError as error:
            return Decoded((Warned(str(error)),))

    def _decoded(self, message: Message) -> Decoded[Message]:
        fields = object_in(message) if isinstance(message, bytes) else parse_object(message)
        if isinstance(message, bytes) and fields is None:
            self._heard_bytes += len(message)
            chunk = self._framing.join(message)
            return Decoded() if chunk is None else Decoded((Audio(chunk),))
        fields = fields or {}
        inner = fields.get("message")
        if "type" not in fields and isinstance(inner, dict):
            fields = inner
        kind = fields.get("type")
        if not isinstance(kind, str):
            return Decoded((Ignored(shape_of(fields), "have no type"),))
        said = self._of_platform if self.end is End.CLIENT else self._of_client
        return Decoded(tuple(said(kind, fields)))

    def _of_platform(self, kind: str, fields: Json) -> Iterator[Event]:
        match kind:
            case "speech-update":
                yield from self._speech(text_of(fields, "status"), text_of(fields, "role"))
            case "transcript":
                final = text_of(fields, "transcriptType") == "final"
                yield from self._words(fields, final=final)
            case 'transcript[transcriptType="final"]':  # where no partial ones are sent
                yield from self._words(fields, final=True)
            case "user-interrupted":
                self._so_far["agent"] = ""
                yield Cleared()
            case "tool-calls":
                for call in objects_of(fields, "toolCallList"):
                    # Calls have been seen whose name and arguments stand at the top.
                    top = "name" in call and "function" not in call
                    function = call if top else object_of(call, "function")
                    yield ToolCalled(
                        text_of(call, "id"), text_of(function, "name"), given_arguments(function)
                    )
            case "function-call":
                self._legacy_calls += 1
                called = object_of(fields, "functionCall")
                arguments = compact(called.get("parameters") or {})
                name = text_of(called, "name")
                yield ToolCalled(f"function-call-{self._legacy_calls}", name, arguments)
            case "tool-calls-result":
                yield tool_result(object_of(fields, "toolCallResult"))
            case "status-update":
                yield self._status(text_of(fields, "status"), fields.get("endedReason"))
            case "hang" if not self._hung:
                self._hung = True
                yield Warned("Vapi says that the assistant hangs: a model, voice or tool is slow")
            case _:
                yield from VAPI.ignored(kind, fields)

    def _speech(self, status: str, role: str) -> Iterator[Event]:
        if role != ROLES["agent"]:
            return
        if status == "started":
            self._so_far["agent"] = ""
            yield AgentTurnStarted()
        elif status in _STOPPED:
            yield AgentTurnEnded()

    def _words(self, fields: Json, *, final: bool) -> Iterator[Event]:
        """A final text, or what a partial one adds; one that corrects another adds nothing."""
        by = PARTIES.get(text_of(fields, "role"))
        text = text_of(fields, "transcript")
        if by is None:
            return
        if final:
            self._so_far[by] = ""
            yield Transcript(by, text)
            return
        before = self._so_far[by]
        if text != before and text.startswith(before):
            self._so_far[by] = text
            yield TranscriptDelta(by, text[len(before) :])

    def _status(self, status: str, reason: object) -> Event:
        if status != _ENDED:
            return Status(status)
        why = reason if isinstance(reason, str) else ""
        return Hangup(reason=why, normal=not why or why.startswith(MEANT))

    def _of_client(self, kind: str, fields: Json) -> Iterator[Event]:
        match kind:
            case "end-call" | "hangup":  # the latter until 2025
                self.ended_reason = self.ended_reason or CUSTOMER_ENDED
                yield Hangup()
            case "add-message":
                said = object_of(fields, "message")
                wanted = fields.get("triggerResponseEnabled") is not False
                if wanted and text_of(said, "role") == "user":
                    yield Text(text_of(said, "content"))
            case _:
                yield Warned(f"nothing is done for a message of type {quoted(kind)}")

    def _told(self, event: Event) -> Iterator[Json]:
        match event:
            case AgentTurnStarted():
                self._so_far["agent"] = ""
                self._turns += 1
                yield self._speaking("started")
            case AgentTurnEnded():
                yield self._speaking("stopped")
            case TranscriptDelta(by, text):
                self._so_far[by] += text
                yield transcript(by, self._so_far[by], "partial")
            case Transcript(by, text):
                self._so_far[by] = ""
                self._history.append({"role": ROLES[by], "content": text})
                yield transcript(by, text, "final")
                yield {"type": "conversation-update", "messagesOpenAIFormatted": self._history}
            case Cleared():
                self._so_far["agent"] = ""
                yield {"type": "user-interrupted"}
            case ToolCalled(call, name, arguments):
                self._tools[call] = name
                function = {"name": name, "arguments": arguments}
                tool = {"id": call, "type": "function", "function": function}
                known = {"type": "function", "function": {"name": name}, "toolCall": tool}
                yield {
                    "type": "tool-calls",
                    "toolCallList": [tool],
                    "toolWithToolCallList": [known],
                }
            case ToolResult(call, content, failed):
                told = {"toolCallId": call, "error" if failed else "result": content}
                yield {
                    "type": "tool-calls-result",
                    "toolCallResult": {"name": self._tools.get(call, ""), **told},
                }
            case Status(text):
                yield {"type": "status-update", "status": text}
            case _:
                pass

    def _speaking(self, status: str) -> Json:
        turn = max(self._turns - 1, 0)
        return {"type": "speech-update", "status": status, "role": "assistant", "turn": turn}

    def _ending(self, reason: str) -> Json:
        """The last word of a call; what is none of Vapi's reasons is the assistant's doing."""
        known = reason if not reason or A_REASON.fullmatch(reason) else ASSISTANT_ENDED
        self.ended_reason = self.ended_reason or known or ASSISTANT_ENDED
        ended = {"type": "status-update", "status": _ENDED}
        return ended | {"endedReason": known} if known else ended

    def _written(self, *messages: Json) -> Sequence[Message]:
        # The user's sound never ceases, so how much of it was heard is the time of the call.
        wire = self.hears
        elapsed_ms = self._heard_bytes * 1000 // (wire.rate * wire.frame_bytes)
        return tuple(
            compact({**message, "timestamp": _EPOCH_MS + elapsed_ms})
            for message in messages
            if message["type"] in self._listed
        )
