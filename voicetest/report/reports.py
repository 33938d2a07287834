"""The reports that are asked for beside a run, checked before it and written after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from voicetest.call.record import CallError
from voicetest.errors import ExitCode, SetupError
from voicetest.executor.border import Border
from voicetest.report.github import append_summary, workflow_commands
from voicetest.report.junit import junit
from voicetest.report.stored import StoredRun, load_run
from voicetest.report.summary import code_of, overall
from voicetest.report.target import check_target, write_report

__all__ = ["Reports", "Written"]


@dataclass(frozen=True)
class Written:
    """Which reports were written, and what became of the others."""

    files: tuple[Path, ...]
    errors: tuple[CallError, ...]

    @property
    def told(self) -> list[str]:
        """A line of each for people."""
        lines = [f"report: {path}" for path in self.files]
        for error in self.errors:
            lines += (error.traceback or error.message).splitlines()
        return lines

    def exit_code(self, of_run: int) -> ExitCode:
        """That of a run after its reports: the more urgent one."""
        return overall([of_run, *(code_of(error.kind) for error in self.errors)])


@dataclass(frozen=True)
class Reports:
    """Which reports of a run are written, and where."""

    junit: Path | None = None
    html: Path | None = None
    embed: bool = False
    """Whether the page carries the recordings in itself."""
    github: bool = False
    """Whether this is a step of GitHub Actions, which wants annotations and a summary."""

    @property
    def wanted(self) -> bool:
        """Whether there is anything to write."""
        return self.junit is not None or self.html is not None or self.github

    def check(self) -> None:
        """Raises SetupError, before anyone is called, for what could not be written."""
        if self.embed and self.html is None:
            raise SetupError("--embed is about the page: name one with --html")
        targets = [target for target in (self.junit, self.html) if target is not None]
        for target in targets:
            check_target(target)
        if len({target.resolve() for target in targets}) < len(targets):
            raise SetupError(f"--html and --junit are both {targets[0]}: name two files")

    def render(self, folder: Path, tell: Callable[[str], None]) -> Written:
        """Write those of the run in `folder`; `tell` prints a line for GitHub Actions to see.

        Each is on its own: what one of them meets is in what is returned.
        """
        with Border("loading the run") as border:
            return self.write(load_run(folder, force=True), tell)
        return Written((), _errors(border))

    def write(self, run: StoredRun, tell: Callable[[str], None]) -> Written:
        """The same of a run that is loaded."""
        files: list[Path] = []
        errors: list[CallError] = []
        for target, text in ((self.junit, _junit), (self.html, self._html)):
            if target is None:
                continue
            with Border("writing a report") as border:
                write_report(target, text(run, target))
                files.append(target)
            errors += _errors(border)
        for step in (append_summary, lambda run: _annotate(run, tell)) if self.github else ():
            with Border("telling GitHub") as border:
                step(run)
            errors += _errors(border)
        return Written(tuple(files), tuple(errors))

    def _html(self, run: StoredRun, target: Path) -> str:
        # jinja2 is slow to import, and only the page needs it.
        from voicetest.report.html import html

        return html(run, target, embed=self.embed)


def _junit(run: StoredRun, _: Path) -> str:
    return junit(run)


def _annotate(run: StoredRun, tell: Callable[[str], None]) -> None:
    for line in workflow_commands(run):
        tell(line)


def _errors(border: Border) -> tuple[CallError, ...]:
    return () if border.error is None else (border.error,)
