"""What makes the calls of a load, and what it is told and tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from voicetest.checks.result import Status

__all__ = ["Engine", "Line", "Order", "Outcome", "Use"]


@dataclass(frozen=True)
class Order:
    """Which call is to be made."""

    number: int
    """From 1, over the whole load."""
    scenario: int
    """Its place among the scenarios of the plan."""


@dataclass(frozen=True)
class Outcome:
    """What became of a call; times in seconds, None for what was not measured."""

    status: Status
    reason: str = ""
    error: str | None = None
    """The kind of its first error."""
    failed: tuple[str, ...] = ()
    """The checks that failed."""
    connect_s: float | None = None
    first_word_s: float | None = None
    answers: tuple[tuple[float, float], ...] = ()
    """When each answer began, since the line was ready, and its response latency."""
    stop_times_s: tuple[float, ...] = ()
    duration_s: float = 0.0
    cost_usd: float | None = None
    late: str = ""
    """How voicetest itself was late in it, in words; empty if it was not."""
    lateness_p99_ms: float | None = None
    lateness_max_ms: float | None = None
    lost: bool = False
    """Whether what made it is gone, so that nobody knows."""
    folder: str | None = None
    """Where it is kept, below the load's folder."""


@dataclass(frozen=True)
class Use:
    """What making calls takes of a machine."""

    cpu_s: float = 0.0
    """CPU seconds so far."""
    busiest: float = 0.0
    """The share of one core that the busiest event loop used in the last second."""
    lag_s: float = 0.0
    """How late an event loop was in the last second, at worst."""


class Line(Protocol):
    """Who is told what becomes of the line of a call; times on the clock of the event loop."""

    def dialled(self, at: float) -> None:
        """It is dialled."""

    def hung_up(self, at: float) -> None:
        """It is over; what was recorded may still be looked at."""


class Engine(Protocol):
    """Makes calls, many at once."""

    @property
    def words(self) -> str:
        """What it is, for people."""

    @property
    def slots(self) -> int:
        """How many calls it can have on the line at once; fewer when a part of it is gone."""

    @property
    def room(self) -> int:
        """How many calls it can have in hand, those among them that are over and looked at."""

    async def call(self, order: Order, line: Line) -> Outcome:
        """Make a call; whatever goes wrong with it is in the outcome."""

    def end(self, by: str) -> None:
        """End all calls now and keep what they have; `by` is what wants it, in words."""

    def use(self) -> Use:
        """What making calls takes of this machine."""
