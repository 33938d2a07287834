"""Finds steps and checks that the configured line cannot carry, before anyone is called."""

from __future__ import annotations

from collections.abc import Iterator

from voicetest.checks.unheard_steps import over_turns_is_heard, unheard_steps
from voicetest.errors import Problem
from voicetest.events import (
    Dtmf,
    Event,
    Interrupted,
    Text,
    ToolCalled,
    Transcript,
    TranscriptDelta,
)
from voicetest.protocols.base import Capabilities
from voicetest.scenario.checks import Checks
from voicetest.scenario.expectations import SpeechExpectations
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import (
    AgentStep,
    DtmfStep,
    ExpectStep,
    InterruptStep,
    SilenceStep,
    Step,
    TextStep,
)

__all__ = ["impossible_steps"]

_WORDS = ("says", "says_any", "never_says", "matches", "similar_to")
_TOOLS = ("calls_tool", "never_calls")


def impossible_steps(file: ScenarioFile, line: Capabilities, instead: str = "") -> list[Problem]:
    """One problem per step or expectation that nothing on this line could fulfil or refute.

    `instead` is the setting of the agent with which it hears everything, as it is written.
    """
    problems = []
    for section, expected in _sections(file):
        asked = {name for name in (*_WORDS, *_TOOLS) if getattr(expected, name, None)}
        for name in sorted(asked):
            problem = _problem(name, line.receives, file)
            if problem:
                problems.append(file.problem(problem, *section, name))
    for index, step in enumerate(file.scenario.script):
        for key, problem in _step_problems(step, line, file.scenario.agent.adapter):
            problems.append(file.problem(problem, "script", index, key))
    problems.extend(unheard_steps(file, line, instead))
    return problems


def _step_problems(step: Step, line: Capabilities, adapter: str) -> Iterator[tuple[str, str]]:
    match step:
        case DtmfStep(mode="native") if Dtmf not in line.sends:
            yield "mode", f"{adapter} has no message for keys: write 'mode: inband', or 'auto'"
        case TextStep() if Text not in line.sends:
            yield "text", f"{adapter} takes no typed turns: write 'user:' instead"
        case InterruptStep():
            native = Interrupted in line.sends
            if step.mode == "native" and not native:
                yield "mode", f"{adapter} cannot be told to stop: write 'mode: voice', or 'auto'"
            elif native and step.mode != "voice" and step.stops_within is not None:
                way = "add 'mode: voice'" if over_turns_is_heard(line) else "leave this out"
                yield "stops_within", f"{adapter} is told to stop, so nothing is measured: {way}"
            if step.after_words is not None and TranscriptDelta not in line.receives:
                yield "after_words", f"{adapter} gives no live transcript: write 'after' instead"
        case _:
            pass


def _problem(name: str, receives: frozenset[type[Event]], file: ScenarioFile) -> str:
    adapter = file.scenario.agent.adapter
    if name in _TOOLS and ToolCalled not in receives:
        return f"{name} cannot be checked: {adapter} does not report tool calls"
    if name in _WORDS and Transcript not in receives and file.scenario.transcriber is None:
        return (
            f"{name} needs the agent's words, and {adapter} gives no transcript: add "
            "'transcriber: pocketsphinx' at the top level (pocketsphinx/espeak for an agent with a "
            "voice of espeak), or another transcriber"
        )
    return ""


def _sections(
    file: ScenarioFile,
) -> Iterator[tuple[tuple[str | int, ...], SpeechExpectations | Checks]]:
    for index, step in enumerate(file.scenario.script):
        match step:
            case AgentStep():
                yield ("script", index, "agent"), step.agent
            case SilenceStep():
                yield ("script", index), step
            case ExpectStep():
                yield ("script", index, "expect"), step.expect
            case _:
                pass
    yield ("checks",), file.scenario.checks
