"""The vocabulary of a call: one word, one meaning, on every platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from voicetest.audio.chunk import AudioChunk, AudioFormat

__all__ = [
    "ALL_EVENTS",
    "AgentTurnEnded",
    "AgentTurnStarted",
    "Audio",
    "Cleared",
    "Dtmf",
    "Event",
    "Failed",
    "Hangup",
    "Ignored",
    "Interrupted",
    "Leaving",
    "Mark",
    "Party",
    "Ping",
    "Pong",
    "Ready",
    "ReplyRequested",
    "Status",
    "Text",
    "ToolCalled",
    "ToolCancelled",
    "ToolResult",
    "Transcript",
    "TranscriptDelta",
    "UserTurnEnded",
    "UserTurnStarted",
    "Warned",
]

Party = Literal["user", "agent"]


@dataclass(frozen=True)
class Ready:
    """The line is open; formats are the wire's: what the agent speaks and what it hears."""

    session: str
    speaks: AudioFormat
    hears: AudioFormat


@dataclass(frozen=True)
class Audio:
    """Sound on the line; above a link PCM16 mono at 24 kHz, unless it is asked otherwise."""

    chunk: AudioChunk


@dataclass(frozen=True)
class Text:
    """A typed turn of the user."""

    text: str


@dataclass(frozen=True)
class ReplyRequested:
    """The agent is asked to speak although the user said nothing."""


@dataclass(frozen=True)
class UserTurnStarted:
    """The user began to speak."""


@dataclass(frozen=True)
class UserTurnEnded:
    """The user finished speaking."""


@dataclass(frozen=True)
class AgentTurnStarted:
    """The agent began an answer."""


@dataclass(frozen=True)
class AgentTurnEnded:
    """The agent has sent all of its answer; what was sent may still have to be played."""

    reason: str = ""


@dataclass(frozen=True)
class TranscriptDelta:
    """A further piece of what somebody is saying."""

    by: Party
    text: str


@dataclass(frozen=True)
class Transcript:
    """The text of what somebody said; `replaces` is the earlier text this one corrects."""

    by: Party
    text: str
    replaces: str | None = None
    written: bool = False
    """Whether it is a text that nobody is to speak, by the word of the platform."""


@dataclass(frozen=True)
class Interrupted:
    """The agent is told to stop; `heard_s` is how many seconds of `item` were heard."""

    item: str | None = None
    heard_s: float | None = None


@dataclass(frozen=True)
class Cleared:
    """Sound that was sent but not heard yet is to be thrown away."""


@dataclass(frozen=True)
class Mark:
    """A label in the agent's sound, echoed when playout passes it."""

    name: str


@dataclass(frozen=True)
class Dtmf:
    """One key was pressed."""

    key: str


@dataclass(frozen=True)
class ToolCalled:
    """The agent calls a tool; `arguments` is the JSON text as it was sent."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class ToolResult:
    """What a tool call gave: JSON text, or the error's text when `failed`."""

    id: str
    content: str
    failed: bool = False


@dataclass(frozen=True)
class ToolCancelled:
    """The agent no longer wants the answer of a tool call."""

    id: str


@dataclass(frozen=True)
class Status:
    """The platform says how the call is doing."""

    text: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ping:
    """The platform asks whether we are there."""

    id: str


@dataclass(frozen=True)
class Pong:
    """The answer to a Ping."""

    id: str


@dataclass(frozen=True)
class Warned:
    """Something odd that the call survives."""

    message: str
    unclean: bool = False
    """Whether it is the agent's sound that is odd, so that it does not sound clean."""


@dataclass(frozen=True)
class Ignored:
    """A message that says nothing to a call; those of one `shape` are counted together."""

    shape: str
    """What the message looks like, for people."""
    why: str = "say nothing to a call"
    """What is wrong with such messages: what "three of {type: x} …" goes on with."""
    known: bool = False
    """Whether the protocol has such messages, so that nobody need be warned."""


@dataclass(frozen=True)
class Failed:
    """The platform reports an error; after a fatal one the call is over."""

    code: str
    message: str
    fatal: bool = False


@dataclass(frozen=True)
class Leaving:
    """The far side said that the call is over; until the line closes more may be heard of it."""

    reason: str = ""


@dataclass(frozen=True)
class Hangup:
    """The call ended; `code` and `reason` are the peer's own, `normal` says it was meant to."""

    code: int | None = None
    reason: str = ""
    normal: bool = True


Event: TypeAlias = (
    Ready
    | Audio
    | Text
    | ReplyRequested
    | UserTurnStarted
    | UserTurnEnded
    | AgentTurnStarted
    | AgentTurnEnded
    | TranscriptDelta
    | Transcript
    | Interrupted
    | Cleared
    | Mark
    | Dtmf
    | ToolCalled
    | ToolResult
    | ToolCancelled
    | Status
    | Ping
    | Pong
    | Warned
    | Ignored
    | Failed
    | Leaving
    | Hangup
)

ALL_EVENTS: frozenset[type[Event]] = frozenset(get_args(Event))
