"""One call of a suite as a value that another process can carry out."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.errors import Problem, ScenarioError
from voicetest.executor.border import Border
from voicetest.executor.made import Made
from voicetest.executor.plan import Plan, load, plan_file
from voicetest.executor.shared_loop import SharedLoops
from voicetest.report.keeping import ALL, Keeping
from voicetest.report.progress import Narrator, Notice
from voicetest.run import call, finish
from voicetest.scenario.cases import load_cases
from voicetest.scenario.load import ScenarioFile
from voicetest.speech.providers import Speech
from voicetest.spending import Spending
from voicetest.suite.telling import Telling

__all__ = ["Errand", "Unfinished", "carry_out", "finish_only", "make_only"]


@dataclass(frozen=True)
class Errand:
    """Which call is to be made, how, and where what it leaves goes."""

    call: int
    path: Path
    case: str | None
    variables: Mapping[str, str]
    clock: str
    offline: bool
    later_seed: int
    """What is added to the scenario's seed."""
    folder: Path
    verbose: bool
    max_cost_usd: float | None = None
    """What the whole run may cost."""
    spent_usd: float = 0.0
    """What it has cost before this call."""
    keeping: Keeping = ALL
    """Which of its sound stays."""


@dataclass(frozen=True)
class Unfinished:
    """A call that was made, for whichever process finishes it; those between need not unpack it."""

    packed: bytes
    """The scenario file as it was loaded for the call, and what was made, pickled."""
    waits: bool
    """Whether there is somebody to be waited for, such as a judge."""

    @classmethod
    def of(cls, file: ScenarioFile, made: Made, *, offline: bool) -> Unfinished:
        """A call of a scenario."""
        waits = file.scenario.judge is not None and not offline
        return cls(pickle.dumps((file, made)), waits)

    def unpacked(self) -> tuple[ScenarioFile, Made]:
        """What went in."""
        file, made = pickle.loads(self.packed)  # noqa: S301  # our own
        return file, made


def carry_out(
    errand: Errand,
    speech: Speech,
    tell: Callable[[Notice], None],
    interruption: Interruption,
    loops: SharedLoops | None = None,
) -> Result:
    """Make the call, from the thread of the caller; whatever goes wrong is in the result."""
    border = Border("planning", interruption)
    with border:
        planned = _planned(errand, _load(errand), speech)
        narrator = _narrator(errand, planned, tell)
        made = call(planned, errand.folder, narrator, interruption, loops)
        return finish(planned, errand.folder, made, narrator, interruption, errand.keeping)
    return border.outcome(None)


def make_only(
    errand: Errand,
    speech: Speech,
    tell: Callable[[Notice], None],
    interruption: Interruption,
    loops: SharedLoops | None,
) -> Unfinished | Result:
    """Make the call, on one of the `loops` if it may, and leave the rest to `finish_only`.

    A call that could not begin has its result at once.
    """
    border = Border("planning", interruption)
    with border:
        file = _load(errand)
        planned = _planned(errand, file, speech)
        narrator = _narrator(errand, planned, tell)
        made = call(planned, errand.folder, narrator, interruption, loops)
        return Unfinished.of(file, made, offline=errand.offline)
    return border.outcome(None)


def finish_only(
    errand: Errand,
    unfinished: Unfinished,
    speech: Speech,
    tell: Callable[[Notice], None],
    interruption: Interruption,
) -> Result:
    """Listen to a call that was made, judge it, and write it down, as `carry_out` does.

    What was spent and learned in it counts as if it had been made here. The scenario is that of the
    call, whatever has become of its file.
    """
    border = Border("planning", interruption)
    with border:
        file, made = unfinished.unpacked()
        planned = _planned(errand, file, speech)
        made.taken_up(planned)
        narrator = _narrator(errand, planned, tell)
        return finish(planned, errand.folder, made, narrator, interruption, errand.keeping)
    return border.outcome(None)


_PLANNING = threading.Lock()
"""Held while a call is planned: what that imports for the first time is imported by one thread."""


def _planned(errand: Errand, file: ScenarioFile, speech: Speech) -> Plan:
    spending = Spending(errand.max_cost_usd, "--max-cost", before_usd=errand.spent_usd)
    with _PLANNING:
        return plan_file(file, speech, errand.clock, offline=errand.offline, spending=spending)


def _narrator(errand: Errand, planned: Plan, tell: Callable[[Notice], None]) -> Narrator:
    mask = planned.file.secrets.mask_value
    return Narrator(errand.call, mask, Telling().by(tell), verbose=errand.verbose)


def _load(errand: Errand) -> ScenarioFile:
    cases = load_cases(errand.path, errand.variables)
    file = next((load(c, errand.variables) for c in cases if c.name == errand.case), None)
    if file is None:
        raise ScenarioError([_gone(errand)])
    seed = file.scenario.seed + errand.later_seed
    return replace(file, scenario=file.scenario.model_copy(update={"seed": seed}))


def _gone(errand: Errand) -> Problem:
    return Problem(str(errand.path), 0, 0, f"the case '{errand.case}' is no longer there")
