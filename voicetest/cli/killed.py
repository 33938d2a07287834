"""Says of a run that it was killed, before anything else is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicetest.cli.printing import say
from voicetest.errors import ExitCode

if TYPE_CHECKING:
    from voicetest.report.stored import StoredRun

__all__ = ["say_if_killed"]


def say_if_killed(run: StoredRun) -> None:
    """A warning on standard error, if it was."""
    if run.summary.exit_code == ExitCode.KILLED:
        cut = sum(line.exit_code == ExitCode.KILLED for line in run.summary.scenarios)
        calls = "1 call was" if cut == 1 else f"{cut} calls were"
        say(
            f"warning: the run {run.folder} was killed: this is what it left; {calls} not over",
            err=True,
        )
