"""A run as one page that plays its recordings, works from a file, and asks nobody for anything."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from voicetest.errors import SetupError
from voicetest.report.page_call import CallView, call_view, seconds
from voicetest.report.stored import StoredRun
from voicetest.shown import shown_lines
from voicetest.version import __version__

__all__ = ["MOST_EMBEDDED", "html"]

MOST_EMBEDDED = 20_000_000
"""Bytes of sound that one page may carry in itself."""
_FEW_CALLS = 3
"""Up to this many are shown open at once."""
_PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True)
class _CaseView:
    name: str
    case: str | None
    where: str
    status: str
    reason: str
    calls: tuple[CallView, ...]


def html(run: StoredRun, target: Path, *, embed: bool = False) -> str:
    """The page to be written to `target`, from where it finds the recordings.

    With `embed` it carries them in itself; raises SetupError for more than 20 MB of them.
    """
    if embed:
        _refuse_too_much(run)
    few = len(run.calls) <= _FEW_CALLS
    calls = []
    for number, call in enumerate(run.calls, 1):
        # A call that was never put through left a recording without any sound.
        played = call.recording if call.line.duration_s > 0 else None
        sound = None if played is None else _source(played, target, embed=embed)
        calls.append(call_view(call, f"call-{number}", sound, few=few))
    css, script = _asset("report.css"), _asset("report.js")
    summary = run.summary
    return _template().render(
        version=__version__,
        policy=_policy(css, script),
        title=f"voicetest: {_totals(summary.totals)}",
        css=Markup(css),  # noqa: S704  # a file of this package
        script=Markup(script),  # noqa: S704  # a file of this package
        totals=sorted(summary.totals.items()),
        started=summary.started_at[:19].replace("T", " ") + " UTC",
        length=seconds(sum(call.line.duration_s for call in run.calls), 1) + " s",
        exit_code=summary.exit_code,
        command=" ".join(summary.command),
        warned=[call for call in calls if call.warnings],
        cases=tuple(_cases(run, calls)),
        calls=calls,
    )


def _totals(totals: dict[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in totals.items()) or "nothing ran"


def _cases(run: StoredRun, views: list[CallView]) -> Iterator[_CaseView]:
    for case in run.summary.cases:
        calls = tuple(
            view
            for call, view in zip(run.calls, views, strict=True)
            if (call.line.file, call.line.case) == (case.file, case.case)
        )
        yield _CaseView(case.name, case.case, case.where, case.status, case.reason, calls)


def _refuse_too_much(run: StoredRun) -> None:
    sizes = [call.recording.stat().st_size for call in run.calls if call.recording is not None]
    if sum(sizes) > MOST_EMBEDDED:
        raise SetupError(
            f"the recordings have {sum(sizes) / 1e6:.0f} MB together, and --embed takes up to "
            f"{MOST_EMBEDDED / 1e6:.0f} MB: leave it out and keep the page beside the run"
        )


def _source(recording: Path, target: Path, *, embed: bool) -> str:
    if embed:
        return "data:audio/wav;base64," + base64.b64encode(recording.read_bytes()).decode()
    try:
        path = os.path.relpath(recording.resolve(), target.parent.resolve())
    except ValueError:  # on another drive
        return recording.resolve().as_uri()
    return quote(Path(path).as_posix())


def _policy(css: str, script: str) -> str:
    """Nothing but our own style and script is run, even if something were not escaped."""
    style_hash, script_hash = (
        base64.b64encode(sha256(text.encode()).digest()).decode() for text in (css, script)
    )
    return (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; "
        "media-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )


def _as_shown(value: object) -> object:
    """What is put into the page, whatever it is; line breaks are spaces to it."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return shown_lines(value)


@cache
def _asset(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_as_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
