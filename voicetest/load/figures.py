"""The figures of some of the calls: of all, of a stage, of a level, of a stretch of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from voicetest.load.columns import KINDS, Column, Columns, Fate
from voicetest.load.spread import spread
from voicetest.report.load_summary import Figures, LevelFigures, Moment, Spread

__all__ = ["Steps", "figures", "levels", "moments", "of_stage"]

_MOST_LEVELS = 12
_MOST_MOMENTS = 150
_BINS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


class Steps:
    """How many calls were on the line at any time."""

    def __init__(self, columns: Columns) -> None:
        calls = columns.calls
        up = ~np.isnan(calls["dialled"])
        self._ups = np.sort(calls["dialled"][up])
        self._downs = np.sort(calls["hung_up"][up])

    def at(self, times: Column) -> Column:
        """At each of these times; a call counts from when it was dialled."""
        ups = np.searchsorted(self._ups, times, side="right")
        return ups - np.searchsorted(self._downs, times, side="right")

    def seconds(self, least: int, most: int) -> float:
        """How long there were so many."""
        changes = np.sort(np.concatenate([self._ups, self._downs]))
        there = self.at(changes)[:-1]
        inside = (there >= least) & (there <= most)
        return float(np.diff(changes)[inside].sum())

    def mean(self, start: float, end: float) -> float:
        """How many there were on average."""
        spent = np.clip(self._downs, start, end).sum() - np.clip(self._ups, start, end).sum()
        return float(spent / (end - start))


def figures(
    columns: Columns,
    calls: Column,
    times: dict[str, Column],
    *,
    begun: int | None = None,
    dropped: int = 0,
) -> Figures:
    """Of the calls and times that the masks choose; `begun` counts those never over as well."""
    fates = columns.calls["fate"][calls]
    kinds = columns.calls["kind"][calls]
    over = len(fates)
    begun = over if begun is None else begun
    return Figures(
        begun=begun,
        connected=int(columns.calls["connected"][calls].sum()),
        ended_well=int((fates == Fate.WELL).sum()),
        failed=int((fates == Fate.FAILED).sum()),
        errors=int((fates == Fate.ERROR).sum()),
        kinds={
            kind: int(number)
            for kind, number in zip(KINDS, np.bincount(kinds, minlength=len(KINDS)), strict=True)
            if kind and number
        },
        dropped=dropped,
        unknown=int((fates == Fate.UNKNOWN).sum()) + begun - over,
        late=int(columns.calls["late"][calls].sum()),
        **{name: _spread(columns, name, chosen) for name, chosen in times.items()},
    )


def _spread(columns: Columns, metric: str, chosen: Column) -> Spread:
    table = columns.times[metric]
    return spread(table["value"][chosen & (table["late"] == 0)])


def of_stage(columns: Columns, stage: int | None) -> Figures:
    """The figures of one stage, or of all."""

    def chosen(stages: Column) -> Column:
        return np.full(len(stages), fill_value=True) if stage is None else stages == stage

    return figures(
        columns,
        chosen(columns.calls["stage"]),
        {name: chosen(table["stage"]) for name, table in columns.times.items()},
        begun=int(chosen(columns.begun["stage"]).sum()),
        dropped=int(chosen(columns.dropped["stage"]).sum()),
    )


def levels(columns: Columns) -> Iterator[LevelFigures]:
    """By how many calls were on the line, in at most a dozen groups."""
    steps = Steps(columns)
    dialled = columns.calls["dialled"]
    begun = np.where(np.isnan(dialled), 0, steps.at(dialled))
    there = {name: np.maximum(steps.at(t["at"]), 1) for name, t in columns.times.items()}
    dropped = np.maximum(steps.at(columns.dropped["at"]), 1)
    every = (begun, dropped, *there.values())
    highest = max([0, *(int(found.max()) for found in every if len(found))])
    width = next(w for w in _widths() if highest <= w * _MOST_LEVELS)
    for least in range(1, highest + 1, width):
        most = least + width - 1

        def inside(found: Column, least: int = least, most: int = most) -> Column:
            return (found >= least) & (found <= most)

        calls = inside(begun)
        times = {name: inside(found) for name, found in there.items()}
        seconds = steps.seconds(least, most)
        lacking = int(inside(dropped).sum())
        if calls.any() or lacking or seconds > 0 or any(found.any() for found in times.values()):
            made = figures(columns, calls, times, dropped=lacking)
            yield LevelFigures(
                least=least, most=min(most, highest), seconds=round(seconds, 3), figures=made
            )


def _widths() -> Iterator[int]:
    scale = 1
    while True:
        yield from (scale, 2 * scale, 5 * scale)
        scale *= 10


def moments(columns: Columns, length_s: float) -> tuple[float, Sequence[Moment]]:
    """The load over time, in at most 150 stretches; and how long each is."""
    bin_s = float(next((b for b in _BINS_S if length_s <= b * _MOST_MOMENTS), _BINS_S[-1]))
    steps = Steps(columns)
    calls, samples = columns.calls, columns.samples
    found: list[Moment] = []
    at = 0.0
    while at < length_s:
        over = _within(calls["hung_up"], at, bin_s)
        fates = calls["fate"][over]
        seen = _within(samples["at"], at, bin_s)
        times = {
            name: _spread(columns, name, _within(table["at"], at, bin_s))
            for name, table in columns.times.items()
            if name != "stop_time"
        }
        found.append(
            Moment(
                at_s=at,
                calls=round(steps.mean(at, min(at + bin_s, length_s)), 3),
                begun=int(_within(columns.begun["at"], at, bin_s).sum()),
                ended=len(fates),
                failed=int((fates == Fate.FAILED).sum()),
                errors=int((fates == Fate.ERROR).sum()),
                dropped=int(_within(columns.dropped["at"], at, bin_s).sum()),
                cpu=_mean(samples["cpu"][seen]),
                lag_ms=_most(samples["lag"][seen]),
                **times,
            )
        )
        at += bin_s
    return bin_s, found


def _within(times: Column, start: float, length: float) -> Column:
    inside: Column = (times >= start) & (times < start + length)
    return inside


def _mean(values: Column) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None


def _most(values: Column) -> float | None:
    return round(float(values.max()), 3) if len(values) else None
