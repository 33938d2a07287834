"""Regular expressions that took too long on what the agent said: mistakes of the file."""

from __future__ import annotations

from collections.abc import Iterator

from voicetest.checks.metrics import Measured
from voicetest.checks.result import Fault
from voicetest.checks.unheard import AFTERWARDS
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.patterns import LIMIT_S
from voicetest.scenario.steps import AgentStep, SilenceStep

__all__ = ["slow_patterns"]


def slow_patterns(file: ScenarioFile, measured: Measured) -> Iterator[Fault]:
    """One error, with its place, for each `matches` of which nobody can say whether it holds."""
    for index, step in enumerate(file.scenario.script):
        reached = measured.call.steps.get(index)
        if reached is None or not isinstance(step, AgentStep | SilenceStep):
            continue
        pattern = step.expectations.matches
        heard = [p.turn.text for p in measured.placed if p.turn.index in reached.turns]
        if pattern is None or pattern.found_in(" ".join(filter(None, heard))) is not None:
            continue
        section = ("agent",) if isinstance(step, AgentStep) else ()
        message = (
            f"this regular expression took longer than {LIMIT_S * 1000:g} ms on what the agent "
            "said: write it without a repeat inside a repeat"
        )
        problem = file.problem(message, "script", index, *section, "matches")
        yield Fault(kind="scenario", message=str(problem), where=AFTERWARDS)
