"""Two runs of the same scenarios: what got worse, beyond what does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median

from voicetest.checks.result import Status, Unit
from voicetest.errors import ExitCode
from voicetest.report.stored import StoredCall, StoredRun
from voicetest.report.summary import CaseLine

__all__ = ["Change", "Comparison", "Row", "compare"]

_LEAST: Mapping[Unit, float] = {"s": 0.05, "share": 0.02, "count": 0.5}
"""A difference that is smaller in absolute terms does not matter."""
_NEUTRAL = ("duration", "turns", "hung_up_by")
"""Neither more nor less of these is better."""
_SCORES: Mapping[Status, int] = {"passed": 1, "failed": 0}

_Key = tuple[str, str | None]


class Change(StrEnum):
    """What became of one figure."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    CHANGED = "changed"
    """More or less, and neither is better."""
    GONE = "only in base"
    NEW = "only in new"
    UNKNOWN = "not comparable"


@dataclass(frozen=True)
class Row:
    """One figure of one case in both runs; `n` values each."""

    name: str
    metric: str
    unit: str
    base: float | str | None
    new: float | str | None
    n: tuple[int, int]
    change: Change


@dataclass(frozen=True)
class Comparison:
    """All figures of both runs."""

    rows: tuple[Row, ...]
    allow_missing: bool = False
    """Whether a case may be gone."""

    @property
    def vanished(self) -> tuple[str, ...]:
        """The cases that only the base has, though they were run there."""
        return tuple(
            row.name
            for row in self.rows
            if row.unit == "verdict" and row.change is Change.GONE and row.base != "skipped"
        )

    @property
    def exit_code(self) -> ExitCode:
        """1 when something got worse or is gone, 4 or 5 when it cannot be told, else 0."""
        changes = {row.change for row in self.rows}
        if Change.WORSE in changes or (self.vanished and not self.allow_missing):
            return ExitCode.FAILED
        if Change.UNKNOWN in changes:
            return ExitCode.CONNECTION
        told = changes - {Change.GONE, Change.NEW}
        return ExitCode.PASSED if told else ExitCode.NOTHING_RAN


def compare(
    base: StoredRun, new: StoredRun, effect: float = 0.1, *, allow_missing: bool = False
) -> Comparison:
    """Every case and metric; worse or better only by more than the share `effect` of the base.

    Whether the two measured the same thing is for `differences` to say.
    """
    before, after = _by_case(base), _by_case(new)
    rows: list[Row] = []
    for key in [*before, *(key for key in after if key not in before)]:
        rows += _rows(before.get(key), after.get(key), effect)
    return Comparison(tuple(rows), allow_missing)


@dataclass(frozen=True)
class _Side:
    case: CaseLine
    units: Mapping[str, Unit]
    values: Mapping[str, Sequence[float | str]]

    @property
    def name(self) -> str:
        return self.case.name if self.case.case is None else f"{self.case.name} [{self.case.case}]"


def _by_case(run: StoredRun) -> dict[_Key, _Side]:
    calls: dict[_Key, list[StoredCall]] = defaultdict(list)
    for call in run.calls:
        calls[call.line.file, call.line.case].append(call)
    return {
        (case.file, case.case): _side(case, calls[case.file, case.case])
        for case in run.summary.cases
    }


def _side(case: CaseLine, calls: Sequence[StoredCall]) -> _Side:
    """All values of the calls that came to an end, repeats together."""
    units: dict[str, Unit] = {}
    values: dict[str, list[float | str]] = defaultdict(list)
    for call in calls:
        if call.manifest is None or call.manifest.status == "error":
            continue
        for name, metric in call.manifest.metrics.items():
            units[name] = metric.unit
            values[name] += metric.values
    return _Side(case, units, {name: found for name, found in values.items() if found})


def _rows(before: _Side | None, after: _Side | None, effect: float) -> Iterator[Row]:
    if before is None or after is None:
        side = before or after
        if side is not None:
            change = Change.NEW if before is None else Change.GONE
            old, now = (side.case.status, None) if after is None else (None, side.case.status)
            yield Row(side.name, "verdict", "verdict", old, now, (0, 0), change)
        return
    yield _verdict(before, after)
    for name in dict.fromkeys([*before.values, *after.values]):
        unit = after.units.get(name) or before.units[name]
        if before.units.get(name, unit) != unit:
            yield Row(after.name, name, unit, None, None, (0, 0), Change.UNKNOWN)
            continue
        values = before.values.get(name, ()), after.values.get(name, ())
        yield _row(after.name, name, unit, *values, effect)


def _verdict(before: _Side, after: _Side) -> Row:
    """A case that passed and fails now is worse; what is no verdict cannot be compared."""
    was, now = before.case, after.case
    old, new = _SCORES.get(was.status), _SCORES.get(now.status)
    if was.status == now.status == "skipped":
        change = Change.SAME
    elif old is None or new is None:
        change = Change.UNKNOWN
    elif old != new:
        change = Change.BETTER if new > old else Change.WORSE
    else:
        change = _rate_change(was, now)
    counts = (was.passed + was.failed, now.passed + now.failed)
    return Row(after.name, "verdict", "verdict", _rated(was), _rated(now), counts, change)


def _rate_change(was: CaseLine, now: CaseLine) -> Change:
    """Pass rates differ only if their 95 % intervals do not touch."""
    if None in (was.wilson_low, was.wilson_high, now.wilson_low, now.wilson_high):
        return Change.SAME
    if (now.wilson_high or 0.0) < (was.wilson_low or 0.0):
        return Change.WORSE
    if (now.wilson_low or 0.0) > (was.wilson_high or 0.0):
        return Change.BETTER
    return Change.SAME


def _rated(case: CaseLine) -> str:
    counted = case.passed + case.failed
    return case.status if case.repeat == 1 else f"{case.status} {case.passed}/{counted}"


def _row(
    case: str,
    metric: str,
    unit: Unit,
    old: Sequence[float | str],
    now: Sequence[float | str],
    effect: float,
) -> Row:
    n = (len(old), len(now))
    if unit == "party":
        texts = [", ".join(dict.fromkeys(map(str, values))) or None for values in (old, now)]
        change = Change.SAME if texts[0] == texts[1] else Change.CHANGED
        return Row(case, metric, unit, texts[0], texts[1], n, change)
    was, new = _middle(unit, old), _middle(unit, now)
    if was is None or new is None:
        return Row(case, metric, unit, was, new, n, Change.NEW if was is None else Change.GONE)
    least = max(_LEAST[unit], effect * abs(was))
    if abs(new - was) <= least:
        change = Change.SAME
    elif metric in _NEUTRAL:
        change = Change.CHANGED
    else:
        change = Change.WORSE if new > was else Change.BETTER
    return Row(case, metric, unit, was, new, n, change)


def _middle(unit: Unit, values: Sequence[float | str]) -> float | None:
    """The median of times; the mean of shares and counts, whose median is often 0."""
    numbers = [float(value) for value in values]
    if not numbers:
        return None
    return median(numbers) if unit == "s" else fmean(numbers)
