"""The reports that are asked for beside a run, checked before it and written after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from voicetest.errors import SetupError
from voicetest.report.github import append_summary, workflow_commands
from voicetest.report.junit import junit
from voicetest.report.stored import StoredRun
from voicetest.report.target import check_target, write_report

__all__ = ["Reports"]


@dataclass(frozen=True)
class Reports:
    """Which reports of a run are written, and where."""

    junit: Path | None = None
    html: Path | None = None
    embed: bool = False
    """Whether the page carries the recordings in itself."""
    github: bool = False
    """Whether this is a step of GitHub Actions, which wants annotations and a summary."""

    def check(self) -> None:
        """Raises SetupError, before anyone is called, for what could not be written."""
        if self.embed and self.html is None:
            raise SetupError("--embed is about the page: name one with --html")
        for target in (self.junit, self.html):
            if target is not None:
                check_target(target)

    def write(self, run: StoredRun, tell: Callable[[str], None]) -> list[Path]:
        """Write them all and return the files; `tell` prints a line for GitHub Actions to see."""
        self.check()
        written = []
        if self.junit is not None:
            write_report(self.junit, junit(run))
            written.append(self.junit)
        if self.html is not None:
            # jinja2 is slow to import, and only the page needs it.
            from voicetest.report.html import html

            write_report(self.html, html(run, self.html, embed=self.embed))
            written.append(self.html)
        if self.github:
            append_summary(run)
            for line in workflow_commands(run):
                tell(line)
        return written
