"""The record of a call: what happened, when, and by whom, in the order it became known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from voicetest.call.line import LineKind
from voicetest.events import Event, Party

__all__ = [
    "By",
    "CallEnded",
    "EndReason",
    "Entry",
    "FirstAudio",
    "Improvised",
    "LineSpoken",
    "LineUsed",
    "MessagesIgnored",
    "Note",
    "SpeechStarted",
    "SpeechStopped",
    "StepEnded",
    "StepStarted",
    "Timeline",
    "TurnClosed",
    "TurnCut",
    "TurnOpened",
    "TurnResumed",
    "TurnTranscribed",
    "UserInterrupt",
    "Waiting",
]

By: TypeAlias = Literal["user", "agent", "platform", "voicetest"]


class EndReason(StrEnum):
    """Why an agent turn, or a step that listened to one, ended."""

    TURN_ENDED = "turn_ended"
    TAIL_SILENCE = "tail_silence"
    MAX_DURATION = "max_duration"
    INTERRUPTED = "interrupted"
    HUNG_UP = "hung_up"
    EMPTY_ANSWER = "empty_answer"
    FIRST_CHUNK_TIMEOUT = "first_chunk_timeout"
    IDLE_TIMEOUT = "idle_timeout"
    TURN_TIMEOUT = "turn_timeout"
    ERROR = "error"


@dataclass(frozen=True)
class StepStarted:
    """Step `step` of the script, counted from 0, began."""

    step: int


@dataclass(frozen=True)
class StepEnded:
    """Step `step` is over; a limit that ended it comes with its seconds and its cause."""

    step: int
    reason: EndReason | None = None
    limit_s: float | None = None
    cause: str = ""
    turns: tuple[int, ...] = ()
    """The agent turns that this step listened to."""


@dataclass(frozen=True)
class Waiting:
    """Step `step` has been waiting since `since_s`, and will for `limit_s` in all.

    `wanted` says for what, such as "the agent to speak".
    """

    step: int
    wanted: str
    since_s: float
    limit_s: float


@dataclass(frozen=True)
class LineSpoken:
    """A line of the script went out from `start_s` to `end_s`, with speech between the edges."""

    step: int
    kind: LineKind
    text: str
    start_s: float
    end_s: float
    speech_start_s: float
    speech_end_s: float
    truncated: bool
    """Whether the call ended before the whole line was out."""
    clean: str
    """Name of the file with the clean line, before effects and line; empty for a typed one."""
    said: str | None = None
    """Its words where the voice departed from the text."""


@dataclass(frozen=True)
class Improvised:
    """The user of step `step` made up no more lines; `reason` is in the words of who played it.

    `done`: the user has what it wanted; `turns`: it has said all the lines it may say.
    """

    step: int
    ended: Literal["done", "turns", "hung_up"]
    reason: str


@dataclass(frozen=True)
class UserInterrupt:
    """Step `step` is about to speak over the agent, or finds that it cannot.

    `native` used the platform's own signal, `voice` only the user's sound; `missed` means that the
    agent had finished before.
    """

    step: int
    mode: Literal["voice", "native", "missed"]
    turn: int | None = None
    """The agent turn that is spoken over."""


@dataclass(frozen=True)
class SpeechStarted:
    """A party became audible."""

    by: Party
    latency_s: float | None = None
    """For the agent: seconds since the end of the user's last speech."""


@dataclass(frozen=True)
class SpeechStopped:
    """A party is no longer audible."""

    by: Party


@dataclass(frozen=True)
class FirstAudio:
    """The first packet with sound in it since the user's last speech arrived."""


@dataclass(frozen=True)
class TurnOpened:
    """The agent began turn `turn`, counted from 0 over the agent's turns."""

    turn: int


@dataclass(frozen=True)
class TurnClosed:
    """The agent's turn is over."""

    turn: int
    reason: EndReason
    limit_s: float | None = None
    cause: str = ""


@dataclass(frozen=True)
class TurnResumed:
    """The agent goes on with a turn that seemed over: the user had spoken into its pause."""

    turn: int


@dataclass(frozen=True)
class TurnCut:
    """What had not been heard of a turn was thrown away; `share` of what arrived was heard."""

    turn: int
    share: float


@dataclass(frozen=True)
class TurnTranscribed:
    """What the transcriber heard in an agent turn."""

    turn: int
    text: str


@dataclass(frozen=True)
class LineUsed:
    """What the agent's line carried in the whole call."""

    messages: int
    """Messages that were no sound, of whatever meaning."""
    sound_s: float
    """Seconds of sound that arrived, silent or not."""
    carries_sound: bool
    """Whether the line can carry sound of the agent at all."""


@dataclass(frozen=True)
class MessagesIgnored:
    """So many messages of one shape said nothing to the call, in the whole of it."""

    shape: str
    count: int
    why: str
    known: bool
    """Whether the protocol has such messages."""


@dataclass(frozen=True)
class CallEnded:
    """The call is over; `by` ended it."""

    by: Literal["user", "agent", "platform", "limit"]
    code: int | None = None
    reason: str = ""


Note: TypeAlias = (
    StepStarted
    | StepEnded
    | Waiting
    | LineSpoken
    | UserInterrupt
    | Improvised
    | SpeechStarted
    | SpeechStopped
    | FirstAudio
    | TurnOpened
    | TurnClosed
    | TurnResumed
    | TurnCut
    | TurnTranscribed
    | LineUsed
    | MessagesIgnored
    | CallEnded
)


@dataclass(frozen=True)
class Entry:
    """One thing that happened `at` seconds after the line was ready."""

    at: float
    by: By
    what: Event | Note


class Timeline:
    """Append-only; every entry is handed to `observe` at once."""

    def __init__(self, observe: Callable[[Entry], None]) -> None:
        self._observe = observe
        self._entries: list[Entry] = []

    @property
    def entries(self) -> Sequence[Entry]:
        """All entries so far, in the order they became known."""
        return self._entries

    def add(self, at: float, by: By, what: Event | Note) -> None:
        """Append what happened at `at` seconds."""
        entry = Entry(at, by, what)
        self._entries.append(entry)
        self._observe(entry)
