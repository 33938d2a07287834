"""Loads every scenario of a run before anyone is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voicetest.errors import Problem, ScenarioError, SetupError
from voicetest.executor.plan import Plan, load, plan_file
from voicetest.scenario.cases import load_cases
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.masking import mask_all
from voicetest.speech.providers import Speech
from voicetest.spending import Spending
from voicetest.suite.select import select_files
from voicetest.suite.selection import Selection

__all__ = ["Findings", "Lacking", "load_all", "plan_all", "plan_each", "plan_files"]


@dataclass(frozen=True, eq=False)
class Lacking:
    """A case that cannot be run on this machine, which lacks what `reason` says."""

    shown: str
    """Its file, as it was given."""
    case: str | None
    reason: str
    file: ScenarioFile | None
    """None where not even its file can be read without what is lacking."""

    @classmethod
    def of(cls, file: ScenarioFile, reason: str) -> Lacking:
        """A case that was loaded; secrets in the reason are masked."""
        return cls(file.shown, file.shown_case, file.secrets.mask(reason), file)


@dataclass(frozen=True)
class Findings:
    """The cases of all files; `problems` are mistakes in files, `lacking` is for the set-up."""

    files: tuple[ScenarioFile, ...]
    problems: tuple[Problem, ...]
    lacking: tuple[Lacking, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What the set-up lacks, each once."""
        return tuple(dict.fromkeys(case.reason for case in self.lacking))

    def check(self) -> None:
        """Raise ScenarioError for mistakes, or else SetupError for what is missing."""
        if self.problems:
            raise ScenarioError(self.problems)
        if self.lacking:
            raise SetupError("\n".join(self.missing))


_NOTHING = Findings((), (), ())


def load_all(
    paths: Sequence[Path],
    variables: Mapping[str, str],
    check: Callable[[ScenarioFile], object] = lambda file: None,
) -> Findings:
    """Every case of every scenario; `check` may find more mistakes, as ScenarioError."""
    files: list[ScenarioFile] = []
    problems: list[Problem] = []
    lacking: list[Lacking] = []
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
                lacking.append(Lacking(case.document.shown, case.name, mask_all(str(error)), None))
            else:
                files.append(file)
        problems.extend(_of_cases(found, len(cases)))
    return Findings(tuple(files), tuple(problems), tuple(lacking))


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
) -> list[Plan | Lacking]:
    """A plan per case of the files of `paths` that is selected, or what it lacks.

    What is spent for them all is added to `spending`. Offline no environment variable is needed.
    Raises ScenarioError with the problems of all files.
    """
    found = load_all(paths, variables)
    files = found.files if selection is None else selection.choose(found.files)
    planned = plan_each(files, speech, clock, offline=offline, found=found, spending=spending)
    return [*found.lacking, *planned]


def plan_files(
    files: Iterable[ScenarioFile],
    speech: Speech,
    clock: str = "auto",
    *,
    offline: bool = False,
) -> list[Plan]:
    """A plan per case.

    Raises ScenarioError with the problems of all, or else SetupError for what is lacking.
    """
    found = plan_each(files, speech, clock, offline=offline)
    Findings((), (), tuple(case for case in found if isinstance(case, Lacking))).check()
    return [case for case in found if isinstance(case, Plan)]


def plan_each(
    files: Iterable[ScenarioFile],
    speech: Speech,
    clock: str = "auto",
    *,
    offline: bool = False,
    found: Findings = _NOTHING,
    spending: Spending | None = None,
) -> list[Plan | Lacking]:
    """A plan per case, or what it lacks; `found` is what is wrong already.

    Raises what `plan_all` does.
    """
    cases: list[Plan | Lacking] = []
    problems = list(found.problems)
    for file in files:
        try:
            planned = plan_file(file, speech, clock, offline=offline, spending=spending)
        except ScenarioError as error:
            problems.extend(error.problems)
        except SetupError as error:
            cases.append(Lacking.of(file, str(error)))
        else:
            missing = () if offline or file.scenario.skip is not None else _missing(planned)
            cases.append(Lacking.of(file, "\n".join(missing)) if missing else planned)
    if problems:
        raise ScenarioError(problems)
    return cases


def _missing(planned: Plan) -> tuple[str, ...]:
    """What the environment lacks for a call that is not simulated."""
    lacks = (f"{planned.file.shown}: {lack}" for lack in planned.missing)
    return (*map(str, planned.file.unset), *lacks)
