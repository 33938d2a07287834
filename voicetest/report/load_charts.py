"""Curves of a load as drawings: over time, and over the number of calls on the line."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from voicetest.report.load_summary import LevelFigures, LoadSummary, Moment, Spread
from voicetest.report.load_text import clock

__all__ = ["Chart", "charts_by_level", "charts_over_time"]

HIGH = 150
"""Pixels from the top of a drawing to its axis."""
WIDE = 1000
"""Units of a curve from left to right; they are stretched to the width of the page."""
_TOP = 14
_MOST_TICKS = 6
_TIMES_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400)

Points = Sequence[tuple[float, float | None]]


@dataclass(frozen=True)
class Dot:
    """A value; `x` is per cent of the width, `y` pixels."""

    x: str
    y: str
    label: str


@dataclass(frozen=True)
class Curve:
    """One series; its path is in WIDE by HIGH."""

    name: str
    kind: str
    path: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Mark:
    """A line across: of a limit (`y` pixels) or where a stage begins (`x` per cent)."""

    at: str
    label: str


@dataclass(frozen=True)
class Tick:
    """A label of an axis: `at` is per cent for x, pixels for y."""

    at: str
    label: str


@dataclass(frozen=True)
class Chart:
    """One drawing with all that is written into it."""

    title: str
    curves: tuple[Curve, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    limits: tuple[Mark, ...] = ()
    stages: tuple[Mark, ...] = ()
    high: int = HIGH
    wide: int = WIDE


@dataclass
class _Series:
    name: str
    kind: str
    points: Points
    area: bool = False


@dataclass
class _Frame:
    """What the curves of a drawing share: `x` gives a share of the width, 0 to 1."""

    title: str
    x: Callable[[float], float]
    across: tuple[Tick, ...]
    told: Callable[[float], str]
    """A place on the x axis for people."""
    stages: tuple[Mark, ...] = ()
    unit: str = ""
    limits: dict[str, float] = field(default_factory=dict)

    def draw(self, series: Sequence[_Series]) -> Chart | None:
        """The drawing; None where there is nothing to draw."""
        values = [y for one in series for _, y in one.points if y is not None]
        if not values or not (any(values) or self.limits):
            return None
        near = [most for most in self.limits.values() if most <= 4 * max(values)]
        top, step = _scale(max([*values, *near]))

        def y(value: float) -> float:
            return HIGH - (HIGH - _TOP) * value / top

        ticks = range(round(top / step) + 1)
        return Chart(
            title=self.title,
            curves=tuple(self._curve(one, y) for one in series),
            across=self.across,
            up=tuple(Tick(f"{y(n * step):.1f}", f"{n * step:g}{self.unit}") for n in ticks),
            limits=tuple(
                Mark(f"{y(most):.1f}", f"{name}: {most:g}{self.unit}")
                for name, most in self.limits.items()
                if most <= top
            ),
            stages=self.stages,
        )

    def _curve(self, series: _Series, y: Callable[[float], float]) -> Curve:
        parts: list[str] = []
        dots: list[Dot] = []
        pen = "M"
        for at, value in series.points:
            if value is None:
                continue  # the dots say where there is a value
            x = self.x(at)
            parts.append(f"{pen}{x * WIDE:.1f} {y(value):.1f}")
            words = f"{self.told(at)}: {series.name} {value:.3g}{self.unit}"
            dots.append(Dot(f"{x * 100:.2f}", f"{y(value):.1f}", words))
            pen = "L"
        path = "".join(parts)
        if series.area and dots:
            left, right = float(dots[0].x) * WIDE / 100, float(dots[-1].x) * WIDE / 100
            path += f"L{right:.1f} {HIGH}L{left:.1f} {HIGH}Z"
        return Curve(series.name, series.kind, path, tuple(dots))


def _scale(most: float) -> tuple[float, float]:
    """Where an axis ends that has to hold `most`, and its step: 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return 1.0, 1.0
    raw = most / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= raw - 1e-12)
    return math.ceil(most / step - 1e-9) * step, step


def charts_over_time(summary: LoadSummary) -> Iterator[Chart]:
    """One for each thing that was measured; each moment is drawn at its middle."""
    length, half = max(summary.length_s, 1e-9), summary.bin_s / 2
    step = next((s for s in _TIMES_S if length / s <= _MOST_TICKS), _TIMES_S[-1])
    across = tuple(
        Tick(f"{at / length * 100:.2f}", clock(at)) for at in range(0, int(length) + 1, step)
    )
    stages = tuple(
        Mark(f"{stage.start_s / length * 100:.2f}", f"stage {number}: {stage.words}")
        for number, stage in enumerate(summary.stages, 1)
        if stage.start_s is not None
    )

    def frame(title: str, unit: str = "", metric: str = "") -> _Frame:
        return _Frame(
            title,
            lambda at: min((at + half) / length, 1.0),
            across,
            clock,
            stages,
            unit,
            _limits(summary, metric),
        )

    def of(value: Callable[[Moment], float | None]) -> Points:
        return [(moment.at_s, value(moment)) for moment in summary.moments]

    def spread(part: Callable[[Moment], Spread]) -> list[_Series]:
        return [
            _Series("p50", "low", of(lambda moment: part(moment).p50)),
            _Series("p95", "high", of(lambda moment: part(moment).p95)),
        ]

    per_s = summary.bin_s
    calls = [_Series("on the line", "calls", of(lambda m: m.calls), area=True)]
    begun = [_Series("begun a second", "low", of(lambda m: m.begun / per_s))]
    wrong = [
        _Series("failed", "bad", of(lambda m: m.failed)),
        _Series("errors", "high", of(lambda m: m.errors)),
        _Series("dropped", "top", of(lambda m: m.dropped)),
    ]
    cpu = of(lambda m: None if m.cpu is None else m.cpu * 100)
    lag = of(lambda m: m.lag_ms)
    drawn = (
        frame("Calls on the line").draw(calls),
        frame("Calls that begin, a second").draw(begun),
        frame("Response latency", " s", "response_latency").draw(
            spread(lambda m: m.response_latency)
        ),
        frame("Time to connect", " s", "connect").draw(spread(lambda m: m.connect)),
        frame("Time to first word", " s", "first_word").draw(spread(lambda m: m.first_word)),
        frame(f"Not well, in {per_s:g} s").draw(wrong),
        frame("CPU of voicetest, of its cores", " %").draw([_Series("CPU", "low", cpu)]),
        frame("Latest wake-up of its event loops", " ms").draw([_Series("lag", "low", lag)]),
    )
    yield from (chart for chart in drawn if chart is not None)


def charts_by_level(summary: LoadSummary) -> Iterator[Chart]:
    """One for each thing that was measured, over the number of calls on the line."""
    highest = max([1, *(level.most for level in summary.levels)])

    def x(at: float) -> float:
        return at / highest

    def middle(level: LevelFigures) -> float:
        return (level.least + level.most) / 2

    _, step = _scale(highest)
    step = max(step, 1.0)
    across = tuple(
        Tick(f"{n * step / highest * 100:.2f}", f"{n * step:g}")
        for n in range(int(highest / step) + 1)
    )

    def frame(title: str, unit: str = "", metric: str = "") -> _Frame:
        limits = _limits(summary, metric)
        return _Frame(title, x, across, lambda at: f"{at:g} calls", (), unit, limits)

    def spread(part: Callable[[LevelFigures], Spread]) -> list[_Series]:
        return [
            _Series("p50", "low", [(middle(v), part(v).p50) for v in summary.levels]),
            _Series("p95", "high", [(middle(v), part(v).p95) for v in summary.levels]),
            _Series("p99", "top", [(middle(v), part(v).p99) for v in summary.levels]),
        ]

    def wrong(level: LevelFigures) -> float | None:
        of = level.figures
        return (of.failed + of.errors) / of.begun * 100 if of.begun else None

    shares = [_Series("failed or error", "bad", [(middle(v), wrong(v)) for v in summary.levels])]
    drawn = (
        frame("Response latency", " s", "response_latency").draw(
            spread(lambda v: v.figures.response_latency)
        ),
        frame("Time to connect", " s", "connect").draw(spread(lambda v: v.figures.connect)),
        frame("Time to first word", " s", "first_word").draw(
            spread(lambda v: v.figures.first_word)
        ),
        frame("Stop time", " s", "stop_time").draw(spread(lambda v: v.figures.stop_time)),
        frame("Calls that failed or had an error", " %").draw(shares),
    )
    yield from (chart for chart in drawn if chart is not None)


def _limits(summary: LoadSummary, metric: str) -> dict[str, float]:
    return {
        f"limit {limit.statistic}": limit.most
        for limit in summary.limits
        if limit.metric == metric and limit.unit == "s"
    }
