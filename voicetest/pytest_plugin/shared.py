"""One run folder for all processes of a pytest run: pytest-xdist starts several of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from voicetest.report.github import in_actions
from voicetest.report.reports import Reports
from voicetest.report.summary import CaseLine, ScenarioLine
from voicetest.shown import shown_lines
from voicetest.suite.ledger import Held, Ledger

__all__ = ["SHARED", "Gathering", "Told", "reports_of", "write_reports"]


SHARED = "voicetest_run"
"""What pytest-xdist's `workerinput` has the folder of the run under, and a report its `Told`."""


class Told(BaseModel):
    """A case that another process held; `command` is as that one masked it."""

    model_config = ConfigDict(frozen=True)

    case: CaseLine
    lines: tuple[ScenarioLine, ...]
    command: tuple[str, ...]

    @classmethod
    def of(cls, held: Held, command: list[str]) -> Told:
        """What is told of a case."""
        return cls(case=held.case, lines=held.lines, command=tuple(command))


class Gathering:
    """The results of all processes, in the one that started them, which makes no call itself."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self.told: list[str] = []
        """What is said at the end of the run."""
        self._reports = reports_of(config)
        self._ledger = Ledger.of(folder)

    def take_in(self, told: str) -> None:
        """Add a case, as JSON."""
        case = Told.model_validate_json(told)
        self._ledger.add(case.case, case.lines, case.command)

    def finish(self) -> None:
        """Write run.json and the reports."""
        self._ledger.close()
        self.told += write_reports(self._ledger.folder, self._reports)


def reports_of(config: pytest.Config) -> Reports:
    """The reports that the options ask for."""
    junit, html = (config.getoption(f"voicetest_{name}") for name in ("junit", "html"))
    return Reports(
        None if junit is None else Path(junit),
        None if html is None else Path(html),
        config.getoption("voicetest_embed"),
        in_actions(),
    )


def write_reports(folder: Path, reports: Reports) -> list[str]:
    """Write the reports of a run that is over; gives what is to be said of it."""
    told = [f"calls: {folder}"]
    written = reports.render(folder, told.append)
    return [*told, *(line for text in written.told for line in shown_lines(text).split("\n"))]
