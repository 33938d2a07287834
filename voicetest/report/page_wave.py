"""The drawing of one call: sound, turns, events and a scale, as shares of its length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voicetest.checks.result import Turn
from voicetest.report.manifest import Manifest
from voicetest.report.waveform import HEIGHT, waveform

__all__ = ["Drawing", "Lane", "Mark", "Span", "Tick", "draw"]

_LANE_HIGH = 48
"""Height of a lane on the page, in pixels."""
_MOST_TICKS = 8
_TICK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600)


@dataclass(frozen=True)
class Span:
    """A turn; `x` and `width` are per cent of the call."""

    x: str
    width: str
    label: str


@dataclass(frozen=True)
class Lane:
    """One channel; `box` is the height in which its path is drawn."""

    by: str
    y: int
    high: int
    box: int
    path: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Mark:
    """An event; `x` is per cent of the call."""

    x: str
    kind: str
    label: str


@dataclass(frozen=True)
class Tick:
    """A time on the scale; `x` is per cent of the call."""

    x: str
    label: str


@dataclass(frozen=True)
class Drawing:
    """Both lanes with what lies on them."""

    columns: int
    high: int
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]


def draw(
    recording: Path, found: Manifest, events: Sequence[tuple[float, str, str]]
) -> Drawing | None:
    """Draw a call with `(at, kind, label)` of its events; None without sound to draw."""
    length = found.duration_s
    outline = waveform(recording, length)
    if outline is None or length <= 0:
        return None
    paths = (("user", outline.user), ("agent", outline.agent))
    lanes = tuple(
        Lane(by, row * (_LANE_HIGH + 4), _LANE_HIGH, HEIGHT, path, _spans(found.turns, by, length))
        for row, (by, path) in enumerate(paths)
    )
    failed = [
        (check.at_s, "check", f"{check.name}: {check.actual}")
        for check in found.checks
        if check.at_s is not None and not check.passed
    ]
    marks = tuple(
        Mark(_share(at, length), kind, f"{at:.2f} s {label}")
        for at, kind, label in [*events, *failed]
        if 0 <= at <= length
    )
    high = 2 * _LANE_HIGH + 4
    return Drawing(outline.columns, high, lanes, marks, tuple(_ticks(length)))


def _spans(turns: Sequence[Turn], by: str, length: float) -> tuple[Span, ...]:
    return tuple(
        Span(
            _share(turn.start_s, length),
            _share(turn.end_s - turn.start_s, length),
            f"{turn.start_s:.2f} to {turn.end_s:.2f} s {by}: {turn.transcript[:100]}",
        )
        for turn in turns
        if turn.by == by
    )


def _share(at: float, length: float) -> str:
    return f"{max(100 * at / length, 0.0):.2f}"


def _ticks(length: float) -> list[Tick]:
    step = next((s for s in _TICK_STEPS if length / s <= _MOST_TICKS), _TICK_STEPS[-1])
    times = range(step, int(length) + 1, step)
    return [
        Tick(_share(at, length), f"{at // 60}:{at % 60:02}")
        for at in times
        if at <= length - step / 4
    ]
