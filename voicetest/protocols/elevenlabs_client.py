"""The user's end of an ElevenLabs conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from voicetest.audio.chunk import AudioFormat
from voicetest.errors import ProtocolError
from voicetest.events import (
    Audio,
    Cleared,
    Event,
    Failed,
    Hangup,
    Ready,
    Text,
    ToolCalled,
    ToolResult,
    Transcript,
    UserTurnEnded,
    Warned,
)
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.elevenlabs_messages import (
    END_CALL,
    ENDED,
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
    wire_format,
)
from voicetest.protocols.example import compact, parse_object, quoted
from voicetest.protocols.vocabulary import ELEVENLABS
from voicetest.protocols.words import sound_text

__all__ = ["ElevenLabsClient"]

Message: TypeAlias = bytes | str
Events: TypeAlias = frozenset[type[Event]]

_NORMAL = 1000
_UNSAID_INPUT = "pcm_16000"
"""The format that the agent hears if it does not say."""


class ElevenLabsClient:
    """One conversation; the formats are those that the agent announces, once it has."""

    end = End.CLIENT
    paced = False
    jitter_s = 0.0

    def __init__(
        self,
        commit: TurnCommit = TurnCommit.AUDIO,
        tail_bytes: int = 16_000,
        *,
        override: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        """`override` is the `agent` part of the configuration that this call wants changed.

        `tail_bytes` is how much silence ends a turn that is committed by silence.
        """
        self.speaks: AudioFormat = USUAL
        """Set by the metadata of the conversation, as `hears` is."""
        self.hears: AudioFormat = USUAL
        self.sends: Events = from_user(commit)
        self.receives: Events = FROM_AGENT | {Ready}
        self.continuous = commit is TurnCommit.AUDIO
        self.hears_between_turns = commit is TurnCommit.AUDIO
        self._commit = commit
        self._tail_bytes = tail_bytes
        self._override = dict(override or {})
        self._variables = dict(variables or {})
        self._ready = False
        """Set by the metadata."""
        self._kept = bytearray()
        """The speech of the turn under way where silence commits it; cleared at its end."""
        self._interrupted = 0
        """Set by each interruption: sound up to this event is not to be heard any more."""
        self._said: dict[int, str] = {}
        """What the agent said, by event, as it was last corrected."""
        self._warned: set[str] = set()

    def start(self) -> Sequence[Message]:
        """The initiation; agents were seen to leave their first message out without it."""
        opening: dict[str, Any] = {
            "type": INITIATION,
            "conversation_config_override": {"agent": self._override},
        }
        if self._variables:
            opening["dynamic_variables"] = self._variables
        return (compact(opening),)

    def encode(self, event: Event) -> Sequence[Message]:
        """The messages that say `event`; raises CannotSend for an event outside `sends`.

        Where silence commits a turn, its sound is kept until `UserTurnEnded`.
        """
        require(event, self.sends)
        match event:
            case Audio(chunk) if self._commit is TurnCommit.SILENCE:
                self._kept += chunk.data
                return ()
            case Audio(chunk):
                return _chunk(chunk.data)
            case UserTurnEnded():
                speech = bytes(self._kept)
                self._kept.clear()
                return (*_chunk(speech), *_chunk(silence(self._tail_bytes, self.hears)))
            case Text(text):
                return (compact({"type": "user_message", "text": text}),)
            case ToolResult(call, content, failed):
                result = {"tool_call_id": call, "result": content, "is_error": failed}
                return (compact({"type": "client_tool_result"} | result),)
            case _:
                return ()

    def decode(self, message: Message) -> Decoded[Message]:
        """What one message says; raises ProtocolError where it lacks what its type must have.

        Messages of a type without a meaning to a call say nothing.
        """
        value = parse_object(message)
        kind = value.get("type")
        if not isinstance(kind, str):
            raise ProtocolError("the peer sent a message without a text as its 'type'")
        if kind == "guardrail_triggered":
            return Decoded(self._warn("a guardrail of the agent was triggered"))
        if kind == "client_error":
            return Decoded((Failed(kind, quoted(compact(value))),))
        if kind not in PAYLOADS:
            return Decoded(ELEVENLABS.ignored(kind, value))
        if kind == "ping":
            return Decoded(replies=_pong(value))
        return Decoded(tuple(self._events(Payload.of(value, kind, PAYLOADS[kind]))))

    def _events(self, said: Payload) -> Sequence[Event]:
        match said.kind:
            case "audio":
                return self._heard(said)
            case "agent_response":
                return self._agent_says(said, said.text("agent_response"))
            case "agent_response_correction":
                return self._agent_says(
                    said,
                    said.text("corrected_agent_response"),
                    replaces=said.text("original_agent_response"),
                )
            case "user_transcript":
                return (Transcript("user", said.text("user_transcript")),)
            case "interruption":
                self._interrupted = max(self._interrupted, said.event_id or 0)
                return (Cleared(),)
            case "client_tool_call":
                parameters = said.fields.get("parameters")
                arguments = compact({} if parameters is None else parameters)
                return (ToolCalled(said.text("tool_call_id"), said.text("tool_name"), arguments),)
            case "agent_tool_response":
                tool = said.fields.get("tool_name")
                if said.fields.get("is_error") is True:
                    return self._warn(f"the agent's own tool {quoted(str(tool))} failed")
                return (Hangup(reason=ENDED),) if tool == END_CALL else ()
            case "error":
                return (_ending(said),)
            case _ if said.kind == METADATA and not self._ready:
                return (self._announced(said),)
            case _:
                return ()

    def _warn(self, words: str) -> tuple[Event, ...]:
        told = words in self._warned
        self._warned.add(words)
        return () if told else (Warned(words),)

    def _announced(self, said: Payload) -> Ready:
        """The conversation has begun; a server that does not say a format uses the usual one."""
        hears = said.fields.get("user_input_audio_format")
        speaks = said.fields.get("agent_output_audio_format")
        self.hears = wire_format(_UNSAID_INPUT if hears is None else hears)
        self.speaks = USUAL if speaks is None else wire_format(speaks)
        self._ready = True
        return Ready(said.text("conversation_id"), self.speaks, self.hears)

    def _heard(self, said: Payload) -> Sequence[Event]:
        """Sound, unless it is of something that was interrupted."""
        chunk = sound(said.fields.get("audio_base_64"), self.speaks)
        event = said.event_id
        if chunk is None or (event is not None and event <= self._interrupted):
            return ()
        return (Audio(chunk),)

    def _agent_says(self, said: Payload, text: str, replaces: str | None = None) -> Sequence[Event]:
        event = said.event_id
        if replaces is not None and event is not None:
            replaces = self._said.get(event, replaces)
        if event is not None:
            self._said[event] = text
        return (Transcript("agent", text, replaces),)


def _chunk(data: bytes) -> Sequence[Message]:
    return (f'{{"user_audio_chunk":"{sound_text(data)}"}}',) if data else ()


def _pong(ping: Mapping[str, Any]) -> tuple[Message, ...]:
    """The answer to a ping; one without a number wants none."""
    inner = ping.get(PAYLOADS["ping"])
    event = ping.get("event_id") if not isinstance(inner, dict) else inner.get("event_id")
    if event is None:
        event = ping.get("event_id")
    return () if event is None else (compact({"type": "pong", "event_id": event}),)


def _ending(said: Payload) -> Event:
    """The reason for which the conversation is about to be closed; 1000 is no fault."""
    fields = said.fields
    kind, number = fields.get("error_type"), fields.get("code")
    words = next((fields[k] for k in ("message", "reason") if isinstance(fields.get(k), str)), "")
    if number == _NORMAL:
        return Hangup(reason=words or str(kind or ""))
    code = kind if kind is not None else number
    return Failed(str(code or "error"), words, fatal=True)
