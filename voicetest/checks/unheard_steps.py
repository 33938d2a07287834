"""Finds what the user does that nobody at the far side of a line would hear, or only too late."""

from __future__ import annotations

from collections.abc import Iterator

from voicetest.errors import Problem
from voicetest.events import Audio, Interrupted, UserTurnStarted
from voicetest.protocols.base import Capabilities
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.model import Scenario
from voicetest.scenario.steps import (
    BackchannelStep,
    DtmfStep,
    ImproviseStep,
    InterruptStep,
    NoiseStep,
    PlayStep,
)

__all__ = ["over_turns_is_heard", "unheard_steps"]

Place = tuple[str | int, ...]

_NO_SOUND = "no sound of the user reaches this agent, only text"


def over_turns_is_heard(line: Capabilities) -> bool:
    """Whether what the user says over the agent is heard while it is said.

    Who hears nothing between turns hears a turn as it is said only if its start is marked.
    """
    return Audio in line.sends and (line.hears_between_turns or UserTurnStarted in line.sends)


def unheard_steps(file: ScenarioFile, line: Capabilities, instead: str) -> Iterator[Problem]:
    """One problem for each place of the script that would prove nothing on this line.

    `instead` is the setting of the agent with which it hears everything, as it is written.
    """
    if Audio not in line.sends:
        message = f"{_NO_SOUND}: {_change(instead)}leave this out"
        yield from (file.problem(message, *place) for place in _needing_sound(file.scenario))
    elif not line.hears_between_turns:
        yield from _between_turns(file, instead)
    if not over_turns_is_heard(line):
        yield from _over_turns(file, line, instead)


def _needing_sound(scenario: Scenario) -> Iterator[Place]:
    """Places that mean nothing where none of the user's sound reaches the agent."""
    if scenario.user.effects:
        yield "user", "effects"
    if scenario.user.background is not None:
        yield "user", "background"
    if "uplink" in scenario.line.model_fields_set:
        yield "line", "uplink"
    for index, step in enumerate(scenario.script):
        match step:
            case NoiseStep():
                yield "script", index, "noise"
            case BackchannelStep():
                yield "script", index, "backchannel"
            case PlayStep(transcript=None):
                yield "script", index, "play"
            case DtmfStep():
                yield "script", index, "dtmf"
            case _:
                pass


def _between_turns(file: ScenarioFile, instead: str) -> Iterator[Problem]:
    """What is no turn of the user, where nothing else is heard."""
    adapter = file.scenario.agent.adapter
    for index, step in enumerate(file.scenario.script):
        match step:
            case NoiseStep():
                key = "noise"
            case BackchannelStep():
                key = "backchannel"
            case _:
                continue
        message = (
            f"with these settings {adapter} hears nothing but the user's turns, so this proves "
            f"nothing: {_change(instead)}leave this out"
        )
        yield file.problem(message, "script", index, key)


def _over_turns(file: ScenarioFile, line: Capabilities, instead: str) -> Iterator[Problem]:
    """Interruptions by voice, where the agent hears them only when they are over."""
    native = Interrupted in line.sends
    adapter = file.scenario.agent.adapter
    heard = f"with these settings {adapter} learns what the user says only when all is said"
    late = f"{heard if Audio in line.sends else _NO_SOUND}, so a voice cannot interrupt it: "
    for index, step in enumerate(file.scenario.script):
        match step:
            case InterruptStep(mode="voice") if native:
                message = f"{late}{_change(instead)}leave 'mode' out"
                yield file.problem(message, "script", index, "mode")
            case InterruptStep(mode="auto" | "voice") if not native:
                key = "mode" if step.mode == "voice" else "interrupt"
                message = f"{late}{_change(instead)}leave this out"
                yield file.problem(message, "script", index, key)
            case ImproviseStep() if step.improvise.interrupts and not native:
                message = f"{late}{_change(instead)}leave this out"
                yield file.problem(message, "script", index, "improvise", "interrupts")
            case _:
                pass


def _change(instead: str) -> str:
    return f"write '{instead}' under 'agent', or " if instead else ""
