"""What the language models of a call may cost, before it is made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from voicetest.executor.plan import Plan
from voicetest.models.prices import list_price
from voicetest.scenario.steps import DtmfStep, InterruptStep, PlayStep, Step, UserStep

__all__ = ["Estimate", "estimates"]

_TOKENS_PER_WORD = 1.4
_TOKENS_PER_CHARACTER = 0.25
_WORDS_PER_TURN = 15
"""Of whoever's words are not known yet."""


@dataclass(frozen=True)
class Estimate:
    """How often a model will be asked, and what that costs; None where it has no list price."""

    model: str
    requests: int
    usd: float | None


def estimates(planned: Plan) -> list[Estimate]:
    """One for each language model of the agent; none for an agent that is simulated."""
    script = planned.file.scenario.script
    said = [words for step in script if (words := _words(step))]
    if not said:
        return []
    tools = [tool.parameters for tool in planned.file.scenario.tools]
    brief = planned.adapter.brief
    start = len(brief.split()) * _TOKENS_PER_WORD + len(json.dumps(tools)) * _TOKENS_PER_CHARACTER
    found = []
    for model in planned.adapter.models.values():
        price = list_price(model, round(_read(start, said)), round(_written(said)))
        found.append(Estimate(model, len(said), price))
    return found


def _words(step: Step) -> int:
    """How many words a step says to the agent; 0 if it wants no answer."""
    match step:
        case UserStep(user=text) | InterruptStep(interrupt=text):
            return len(text.split())
        case PlayStep() | DtmfStep():
            return _WORDS_PER_TURN
        case _:
            return 0


def _written(said: Sequence[int]) -> float:
    return len(said) * _WORDS_PER_TURN * _TOKENS_PER_WORD


def _read(start: float, said: Sequence[int]) -> float:
    """Tokens of all requests: each one has the whole conversation before it."""
    total, conversation = 0.0, start
    for words in said:
        conversation += words * _TOKENS_PER_WORD
        total += conversation
        conversation += _WORDS_PER_TURN * _TOKENS_PER_WORD
    return total
