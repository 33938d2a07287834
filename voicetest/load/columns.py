"""What is kept of every call for the statistics: columns of numbers, exact and small.

A call takes some 60 bytes and each of its measured times 21, however long it was. Times are
seconds since the load began.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from voicetest.report.load_events import Dropped, Ended, Sampled
from voicetest.scenario.load_limits import TIMED

__all__ = ["KINDS", "Column", "Columns", "Fate", "Table"]

Column: TypeAlias = npt.NDArray[Any]


class Fate(IntEnum):
    """What became of a call, as a number in a column."""

    WELL = 0
    FAILED = 1
    ERROR = 2
    UNKNOWN = 3


KINDS = (
    "",
    "connection",
    "protocol",
    "scenario",
    "setup",
    "bug",
    "interrupted",
    "killed",
    "cut off",
    "lost",
)
"""Why a call ended otherwise than by itself; in the column is the place of its kind."""
_NOT_THE_AGENT = frozenset({"setup", "scenario", "bug"})
"""Kinds of errors for which no agent can be blamed."""


def fate_of(call: Ended) -> Fate:
    """What is counted of a call.

    A failure or an error of a call in which voicetest was late is not known to be the agent's.
    """
    own = call.lost or call.cut or call.error in _NOT_THE_AGENT
    match call.status:
        case "passed" | "skipped" if not own:
            return Fate.WELL
        case "failed" if not (own or call.late):
            return Fate.FAILED
        case "error" if not (own or call.late):
            return Fate.ERROR
        case _:
            return Fate.UNKNOWN


def kind_of(call: Ended) -> str:
    """What went wrong with a call beside its checks; empty if nothing did."""
    if call.lost:
        return "lost"
    return "cut off" if call.cut else call.error or ""


class Table:
    """Rows of numbers; each column has one type, by its letter in `array`."""

    def __init__(self, **kinds: str) -> None:
        self._columns: dict[str, array[Any]] = {name: array(of) for name, of in kinds.items()}

    def add(self, *row: float) -> None:
        """One more row, with a value for each column."""
        for column, value in zip(self._columns.values(), row, strict=True):
            column.append(value)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __getitem__(self, name: str) -> Column:
        """A copy of a column: the original could not grow while numpy looks at it."""
        return np.array(self._columns[name])


class Columns:
    """The columns of one load; they grow with each event."""

    def __init__(self) -> None:
        self.begun = Table(at="d", stage="i", scenario="i")
        self.calls = Table(
            begun="d",
            dialled="d",
            hung_up="d",
            stage="i",
            scenario="i",
            fate="b",
            kind="b",
            connected="b",
            late="b",
            worst="f",
            start_late="f",
        )
        """`dialled` is nan for a call that never was; `worst` is its latest frame, milliseconds;
        `kind` is a place in KINDS."""
        self.times = {name: Table(at="d", value="d", stage="i", late="b") for name in TIMED}
        """A row for each time that was measured, and when it was."""
        self.dropped = Table(at="d", stage="i")
        self.samples = Table(at="d", calls="i", cpu="f", busiest="f", lag="f", saturated="b")

    def end(self, call: Ended) -> None:
        """A call is over."""
        dialled = float("nan") if call.dialled_s is None else call.dialled_s
        self.calls.add(
            call.begun_s,
            dialled,
            call.hung_up_s,
            call.stage,
            call.scenario,
            fate_of(call),
            KINDS.index(kind_of(call)),
            call.connect_s is not None,
            bool(call.late),
            float("nan") if call.lateness_max_ms is None else call.lateness_max_ms,
            dialled - call.due_s,
        )
        for metric, found in _times(call):
            for at, value in found:
                self.times[metric].add(at, value, call.stage, bool(call.late))

    def drop(self, drop: Dropped) -> None:
        """A start could not be made."""
        self.dropped.add(drop.at_s, drop.stage)

    def sample(self, sample: Sampled) -> None:
        """A second has passed."""
        self.samples.add(
            sample.at_s,
            sample.calls,
            sample.cpu,
            sample.busiest,
            sample.lag_ms,
            sample.saturated,
        )


def _times(call: Ended) -> Iterator[tuple[str, Sequence[tuple[float, float]]]]:
    dialled = call.begun_s if call.dialled_s is None else call.dialled_s
    yield "response_latency", call.answers
    yield "stop_time", [(call.hung_up_s, value) for value in call.stop_times_s]
    if call.connect_s is not None:
        ready = dialled + call.connect_s
        yield "connect", [(ready, call.connect_s)]
        if call.first_word_s is not None:
            yield "first_word", [(ready + call.first_word_s, call.first_word_s)]
