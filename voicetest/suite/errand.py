"""One call of a suite as a value that another process can carry out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.errors import Problem, ScenarioError
from voicetest.executor.border import Border
from voicetest.executor.plan import load, plan_file
from voicetest.executor.shared_loop import SharedLoops
from voicetest.report.keeping import ALL, Keeping
from voicetest.report.progress import Narrator, Notice
from voicetest.run import run
from voicetest.scenario.cases import load_cases
from voicetest.scenario.load import ScenarioFile
from voicetest.speech.providers import Speech
from voicetest.spending import Spending
from voicetest.suite.telling import Telling

__all__ = ["Errand", "carry_out"]


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
        file = _load(errand)
        spending = Spending(errand.max_cost_usd, "--max-cost", before_usd=errand.spent_usd)
        planned = plan_file(file, speech, errand.clock, offline=errand.offline, spending=spending)
        mask = planned.file.secrets.mask_value
        telling = Telling().by(tell)
        narrator = Narrator(errand.call, mask, telling, verbose=errand.verbose)
        return run(planned, errand.folder, narrator, interruption, errand.keeping, loops)
    return border.outcome(None)


def _load(errand: Errand) -> ScenarioFile:
    cases = load_cases(errand.path, errand.variables)
    file = next((load(c, errand.variables) for c in cases if c.name == errand.case), None)
    if file is None:
        raise ScenarioError([_gone(errand)])
    seed = file.scenario.seed + errand.later_seed
    return replace(file, scenario=file.scenario.model_copy(update={"seed": seed}))


def _gone(errand: Errand) -> Problem:
    return Problem(str(errand.path), 0, 0, f"the case '{errand.case}' is no longer there")
