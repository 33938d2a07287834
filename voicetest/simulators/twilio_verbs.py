"""What TwiML can say: one value for each verb, as far as it is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = [
    "Connect",
    "Dial",
    "Hangup",
    "Pause",
    "Play",
    "Redirect",
    "Reject",
    "Say",
    "Start",
    "Stop",
    "StreamWanted",
    "Verb",
]


@dataclass(frozen=True)
class StreamWanted:
    """A media stream: where to, and what the far end is told."""

    url: str
    name: str = ""
    track: str = "inbound_track"
    callback: str = ""
    callback_method: str = "POST"
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Say:
    """Speak a text."""

    text: str


@dataclass(frozen=True)
class Pause:
    """Wait, in seconds."""

    length: float


@dataclass(frozen=True)
class Play:
    """Press keys; `w` is a wait of half a second."""

    digits: str


@dataclass(frozen=True)
class Connect:
    """Hand the call to a stream both ways, until its far end closes it."""

    stream: StreamWanted


@dataclass(frozen=True)
class Start:
    """Let a stream listen while the call goes on."""

    stream: StreamWanted


@dataclass(frozen=True)
class Stop:
    """End a stream that listens; without a name the last one."""

    name: str


@dataclass(frozen=True)
class Dial:
    """Call somebody and put both through to each other; times in seconds."""

    number: str
    caller_id: str
    timeout: float
    time_limit: float


@dataclass(frozen=True)
class Reject:
    """Do not take the call: `rejected` or `busy`."""

    reason: str


@dataclass(frozen=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str


Verb: TypeAlias = Say | Pause | Play | Connect | Start | Stop | Dial | Reject | Hangup | Redirect
