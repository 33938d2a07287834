"""What the language models of a call may cost, before it is made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicetest.executor.plan import Plan
from voicetest.models.prices import list_price
from voicetest.scenario.language_model import LanguageModel
from voicetest.scenario.steps import (
    DtmfStep,
    ImproviseStep,
    InterruptStep,
    JudgeStep,
    PlayStep,
    Step,
    UserStep,
)

__all__ = ["Estimate", "estimates"]

_TOKENS_PER_WORD = 1.4
_TOKENS_PER_CHARACTER = 0.25
_WORDS_PER_TURN = 15
"""Of whoever's words are not known yet."""
_TOKENS_TOLD = 500
"""What a model that plays the user, or judges, is told beside the call."""
_TOKENS_PER_EXCHANGE = 150
"""Of a line and its answer, with their times, as a judge is shown them."""


@dataclass(frozen=True)
class Estimate:
    """How often a model will be asked, and what that costs; None where it has no list price."""

    model: str
    requests: int
    usd: float | None


def estimates(planned: Plan) -> list[Estimate]:
    """One for each language model that is asked; none for an agent that is simulated."""
    script = planned.file.scenario.script
    said = [words for step in script for words in _words(step)]
    if not said:
        return []
    tools = [tool.parameters for tool in planned.file.scenario.tools]
    brief = planned.adapter.brief
    start = len(brief.split()) * _TOKENS_PER_WORD + len(json.dumps(tools)) * _TOKENS_PER_CHARACTER
    found = []
    for model in planned.adapter.models.values():
        price = list_price(model, round(_read(start, said)), round(_written(said)))
        found.append(Estimate(model, len(said), price))
    return [*found, *_of_user(planned), *_of_judge(planned, said)]


def _of_user(planned: Plan) -> Iterator[Estimate]:
    """The model that makes up lines."""
    scenario = planned.file.scenario
    steps = (step for step in scenario.script if isinstance(step, ImproviseStep))
    said = [words for step in steps for words in _words(step)]
    if said and scenario.user.model is not None:
        read = round(_read(_TOKENS_TOLD, said))
        yield _estimate(scenario.user.model, len(said), read, round(_written(said)))


def _of_judge(planned: Plan, said: Sequence[int]) -> Iterator[Estimate]:
    """The judge, which is not asked offline; its sound is not reckoned."""
    scenario = planned.file.scenario
    judge = scenario.judge
    if judge is None or planned.world.offline:
        return
    steps = [step.judge for step in scenario.script if isinstance(step, JudgeStep)]
    asked = [*steps, judge.criteria] if judge.criteria else steps
    each = _TOKENS_TOLD + len(said) * _TOKENS_PER_EXCHANGE
    written = sum(map(len, asked)) * _WORDS_PER_TURN * _TOKENS_PER_WORD
    read = len(asked) * each * judge.votes
    yield _estimate(judge.model, len(asked) * judge.votes, read, round(written * judge.votes))


def _estimate(model: LanguageModel, requests: int, read: int, written: int) -> Estimate:
    """At the list price, which says nothing of a server of one's own."""
    price = None if model.base_url else list_price(model.use, read, written)
    return Estimate(model.use, requests, price)


def _words(step: Step) -> list[int]:
    """How many words a step says to the agent, line by line; none if it wants no answer."""
    match step:
        case UserStep(user=text) | InterruptStep(interrupt=text):
            return [len(text.split())]
        case PlayStep() | DtmfStep():
            return [_WORDS_PER_TURN]
        case ImproviseStep():
            return [_WORDS_PER_TURN] * step.improvise.turns
        case _:
            return []


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
