"""What a scenario lacks for the language models that it asks."""

from __future__ import annotations

from collections.abc import Iterator

from voicetest.errors import Problem, ScenarioError
from voicetest.events import Audio, Interrupted, Transcript
from voicetest.protocols.base import Capabilities
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import ImproviseStep, JudgeStep
from voicetest.transports.base import is_this_machine

__all__ = ["model_problems", "needs_local_user"]


def model_problems(file: ScenarioFile, line: Capabilities) -> list[Problem]:
    """One problem per place that asks for a language model, or tells it, less than it needs."""
    places = (*_of_user(file, line), *_of_judge(file, line))
    return [file.problem(message, *place) for place, message in places]


def _of_user(file: ScenarioFile, line: Capabilities) -> Iterator[tuple[tuple[str | int, ...], str]]:
    scenario = file.scenario
    for index, step in enumerate(scenario.script):
        if not isinstance(step, ImproviseStep):
            continue
        place = ("script", index, "improvise")
        if scenario.user.model is None:
            example = "'model: openai/gpt-5.4-mini'"
            yield place, f"'improvise' needs a model to play the user: add {example} under 'user'"
        if step.improvise.goal is None and scenario.user.goal is None:
            yield place, "the user has no goal: write what it wants here, or 'goal' under 'user'"
        if not _has_words(file, line):
            yield place, _wordless(file, "'improvise'")
        deaf = Audio not in line.sends and Interrupted not in line.sends
        if step.improvise.interrupts and deaf:
            adapter = scenario.agent.adapter
            yield (*place, "interrupts"), f"no user can interrupt {adapter} with these settings"


def _of_judge(
    file: ScenarioFile, line: Capabilities
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    judge = file.scenario.judge
    steps = [i for i, step in enumerate(file.scenario.script) if isinstance(step, JudgeStep)]
    if judge is None:
        for index in steps:
            message = "'judge' needs a model: add 'judge: {model: …}' at the top level"
            yield ("script", index, "judge"), message
        return
    if not judge.criteria and not steps:
        yield ("judge",), "there is nothing to judge: add 'criteria', or a 'judge' step"
    if not judge.listens and not _has_words(file, line):
        yield ("judge",), f"{_wordless(file, 'the judge')}, or 'listens: true'"


def _has_words(file: ScenarioFile, line: Capabilities) -> bool:
    return Transcript in line.receives or file.scenario.transcriber is not None


def _wordless(file: ScenarioFile, who: str) -> str:
    adapter = file.scenario.agent.adapter
    return (
        f"{who} needs the agent's words, and {adapter} gives no transcript: add 'transcriber: …' "
        "at the top level"
    )


def needs_local_user(file: ScenarioFile) -> None:
    """Raise ScenarioError where a model that is not on this machine would play the user."""
    model = file.scenario.user.model
    if model is None or is_this_machine(model.host):
        return
    message = (
        "--offline: 'improvise' needs a model on this machine, and user.model "
        f"({model.use}) is none: give it a 'base_url' such as http://localhost:11434/v1"
    )
    steps = enumerate(file.scenario.script)
    problems = [
        file.problem(message, "script", index, "improvise")
        for index, step in steps
        if isinstance(step, ImproviseStep)
    ]
    if problems:
        raise ScenarioError(problems)
