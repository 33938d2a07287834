"""The scenarios of a load, planned, each with its part of the calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from voicetest.errors import SetupError
from voicetest.executor.plan import Plan
from voicetest.load.request import LoadRequest
from voicetest.speech.providers import Speech
from voicetest.suite.plan import Findings, Lacking, plan_all
from voicetest.suite.select import select_files

__all__ = ["Shared", "shared_plans"]


@dataclass(frozen=True)
class Shared:
    """A scenario, or one case of it, and its part of all calls, 0 to 1."""

    plan: Plan
    share: float


def shared_plans(
    request: LoadRequest, speech: Speech, warn: Callable[[str], object]
) -> list[Shared]:
    """All that is to be called, on the real clock; the cases of a file share its part equally.

    Raises ScenarioError with the mistakes of all files, or SetupError for what is lacking.
    """
    of_file = _by_file(request)
    found = plan_all(list(of_file), request.variables, speech, "real", offline=request.offline)
    Findings((), (), tuple(case for case in found if isinstance(case, Lacking))).check()
    plans = [case for case in found if isinstance(case, Plan)]
    for warning in dict.fromkeys(w for planned in plans for w in planned.file.warnings):
        warn(str(warning))
    for planned in plans:
        if planned.file.scenario.skip is not None:
            warn(f"{planned.file.where('skip')}: it is to be skipped, and is not called")
    plans = [planned for planned in plans if planned.file.scenario.skip is None]
    if not plans:
        raise SetupError("there is no scenario to call")
    cases = Counter(planned.file.path.resolve() for planned in plans)
    parts = {path.resolve(): part for path, part in of_file.items()}
    shares = [parts[p.file.path.resolve()] / cases[p.file.path.resolve()] for p in plans]
    total = sum(shares)
    return [Shared(planned, share / total) for planned, share in zip(plans, shares, strict=True)]


def _by_file(request: LoadRequest) -> dict[Path, float]:
    """The part of each file; the files of a folder share that of the folder equally."""
    found: dict[Path, float] = {}
    for path, part in request.scenarios:
        files = select_files([path])
        for file in files:
            share = 1.0 if part is None else part / len(files)
            found[file] = found.get(file, 0.0) + share
    return found
