"""Loads every scenario of a run before anyone is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from voicetest.errors import Problem, ScenarioError, SetupError
from voicetest.executor.plan import Plan, plan
from voicetest.speech.providers import Speech
from voicetest.spending import Spending
from voicetest.suite.select import select_files

__all__ = ["plan_all"]


def plan_all(
    paths: Sequence[Path],
    variables: Mapping[str, str],
    speech: Speech,
    clock: str,
    *,
    offline: bool = False,
    spending: Spending | None = None,
) -> list[Plan]:
    """A plan per scenario; what their calls cost is part of `spending`.

    Offline no environment variable is needed.
    Raises ScenarioError with the problems of all files, or else SetupError for what the
    environment lacks.
    """
    plans: list[Plan] = []
    problems: list[Problem] = []
    missing: list[str] = []
    for file in select_files(paths):
        try:
            plans.append(plan(file, variables, speech, clock, offline=offline, spending=spending))
        except ScenarioError as error:
            problems.extend(error.problems)
        except SetupError as error:
            missing.append(str(error))
    if problems:
        raise ScenarioError(problems)
    if not offline:
        for planned in plans:
            missing.extend(str(unset) for unset in planned.file.unset)
            missing.extend(f"{planned.file.shown}: {lack}" for lack in planned.adapter.missing)
    if missing:
        raise SetupError("\n".join(dict.fromkeys(missing)))
    return plans
