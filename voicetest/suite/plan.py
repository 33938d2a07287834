"""Loads every scenario of a run before anyone is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voicetest.errors import Problem, ScenarioError, SetupError
from voicetest.executor.plan import Plan, load, plan_file
from voicetest.scenario.cases import load_cases
from voicetest.scenario.load import ScenarioFile
from voicetest.speech.providers import Speech
from voicetest.spending import Spending
from voicetest.suite.select import select_files
from voicetest.suite.selection import Selection

__all__ = ["Findings", "load_all", "plan_all", "plan_files"]


@dataclass(frozen=True)
class Findings:
    """The cases of all files; `problems` are mistakes in files, `missing` is for the set-up."""

    files: tuple[ScenarioFile, ...]
    problems: tuple[Problem, ...]
    missing: tuple[str, ...]

    def check(self) -> None:
        """Raise ScenarioError for mistakes, or else SetupError for what is missing."""
        if self.problems:
            raise ScenarioError(self.problems)
        if self.missing:
            raise SetupError("\n".join(dict.fromkeys(self.missing)))


_NOTHING = Findings((), (), ())


def load_all(
    paths: Sequence[Path],
    variables: Mapping[str, str],
    check: Callable[[ScenarioFile], object] = lambda file: None,
) -> Findings:
    """Every case of every scenario; `check` may find more mistakes, as ScenarioError."""
    files: list[ScenarioFile] = []
    problems: list[Problem] = []
    missing: list[str] = []
    for path in select_files(paths):
        try:
            cases = load_cases(path, variables)
        except ScenarioError as error:
            problems.extend(error.problems)
            continue
        found: dict[str | None, Sequence[Problem]] = {}
        for case in cases:
            try:
                file = load(case, variables)
                check(file)
            except ScenarioError as error:
                found[case.name] = error.problems
            except SetupError as error:
                missing.append(str(error))
            else:
                files.append(file)
        problems.extend(_of_cases(found, len(cases)))
    return Findings(tuple(files), tuple(problems), tuple(missing))


def _of_cases(found: Mapping[str | None, Sequence[Problem]], cases: int) -> Iterable[Problem]:
    """Each problem once; one that not all cases have says where it was found first."""
    holders: dict[Problem, list[str | None]] = {}
    for name, problems in found.items():
        for problem in problems:
            holders.setdefault(problem, []).append(name)
    for problem, names in holders.items():
        if len(names) == cases:
            yield problem
        else:
            yield replace(problem, message=f"{problem.message} (in case {names[0]})")


def plan_all(
    paths: Sequence[Path],
    variables: Mapping[str, str],
    speech: Speech,
    clock: str = "auto",
    *,
    offline: bool = False,
    selection: Selection | None = None,
    spending: Spending | None = None,
) -> list[Plan]:
    """A plan per case of the files of `paths` that is selected.

    What is spent for them all is added to `spending`.

    Offline no environment variable is needed.
    Raises ScenarioError with the problems of all files, or else SetupError for what the
    environment lacks.
    """
    found = load_all(paths, variables)
    files = found.files if selection is None else selection.choose(found.files)
    return plan_files(files, speech, clock, offline=offline, found=found, spending=spending)


def plan_files(
    files: Iterable[ScenarioFile],
    speech: Speech,
    clock: str = "auto",
    *,
    offline: bool = False,
    found: Findings = _NOTHING,
    spending: Spending | None = None,
) -> list[Plan]:
    """A plan per case; `found` is what is wrong already. Raises what `plan_all` does.

    What is spent for them all is added to `spending`.
    """
    plans: list[Plan] = []
    problems = list(found.problems)
    missing = list(found.missing)
    for file in files:
        try:
            plans.append(plan_file(file, speech, clock, offline=offline, spending=spending))
        except ScenarioError as error:
            problems.extend(error.problems)
        except SetupError as error:
            missing.append(str(error))
    if not offline:
        for planned in plans:
            if planned.file.scenario.skip is not None:
                continue
            missing.extend(str(unset) for unset in planned.file.unset)
            missing.extend(f"{planned.file.shown}: {lack}" for lack in planned.missing)
    Findings((), tuple(problems), tuple(missing)).check()
    return plans
