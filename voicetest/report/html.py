"""A run as one page that plays its recordings, works from a file, and asks nobody for anything."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from voicetest.audio.compressed import MEDIA_TYPE, compressed
from voicetest.audio.recording import UnreadableRecording
from voicetest.errors import SetupError
from voicetest.report.page_call import CallView, call_view, seconds
from voicetest.report.pages import asset, beside, policy, template
from voicetest.report.stored import StoredRun
from voicetest.version import __version__

__all__ = ["MOST_EMBEDDED", "html"]

MOST_EMBEDDED = 20_000_000
"""Bytes of a page that sound may take up: three quarters of an hour of two people at least."""
_FEW_CALLS = 3
"""Up to this many are shown open at once."""


@dataclass(frozen=True)
class _CaseView:
    name: str
    case: str | None
    where: str
    status: str
    reason: str
    calls: tuple[CallView, ...]


def html(run: StoredRun, target: Path, *, embed: bool = False, most: int = MOST_EMBEDDED) -> str:
    """The page to be written to `target`, from where it finds the recordings.

    With `embed` it carries them in itself, compressed, in at most `most` bytes; raises SetupError
    when they are too long.
    """
    few = len(run.calls) <= _FEW_CALLS
    embedded = _Embedded(most) if embed else None
    calls = []
    for number, call in enumerate(run.calls, 1):
        # A call that was never put through left a recording without any sound.
        played = call.recording if call.line.duration_s > 0 else None
        sound = None
        if played is not None:
            sound = beside(played, target) if embedded is None else embedded.source(played)
        calls.append(call_view(call, f"call-{number}", sound, few=few))
    css, script = asset("report.css"), asset("report.js")
    summary = run.summary
    return template(
        "report.html"
    ).render(
        version=__version__,
        policy=policy(css, script),
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


@dataclass
class _Embedded:
    """Recordings that a page carries in itself."""

    most: int
    size: int = 0
    """Bytes of the page that they take up so far."""

    def source(self, recording: Path) -> str:
        """The recording as an address; raises SetupError when there is no more room for it."""
        try:
            sound = base64.b64encode(compressed(recording)).decode()
        except (OSError, UnreadableRecording) as error:
            raise SetupError(f"{recording} cannot be put into the page: {error}") from error
        self.size += len(sound)
        if self.size > self.most:
            raise SetupError(
                f"the recordings take more than {self.most / 1e6:g} MB of the page, even "
                "compressed: leave --embed out and keep the page beside the run, or keep fewer "
                "with --keep failed"
            )
        return f"data:{MEDIA_TYPE};base64,{sound}"
