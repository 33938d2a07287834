"""Writes down what a run sets out to call, for the case that it cannot say what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path

from voicetest.errors import ExitCode
from voicetest.executor.plan import Plan
from voicetest.file_name import readable
from voicetest.report.begun import BEGUN, Begun, BegunCase, BegunRun
from voicetest.report.call import scenario_info
from voicetest.report.folder import write_atomically
from voicetest.report.left import left_behind
from voicetest.report.left_call import Why
from voicetest.report.manifest import ScenarioInfo
from voicetest.report.summary import CaseLine, ScenarioLine
from voicetest.suite.lines import left_out, left_out_line

__all__ = ["Beginning", "leave"]


class Beginning(AbstractContextManager["Beginning"]):
    """What a run sets out to call; where it cannot be written, the run goes on without."""

    def __init__(self, folder: Path, command: Sequence[str], started: datetime) -> None:
        self._folder = folder
        self._begun: Begun | None = None
        """None where it cannot be written; set once."""
        with suppress(OSError):
            run = BegunRun(command=tuple(map(readable, command)), started_at=started.isoformat())
            self._begun = Begun(folder, run)

    def call(self, planned: Plan, folders: str, calls: int) -> None:
        """So many calls of a case are to be made, in folders that begin like this."""
        file = planned.file
        info = file.secrets.mask_value(scenario_info(file).model_dump())
        self._add(
            BegunCase(
                folders=folders,
                case=left_out(file, calls, ""),
                line=left_out_line(file, ""),
                scenario=ScenarioInfo.model_validate(info),
                clock=planned.clock.value,
            )
        )

    def no_call(self, line: ScenarioLine, case: CaseLine) -> None:
        """No call is made of a case, of which this is said."""
        self._add(BegunCase(folders=None, case=case, line=line))

    def _add(self, case: BegunCase) -> None:
        if self._begun is not None:
            with suppress(OSError):
                self._begun.add(case)

    def forget(self) -> None:
        """There is no run after all."""
        self.close()
        with suppress(OSError):
            (self._folder / BEGUN).unlink()

    def close(self) -> None:
        """The run is over."""
        if self._begun is not None:
            with suppress(OSError):  # what had no room before has none now
                self._begun.close()

    def __exit__(self, *failure: object) -> None:
        self.close()


def leave(folder: Path, by: str, code: ExitCode) -> None:
    """Write run.json from what is there, for a run that `by` ends as it is."""
    if not (folder / "run.json").exists():
        summary = left_behind(folder, Why(f"interrupted by {by}", code))
        write_atomically(folder / "run.json", summary.as_json())
