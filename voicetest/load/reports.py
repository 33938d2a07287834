"""The reports of a load, checked before it and written after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from voicetest.errors import SetupError
from voicetest.report.load_junit import load_junit
from voicetest.report.load_summary import LoadSummary
from voicetest.report.target import check_target, write_report

__all__ = ["PAGE", "LoadReports"]

PAGE = "load.html"


@dataclass(frozen=True)
class LoadReports:
    """Which are written, and where."""

    junit: Path | None = None
    html: Path | None = None
    """In the load's folder where it is not given."""
    page: bool = True
    """Whether there is a page."""

    def check(self) -> None:
        """Raises SetupError, before anyone is called, for what could not be written."""
        targets = [target for target in (self.junit, self.html) if target is not None]
        for target in targets:
            check_target(target)
        if len({target.resolve() for target in targets}) < len(targets):
            raise SetupError(f"--html and --junit are both {targets[0]}: name two files")

    def write(self, summary: LoadSummary, folder: Path) -> Iterator[Path]:
        """Write them, and say where; raises SetupError when that cannot be done."""
        if self.page:
            # jinja2 is slow to import, and only the page needs it.
            from voicetest.report.load_html import load_html

            page = self.html or folder / PAGE
            write_report(page, load_html(summary, folder, page))
            yield page
        if self.junit is not None:
            write_report(self.junit, load_junit(summary))
            yield self.junit
