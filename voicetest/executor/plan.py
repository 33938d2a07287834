"""From a scenario file to a call that can be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from voicetest import registry
from voicetest.adapters.base import Adapter, World
from voicetest.audio.chunk import Samples
from voicetest.checks.capability import impossible_steps
from voicetest.clock import Clock
from voicetest.errors import Problem, ScenarioError, SetupError
from voicetest.events import Dtmf
from voicetest.executor.doubts import assumed, misspelt_tools
from voicetest.executor.language_models import model_problems, needs_local_user
from voicetest.executor.languages import language_warnings
from voicetest.executor.offline import (
    offline_adapter,
    offline_world,
    simulated,
    simulator_dialogue,
)
from voicetest.executor.parts import (
    parts_outside,
    unknown_names,
    unreadable_recordings,
    user_outside,
)
from voicetest.models.keys import missing_key
from voicetest.scenario.case import Case
from voicetest.scenario.document import Document
from voicetest.scenario.inherit import load_inherited
from voicetest.scenario.load import ScenarioFile, build, load_agent, load_case, problem_at
from voicetest.scenario.model import AgentSection
from voicetest.scenario.steps import DtmfStep, ImproviseStep
from voicetest.speech.account import Account
from voicetest.speech.providers import Speech
from voicetest.spending import Spending

if TYPE_CHECKING:
    from voicetest.agents.truth import Spoke

__all__ = ["Plan", "choose_clock", "load", "plan", "plan_file", "resolve"]


@dataclass(frozen=True)
class Plan:
    """A scenario in which nothing was found that cannot work."""

    file: ScenarioFile
    adapter: Adapter
    world: World
    clock: Clock
    heard: Callable[[Samples], None] | None = None
    """Who gets the sound of the call as it is recorded."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What the environment lacks for this call if nothing is simulated, with what to do."""
        scenario = self.file.scenario
        needed = []
        if any(isinstance(step, ImproviseStep) for step in scenario.script):
            needed.append(scenario.user.model)
        if scenario.judge is not None and not scenario.judge.advisory:
            needed.append(scenario.judge.model)
        usual = [m for m in needed if m is not None and m.base_url is None and m.api_key is None]
        return (*self.adapter.missing, *(lack for m in usual for lack in missing_key(m.use)))


def plan(
    path: Path,
    variables: Mapping[str, str],
    speech: Speech,
    clock: str = "auto",
    *,
    offline: bool = False,
    told: Callable[[Spoke], None] | None = None,
    spending: Spending | None = None,
) -> Plan:
    """Load a scenario, find its adapter, and hold the one against the other.

    With `offline`, whatever would leave this machine is replaced or simulated; `told` learns when
    an embedded agent really spoke; what the call costs is part of `spending`.
    """
    file = load(Case(load_inherited(path)), variables)
    return plan_file(file, speech, clock, offline=offline, told=told, spending=spending)


def load(case: Case, variables: Mapping[str, str]) -> ScenarioFile:
    """Load a case; what is wrong with its agent is found even if other parts have mistakes.

    Raises ScenarioError or SetupError.
    """
    try:
        return load_case(case, variables)
    except ScenarioError as error:
        raise ScenarioError([*error.problems, *_agent_problems(case, variables)]) from None


def plan_file(
    file: ScenarioFile,
    speech: Speech,
    clock: str = "auto",
    *,
    offline: bool = False,
    told: Callable[[Spoke], None] | None = None,
    spending: Spending | None = None,
) -> Plan:
    """A plan for a scenario that is loaded; see `plan`."""
    try:
        return _planned(file, speech, clock, offline=offline, told=told, spending=spending)
    except ScenarioError as error:
        raise ScenarioError(file.secrets.hide(error.problems)) from None


def _planned(
    file: ScenarioFile,
    speech: Speech,
    clock: str,
    *,
    offline: bool,
    told: Callable[[Spoke], None] | None,
    spending: Spending | None,
) -> Plan:
    adapter = resolve(file.scenario.agent, file.document)
    dialogue = simulator_dialogue(file)
    secrets = adapter.secrets | file.scenario.keys
    file = replace(file, secrets=file.secrets.also(secrets, adapter.redacted))
    tools = file.scenario.tools
    of_call = Spending(file.scenario.limits.max_cost, part_of=spending)
    account = Account(of_call, adapter.speech_keys)
    world = World(
        partial(speech.voice, account=account),
        partial(speech.transcriber, account=account),
        speech.cache,
        told=told,
        tools=tools,
        secret=file.secrets.learn,
        spending=of_call,
    )
    problems = [
        *unknown_names(file, adapter, world),
        *impossible_steps(file, adapter.capabilities, adapter.always_hears),
        *model_problems(file, adapter.capabilities),
        *unreadable_recordings(file),
    ]
    left_out = tuple(assumed(file, adapter))
    if problems:
        raise ScenarioError([*problems, *left_out])
    played = [d for d in (dialogue, *adapter.dialogues) if d is not None]
    doubtful = (*doubtful_keys(file, adapter), *left_out, *misspelt_tools(file, played))
    file = replace(file, warnings=(*file.warnings, *doubtful))
    if offline:
        needs_local_user(file)
        adapter = offline_adapter(file, adapter, world, dialogue)
        world, warnings = offline_world(world, file)
        file = replace(file, warnings=(*file.warnings, *warnings))
    untold = language_warnings(file, adapter, world, simulated=offline and dialogue is not None)
    file = replace(file, warnings=(*file.warnings, *untold))
    chosen = choose_clock(file, adapter, world, clock)
    world = replace(world, real_time=chosen is Clock.REAL)
    if offline:
        world = simulated(file, adapter, world, dialogue, chosen)
    file = replace(file, warnings=file.secrets.hide(file.warnings))
    return Plan(file, adapter, world, chosen)


def doubtful_keys(file: ScenarioFile, adapter: Adapter) -> Iterator[Problem]:
    """Steps whose keys are tones on a line that may not pass them on."""
    doubt = adapter.doubts_tones
    if not doubt:
        return
    for index, step in enumerate(file.scenario.script):
        match step:
            case DtmfStep(mode=mode) if mode == "inband" or Dtmf not in adapter.capabilities.sends:
                yield file.problem(f"these keys are pressed as tones: {doubt}", "script", index)
            case _:
                pass


def resolve(agent: AgentSection, document: Document) -> Adapter:
    """The adapter that an agent section names, with its settings validated."""
    try:
        kind: type[Adapter] = registry.load(registry.ADAPTERS, agent.adapter)
    except registry.UnknownName as error:
        raise ScenarioError([problem_at(document, str(error), "agent", "adapter")]) from error
    except registry.NotInstalled as error:
        raise SetupError(str(error)) from error
    return build(kind, agent.settings, document)


def _agent_problems(case: Case, variables: Mapping[str, str]) -> Sequence[Problem]:
    """What is wrong with the agent of a scenario that cannot be loaded for other reasons."""
    loaded = load_agent(case, variables)
    if loaded is None:
        return ()
    try:
        resolve(*loaded)
    except ScenarioError as error:
        return error.problems
    except SetupError:
        return ()
    return ()


def choose_clock(file: ScenarioFile, adapter: Adapter, world: World, clock: str) -> Clock:
    """Virtual time where nothing that acts during the call leaves this process."""
    outside = (*parts_outside(file, adapter, world), *user_outside(file, world))
    if clock == Clock.VIRTUAL and outside:
        message = f"--clock virtual cannot be used: {', '.join(outside)} leaves this process"
        raise ScenarioError([file.problem(message, "agent")])
    if clock == "auto":
        return Clock.REAL if outside else Clock.VIRTUAL
    return Clock(clock)
