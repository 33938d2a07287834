"""A load as one page: verdicts, limits, curves over time and over the calls on the line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from voicetest.report.load_charts import charts_by_level, charts_over_time
from voicetest.report.load_summary import Figures, KeptCall, LoadSummary, Spread
from voicetest.report.load_text import clock, seconds
from voicetest.report.pages import asset, beside, policy, template
from voicetest.spending import dollars
from voicetest.version import __version__

__all__ = ["load_html"]

_PILLS = {
    "fine": "passed",
    "broken": "failed",
    "unknown": "error",
    "holds": "passed",
}
_MOST_KEPT = 200


@dataclass(frozen=True)
class _Row:
    """A line of a table of figures."""

    name: str
    about: str
    counts: tuple[tuple[int, str], ...]
    """Numbers of calls, each with what is said of it beside."""
    times: tuple[tuple[str, int], ...]
    """Median, p95 and p99 of each time, and of how many values."""


@dataclass(frozen=True)
class _Kept:
    """A call that is kept, and where its sound is."""

    call: KeptCall
    at: str
    sound: str | None
    folder: str


def load_html(summary: LoadSummary, folder: Path, target: Path) -> str:
    """The page to be written to `target`; recordings are below `folder`, where the load is."""
    css = asset("report.css") + asset("load.css")
    own = summary.keeping_time
    return template(
        "load.html"
    ).render(
        version=__version__,
        policy=policy(css),
        css=Markup(css),  # noqa: S704  # a file of this package
        summary=summary,
        started=summary.started_at[:19].replace("T", " ") + " UTC",
        length=clock(summary.length_s),
        command=" ".join(summary.command),
        cost="" if summary.cost_usd is None else dollars(summary.cost_usd),
        pills=_PILLS,
        over_time=tuple(charts_over_time(summary)),
        by_level=tuple(charts_by_level(summary)),
        stages=[
            _row(f"{number}. {stage.words}", _reached(stage.start_s), stage.figures)
            for number, stage in enumerate(summary.stages, 1)
        ]
        + [_row("all", "", summary.figures)],
        levels=[
            _row(_range(level.least, level.most), f"{level.seconds:.0f} s", level.figures)
            for level in summary.levels
        ],
        own=[
            ("calls in which it was late", f"{own.late_calls} of {summary.figures.begun}"),
            *((f"… {reason}", f"{calls}") for reason, calls in own.reasons.items()),
            ("lateness of frames: 99 % of the calls below", _ms(own.lateness_p99_ms)),
            ("latest frame", _ms(own.lateness_max_ms)),
            ("from due to dialled, 99 % below", _s(own.start_late_p99_s)),
            ("from due to dialled, the latest", _s(own.start_late_max_s)),
            ("CPU, mean and most", f"{_share(own.cpu_mean)}, {_share(own.cpu_max)} of its cores"),
            ("busiest event loop", f"{_share(own.busiest_max)} of a core"),
            ("seconds without CPU to spare", f"{own.saturated_s:g}"),
            *((f"dropped: {why}", f"{starts}") for why, starts in own.dropped.items()),
            ("calls lost with a worker", f"{own.lost_calls}"),
            ("engine", summary.engine),
        ],
        kept=[_kept(call, folder, target) for call in summary.kept[:_MOST_KEPT]],
    )


def _row(name: str, about: str, figures: Figures) -> _Row:
    return _Row(
        name,
        about,
        (
            (figures.begun, ""),
            (figures.connected, ""),
            (figures.ended_well, ""),
            (figures.failed, ""),
            (figures.errors, ", ".join(f"{kind} {n}" for kind, n in figures.kinds.items())),
            (figures.dropped, ""),
            (figures.late, ""),
        ),
        tuple(
            _times(spread)
            for spread in (
                figures.connect,
                figures.first_word,
                figures.response_latency,
                figures.stop_time,
            )
        ),
    )


def _times(spread: Spread) -> tuple[str, int]:
    three = (spread.p50, spread.p95, spread.p99)
    return (" / ".join(map(seconds, three)) if spread.n else "-"), spread.n


def _range(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"


def _reached(start_s: float | None) -> str:
    return "not reached" if start_s is None else f"from {clock(start_s)}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"


def _s(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f} s"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.0f}%"


def _kept(call: KeptCall, folder: Path, target: Path) -> _Kept:
    place = folder / call.folder
    recording = place / "recording.wav"
    sound = beside(recording, target) if recording.is_file() else None
    return _Kept(call, clock(call.at_s), sound, beside(place, target))
