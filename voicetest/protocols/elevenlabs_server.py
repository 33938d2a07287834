"""The agent's end of an ElevenLabs conversation, for simulators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import uuid4

from voicetest.audio.chunk import AudioChunk, AudioFormat
from voicetest.errors import ProtocolError
from voicetest.events import (
    Audio,
    Cleared,
    Event,
    Failed,
    Ready,
    ToolCalled,
    Transcript,
    UserTurnEnded,
)
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.elevenlabs_input import meaning
from voicetest.protocols.elevenlabs_messages import (
    END_CALL,
    FROM_AGENT,
    INITIATION,
    METADATA,
    PAYLOADS,
    USUAL,
    Payload,
    TurnCommit,
    from_user,
    silence,
    sound,
    wire_name,
)
from voicetest.protocols.example import compact, json_or_text, parse_object
from voicetest.protocols.words import sound_text

__all__ = ["INVALID_MESSAGE", "ElevenLabsServer"]

Message: TypeAlias = bytes | str
Events: TypeAlias = frozenset[type[Event]]

INVALID_MESSAGE = "invalid_message"
"""What the platform calls a message that it cannot read."""
_LONGEST_CHUNK_S = 0.5
_PIECE_S = 0.02
"""Sound that comes all at once is heard in pieces as long as those of a microphone."""
_CLOSE_CODES = {INVALID_MESSAGE: 1008, "override_error": 1008, "transport_receive_timeout": 1002}


class ElevenLabsServer:
    """One conversation; its quirks are those of `agents/quirks` that can be seen on the wire."""

    end = End.SERVER
    paced = False
    jitter_s = 0.0

    def __init__(
        self,
        commit: TurnCommit = TurnCommit.AUDIO,
        tail_bytes: int = 16_000,
        *,
        speaks: AudioFormat = USUAL,
        hears: AudioFormat = USUAL,
        quirks: frozenset[str] = frozenset(),
    ) -> None:
        """`tail_bytes` of silence are the end of a turn where silence commits it."""
        self.speaks = speaks
        self.hears = hears
        self.sends: Events = FROM_AGENT
        self.receives: Events = from_user(commit) | {Ready}
        self.continuous = commit is TurnCommit.AUDIO
        self.hears_between_turns = commit is TurnCommit.AUDIO
        self.complaint = INVALID_MESSAGE
        """The platform's name for the message that was refused; set with each refusal."""
        self.failure: tuple[int, str] | None = None
        """The code and the reason with which the connection is to be closed; set by each error."""
        self.inputs = 0
        """Messages that came, but for answers to pings."""
        self.user_s = 0.0
        """Seconds of the user's sound that came."""
        self.initiated = False
        """Set by the initiation; a conversation can begin without."""
        self.first_message: str | None = None
        """What the agent shall greet with instead; set by the initiation."""
        self._tail = silence(tail_bytes, hears) if commit is TurnCommit.SILENCE else None
        self._quirks = quirks
        self._open = False
        """Set by the first message, whatever it is."""
        self._commits = 0
        """Turns that silence has ended."""
        self._pings = 0
        self._events = 0
        """The number of the last event."""
        self._response = 0
        """The event of the last response."""
        self._speaking = False
        """Whether further sound belongs to it; cleared when it is interrupted."""
        self._words = ""
        """Its text."""
        self._heard: float | None = None
        """How much of it was heard, from 0 to 1; set by `heard`."""
        self._late: Sequence[Message] = ()
        """A correction that waits for the next response."""

    def start(self) -> Sequence[Message]:
        """Nothing: the metadata answer the client's first message."""
        return ()

    def ping(self) -> Sequence[Message]:
        """The next question whether anybody is there; none before the conversation is open."""
        if not self._open:
            return ()
        self._pings += 1
        return (self._message("ping", {"ping_ms": None}, self._pings),)

    def heard(self, share: float) -> None:
        """So much of the response was heard, from 0 to 1: corrections are made from it."""
        self._heard = share

    def encode(self, event: Event) -> Sequence[Message]:
        """The messages that say `event`; raises CannotSend for an event outside `sends`."""
        require(event, self.sends)
        match event:
            case Audio(chunk):
                return self._sound(chunk)
            case Transcript("user", text):
                self._events += 1
                said = {"user_transcript": text}
                return (self._message("user_transcript", said, self._events),)
            case Transcript(_, text, None):
                self._respond(text)
                said = {"agent_response": text}
                late, self._late = self._late, ()
                return (self._message("agent_response", said, self._response), *late)
            case Transcript(_, text, str(original)):
                return (self._correction(original, text),)
            case Cleared():
                return self._interruption()
            case ToolCalled(call, name, arguments):
                self._events += 1
                known = json_or_text(arguments)
                called = {"tool_name": name, "tool_call_id": call, "parameters": known}
                return (self._message("client_tool_call", called, self._events),)
            case Failed(code, text):
                number = _CLOSE_CODES.get(code, 1011)
                self.failure = (number, text)
                why = {"code": number, "message": text, "error_type": code, "reason": None}
                return (compact({"type": "error", "error_event": why}),)
            case _:
                self._events += 1
                ended = {
                    "tool_name": END_CALL,
                    "tool_call_id": f"end_{self._events}",
                    "tool_type": "system",
                    "is_error": False,
                    "is_called": True,
                }
                return (self._message("agent_tool_response", ended, self._events),)

    def _message(self, kind: str, fields: Mapping[str, Any], event: int) -> Message:
        number = {} if "no_event_ids" in self._quirks else {"event_id": event}
        return compact({"type": kind, PAYLOADS[kind]: {**fields, **number}})

    def _respond(self, words: str) -> None:
        """A new response begins."""
        self._events += 1
        self._response, self._speaking, self._words = self._events, True, words
        self._heard = None

    def _sound(self, chunk: AudioChunk) -> Sequence[Message]:
        if not chunk.data:
            return ()
        if not self._speaking:
            self._respond("")
        step = round(_LONGEST_CHUNK_S * chunk.format.rate) * chunk.format.frame_bytes
        pieces = (chunk.data[at : at + step] for at in range(0, len(chunk.data), step))
        return [
            self._message("audio", {"audio_base_64": sound_text(piece)}, self._response)
            for piece in pieces
        ]

    def _interruption(self) -> Sequence[Message]:
        self._speaking = False
        said = self._message("interruption", {}, self._response)
        if self._heard is None or not self._words:
            return (said,)
        words = self._words.split()
        heard = words[: round(self._heard * len(words))]
        correction = self._correction(self._words, " ".join(heard))
        if "late_corrections" in self._quirks:
            self._late = (*self._late, correction)
            return (said,)
        return (said, correction)

    def _correction(self, original: str, corrected: str) -> Message:
        said = {"original_agent_response": original, "corrected_agent_response": corrected}
        return self._message("agent_response_correction", said, self._response)

    def decode(self, message: Message) -> Decoded[Message]:
        """What one message says; raises ProtocolError for one that the platform does not take."""
        value = parse_object(message)
        kind = value.get("type")
        if kind != "pong":
            self.inputs += 1
        opened = () if self._open else (Ready(uuid4().hex, self.speaks, self.hears),)
        if kind == INITIATION:
            self._initiate(Payload.of(value, INITIATION))
            events: Sequence[Event] = ()
        elif "user_audio_chunk" in value:
            events = self._user_sound(value["user_audio_chunk"])
        else:
            events = meaning(value)
        self._open = True
        return Decoded((*opened, *events), tuple(self._metadata(ready) for ready in opened))

    def _metadata(self, ready: Ready) -> Message:
        begun = {
            "conversation_id": f"conv_{ready.session}",
            "agent_output_audio_format": wire_name(self.speaks),
            "user_input_audio_format": wire_name(self.hears),
        }
        return compact({"type": METADATA, PAYLOADS[METADATA]: begun})

    def _initiate(self, said: Payload) -> None:
        override = said.fields.get("conversation_config_override") or {}
        agent = override.get("agent") if isinstance(override, dict) else None
        wanted = agent if isinstance(agent, dict) else {}
        if wanted and "override_refused" in self._quirks:
            self.complaint = "override_error"
            names = ", ".join(sorted(wanted))
            raise ProtocolError(f"override of {names} is not allowed by the agent's settings")
        first = wanted.get("first_message")
        self.first_message = first if isinstance(first, str) else None
        self.initiated = True

    def _user_sound(self, value: object) -> Sequence[Event]:
        chunk = sound(value, self.hears)
        if chunk is None:
            return ()
        self.user_s += chunk.duration
        if chunk.data == self._tail:
            self._commits += 1
            ignored = self._commits > 1 and "silence_ignored" in self._quirks
            return () if ignored else (UserTurnEnded(),)
        step = round(_PIECE_S * self.hears.rate) * self.hears.frame_bytes
        return [
            Audio(AudioChunk(chunk.data[at : at + step], self.hears))
            for at in range(0, len(chunk.data), step)
        ]
