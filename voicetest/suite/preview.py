"""The text of `voicetest plan`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from voicetest.clock import Clock
from voicetest.executor.estimate import Estimate, estimates
from voicetest.executor.parts import parts_outside, user_outside, user_voice
from voicetest.executor.plan import Plan, plan_file
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.model import Scenario
from voicetest.scenario.steps import BackchannelStep, ImproviseStep, InterruptStep, UserStep
from voicetest.speech.providers import Speech
from voicetest.spending import dollars
from voicetest.suite.outline import lanes, outline
from voicetest.suite.plan import load_all

__all__ = ["preview"]

_COLUMNS = 64
_WIDTH = 88
_SPEAKING = (ImproviseStep, UserStep, InterruptStep, BackchannelStep)


def preview(path: Path, variables: Mapping[str, str], *, offline: bool = False) -> Iterator[str]:
    """Some lines about a scenario; nobody is called and nothing is spoken.

    Raises ScenarioError or SetupError for one that cannot work.
    """
    found = load_all([path], variables)
    found.check()
    with Speech() as speech:
        planned = plan_file(found.files[0], speech, offline=offline)
        lines = _lines(planned, found.files, offline=offline)
        yield from planned.file.secrets.mask("\n".join(lines)).split("\n")


def _lines(planned: Plan, cases: Sequence[ScenarioFile], *, offline: bool) -> Iterator[str]:
    scenario = planned.file.scenario
    yield scenario.name
    if scenario.description:
        yield from _wrapped(scenario.description)
    yield ""
    yield from _who(planned, offline=offline)
    if len(cases) > 1:
        yield f"cases   {len(cases)}; this is the first: {planned.file.case}"
    yield ""
    found = outline(planned)
    for number, step in enumerate(found.steps, 1):
        yield from _wrapped(f"{number:2}. {step}", "    ")
    for check in found.checks:
        yield from _wrapped(f"  - In the whole call, {check}.", "    ")
    yield ""
    yield from lanes(found, _COLUMNS)
    yield ""
    yield from _minutes(scenario, found.duration_s, len(cases))


def _minutes(scenario: Scenario, length_s: float, cases: int) -> Iterator[str]:
    calls = cases * scenario.repeat
    limit = scenario.limits.max_duration
    yield (
        f"about {length_s / 60:.1f} minutes of call, if each answer lasts some seconds; "
        f"at most {limit / 60:g} minutes"
    )
    if calls > 1:
        yield f"{calls} calls: about {calls * length_s / 60:.1f} minutes in all"


def _who(planned: Plan, *, offline: bool) -> Iterator[str]:
    scenario = planned.file.scenario
    outside = (
        *parts_outside(planned.file, planned.adapter, planned.world),
        *user_outside(planned.file, planned.world),
    )
    agent = "simulated on this machine" if offline else f"called through {scenario.agent.adapter}"
    yield f"agent   {agent}"
    speaking = [step for step in scenario.script if isinstance(step, _SPEAKING)]
    voices = dict.fromkeys(user_voice(planned.file, step) for step in speaking)
    yield f"user    {', '.join(voices) or 'says nothing'}"
    time = "virtual: some seconds" if planned.clock is Clock.VIRTUAL else "real"
    yield f"time    {time}"
    yield f"leaves this machine   {', '.join(outside) or 'nothing'}"
    if not offline:
        yield from (f"cost    {_cost(found)}" for found in estimates(planned))
    missing = [] if offline else [*map(str, planned.file.unset), *planned.missing]
    for lack in missing:
        yield from _wrapped(f"missing {lack}", "        ")


def _cost(found: Estimate) -> str:
    price = "has no list price" if found.usd is None else f"about {dollars(found.usd)}"
    times = "once" if found.requests == 1 else f"{found.requests} times"
    return f"{found.model} is asked {times} or more: {price}"


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False)
