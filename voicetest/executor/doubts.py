"""What is valid, known only with the adapter, and hardly meant: warnings before the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from voicetest.adapters.base import Adapter
from voicetest.agents.dialogue import Dialogue
from voicetest.errors import Problem
from voicetest.registry import nearest
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import AgentStep, ExpectStep, SilenceStep

__all__ = ["assumed", "misspelt_tools"]

Place = tuple[str | int, ...]


def misspelt_tools(file: ScenarioFile, dialogues: Iterable[Dialogue]) -> Iterator[Problem]:
    """A warning for each tool that is expected and much like one that there is."""
    known = {tool.name for tool in file.scenario.tools}
    for dialogue in dialogues:
        known |= {rule.tool.name for rule in dialogue.rules if rule.tool is not None}
    for name, place in _expected(file):
        hint = "" if name in known else nearest(name, known)
        if hint:
            yield file.problem(f"no tool is called '{name}'{hint}", *place)


def _expected(file: ScenarioFile) -> Iterator[tuple[str, Place]]:
    """The tools that steps and checks name, with their places."""
    for index, step in enumerate(file.scenario.script):
        match step:
            case AgentStep():
                yield from _of_step(step, ("script", index, "agent"))
            case SilenceStep():
                yield from _of_step(step, ("script", index))
            case ExpectStep():
                for tool in step.expect.calls_tool:
                    yield tool.name, ("script", index, "expect", "calls_tool")
            case _:
                pass
    for tool in file.scenario.checks.calls_tool:
        yield tool.name, ("checks", "calls_tool")


def _of_step(step: AgentStep | SilenceStep, section: Place) -> Iterator[tuple[str, Place]]:
    expected = step.expectations
    if expected.calls_tool is not None:
        yield expected.calls_tool.name, (*section, "calls_tool")
    for number, name in enumerate(expected.never_calls):
        yield name, (*section, "never_calls", number)


def assumed(file: ScenarioFile, adapter: Adapter) -> Iterator[Problem]:
    """A warning for each setting left out on which it depends who understands whom."""
    for name, words in adapter.assumed.items():
        if name not in adapter.model_fields_set:
            message = f"'{name}' is not written, so it is {words}"
            yield file.problem(message, "agent", "adapter")
