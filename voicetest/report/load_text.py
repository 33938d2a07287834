"""A load in lines of text: while it goes on, and when it is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voicetest.report.load_summary import Figures, LimitLine, LoadSummary, Spread
from voicetest.spending import dollars

__all__ = ["brief", "clock", "result_lines", "seconds"]

_SIGNS = {"holds": "ok", "broken": "BROKEN", "unknown": "unknown"}
_VERDICTS = {
    "agent": {"fine": "PASSED", "broken": "FAILED", "unknown": "INCONCLUSIVE"},
    "own": {"fine": "in time", "broken": "NOT AS ASKED", "unknown": "partly late"},
}
_MOST_ERRORS = 8


def seconds(value: float | None) -> str:
    """A time for people, such as 0.73."""
    return "-" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def clock(value: float) -> str:
    """A length for people, such as 2:05."""
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def times(spread: Spread) -> str:
    """Median, p95 and p99 with n."""
    if not spread.n:
        return "-"
    found = (spread.p50, spread.p95, spread.p99)
    return f"{' / '.join(map(seconds, found))} s (n {spread.n})"


def counts(figures: Figures) -> str:
    """How many calls there were of each kind."""
    told = [
        f"begun {figures.begun}",
        f"well {figures.ended_well}",
        f"failed {figures.failed}",
        f"errors {figures.errors}{_kinds(figures)}",
        f"dropped {figures.dropped}",
    ]
    return ", ".join(told + ([f"late {figures.late}"] if figures.late else []))


def _kinds(figures: Figures) -> str:
    told = ", ".join(f"{kind} {calls}" for kind, calls in figures.kinds.items())
    return f" ({told})" if told else ""


def brief(figures: Figures) -> str:
    """The figures of some calls on one line."""
    return f"{counts(figures)}; response {times(figures.response_latency)}"


def result_lines(summary: LoadSummary) -> Iterator[str]:
    """What came of a load, for people."""
    yield f"{_VERDICTS['agent'][summary.agent.status]}  the agent: {summary.agent.reason}"
    yield f"{_VERDICTS['own'][summary.own.status]}  voicetest: {summary.own.reason}"
    for number, stage in enumerate(summary.stages, 1):
        yield f"stage {number}, {stage.words}"
        if stage.start_s is None:
            yield "  was not reached"
            continue
        figures = stage.figures
        yield f"  {counts(figures)}"
        yield from _time_lines(figures)
    yield from map(_limit_line, summary.limits)
    yield from _error_lines(summary)
    cost = "" if summary.cost_usd is None else f", {dollars(summary.cost_usd)}"
    yield f"{clock(summary.length_s)} of load{cost}  →  {summary.folder}"


def _time_lines(figures: Figures) -> Iterator[str]:
    """The times that were measured: median, p95 and p99."""
    named: Sequence[tuple[str, Spread]] = (
        ("connect", figures.connect),
        ("first word", figures.first_word),
        ("response latency", figures.response_latency),
        ("stop time", figures.stop_time),
    )
    for name, spread in named:
        if spread.n:
            few = "; few: p95 is the largest" if spread.n < 20 else ""
            yield f"  {name:16} p50 / p95 / p99  {times(spread)}{few}"


def _limit_line(limit: LimitLine) -> str:
    usual = " (usual)" if limit.usual else ""
    return f"  {_SIGNS[limit.status]:7} {limit.name}{usual}: {limit.words}"


def _error_lines(summary: LoadSummary) -> Iterator[str]:
    for error in summary.errors[:_MOST_ERRORS]:
        yield f"  {error.calls} x {error.kind}: {error.message}"
    more = len(summary.errors) - _MOST_ERRORS
    if more > 0:
        yield f"  and {more} other reasons, in load.json"
