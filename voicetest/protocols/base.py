"""What every wire protocol of ours is: a codec that does no I/O and never waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, Protocol, TypeVar

from voicetest.audio.chunk import AudioFormat
from voicetest.errors import ProtocolError
from voicetest.events import Event

__all__ = ["CannotSend", "Capabilities", "Codec", "Decoded", "End", "Unworkable", "require"]

M = TypeVar("M")


class End(Enum):
    """Which end of the wire a codec stands at."""

    CLIENT = auto()
    """The end that opened the connection."""
    SERVER = auto()
    """The bot, the platform, or our own webhook."""

    @property
    def other(self) -> End:
        """The opposite end."""
        return End.SERVER if self is End.CLIENT else End.CLIENT


class Unworkable(ProtocolError):
    """The peer said something after which nothing that it says can be understood."""


class CannotSend(ValueError):
    """This end of this protocol has no message for that event."""


class Capabilities(Protocol):
    """What a configured line can carry; replaces flags that could disagree with the code."""

    @property
    def speaks(self) -> AudioFormat:
        """The format in which the agent's sound arrives."""

    @property
    def hears(self) -> AudioFormat:
        """The format in which the user's sound leaves."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """The events this end can send."""

    @property
    def receives(self) -> frozenset[type[Event]]:
        """The events this end can receive."""

    @property
    def continuous(self) -> bool:
        """Whether the far side expects sound all the time, silence included."""

    @property
    def hears_between_turns(self) -> bool:
        """Whether the far side hears the user outside turns that are marked as such.

        Where it does not, a backchannel or a noise is heard by nobody, or as part of what follows.
        """

    @property
    def paced(self) -> bool:
        """Whether the far side sends its sound in real time rather than as fast as it can."""

    @property
    def jitter_s(self) -> float:
        """How late, in seconds, sound that is not `paced` may come and be heard without a gap."""


@dataclass(frozen=True)
class Decoded(Generic[M]):
    """What one message meant, and the messages the protocol owes for it at once."""

    events: tuple[Event, ...] = ()
    replies: tuple[M, ...] = ()


class Codec(Capabilities, Protocol[M]):
    """One protocol at one end; decoding at the other end gives back what was encoded here.

    Sound is in the wire's own format both ways; conversion is the link's work. A message that the
    protocol has no meaning for may decode to Ignored or Warned, which are in no set: the peer did
    not say them.
    `Ready` is never encoded: where it is received, the peer's `start` or its replies say it.
    """

    @property
    def end(self) -> End:
        """The end at which it stands."""

    def start(self) -> Sequence[M]:
        """The messages that open a conversation."""

    def encode(self, event: Event) -> Sequence[M]:
        """The messages that say `event`; raises CannotSend for an event outside `sends`."""

    def decode(self, message: M) -> Decoded[M]:
        """What `message` means; raises ProtocolError for one the protocol does not allow.

        Such a message is told of and ignored; only Unworkable ends the call.
        """


def require(event: Event, sends: frozenset[type[Event]]) -> None:
    """Raise CannotSend unless `event` is among `sends`."""
    if type(event) not in sends:
        raise CannotSend(f"this line cannot send {type(event).__name__}")
