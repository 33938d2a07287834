"""A load test as a file says it: which scenarios, in which stages, with what limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from voicetest.scenario.document import load_document
from voicetest.scenario.load_limits import LoadLimits
from voicetest.scenario.load_stages import StageText
from voicetest.scenario.nodes import shown
from voicetest.scenario.quantities import NUMBER, Count, PositiveDuration, Share, one_word
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section
from voicetest.scenario.values import InputFile, Text, TextList

__all__ = ["LoadFile", "LoadKeep", "LoadMost", "LoadTest", "SharedScenario", "is_load_file"]


def _cost(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = one_word(value, "US dollars such as 20 or $0.50")
    found = re.fullmatch(rf"\$?\s*({NUMBER})", text)
    if found is None:
        raise refuse(f"expected US dollars such as 20 or $0.50, found {shown(value)}")
    return float(found[1])


def _some_calls(count: int) -> int:
    if count < 1:
        raise refuse("expected at least one call, found 0")
    return count


def _file(value: object) -> object:
    """`billing.yaml` for short means `{file: billing.yaml}`."""
    return {"file": value} if isinstance(value, str) else value


class SharedScenario(Section):
    """A scenario and how many of the calls are of it."""

    file: InputFile = Field(description="The scenario, from the folder of this file.")
    share: Share | None = Field(
        None, description="Its part of the calls, such as 30%; what is left is for the others."
    )


def _at_most_all(share: float) -> float:
    if share > 1:
        raise refuse(f"{share:.0%} of the calls are more than all: write 100% at most")
    return share


class LoadKeep(Section):
    """Of which calls recording, events and manifest stay; figures stay of every call."""

    failed: Count = Field(20, description="Of at most so many that failed or had an error.")
    sample: Annotated[Share, AfterValidator(_at_most_all)] = Field(
        0.01, description="Of so many of all, chosen by chance (seeded)."
    )


class LoadMost(Section):
    """What the whole test may come to; then no further call begins."""

    calls: Count | None = Field(None, description="Calls that are begun.")
    cost: Annotated[
        float | None,
        BeforeValidator(_cost),
        WithJsonSchema({"type": ["number", "string"], "pattern": rf"^\$?\s*{NUMBER}$"}),
    ] = Field(None, description="US dollars, as far as the cost is known.")

    @model_validator(mode="after")
    def _is_something(self) -> LoadMost:
        if self.calls is not None:
            _some_calls(self.calls)
        return self


class LoadTest(Section):
    """What `voicetest load` does."""

    scenarios: tuple[
        Annotated[
            SharedScenario, BeforeValidator(_file, json_schema_input_type=Text | SharedScenario)
        ],
        ...,
    ] = Field(min_length=1, description="What is called.")
    stages: tuple[StageText, ...] = Field(
        (),
        description="How many calls, one stage after the other: {calls: 20, ramp: 30s, hold: 2m} "
        "or {rate: 3/s, hold: 1m}.",
    )
    limits: LoadLimits = Field(
        default_factory=LoadLimits, description="What is expected of all calls together."
    )
    keep: LoadKeep = Field(default_factory=LoadKeep, description="Which recordings stay.")
    most: LoadMost = Field(default_factory=LoadMost, description="What it may come to.")
    targets: TextList = Field(
        (), description="Hosts that may be called; needed for all but this machine."
    )
    finish: PositiveDuration = Field(
        120.0,
        description="How long calls may go on when the last stage is over; then they are cut off.",
    )
    seed: Count = Field(0, description="Where chance starts.")

    @model_validator(mode="after")
    def _shares_fit(self) -> LoadTest:
        given = [scenario.share for scenario in self.scenarios if scenario.share is not None]
        total = sum(given)
        if total > 1 + 1e-9:
            raise refuse(f"the shares add up to {total * 100:.4g}%: write 100% at most")
        if len(given) == len(self.scenarios) and total < 1 - 1e-9:
            raise refuse(f"the shares add up to {total * 100:.4g}%: write 100% in all")
        if len(given) < len(self.scenarios) and total > 1 - 1e-9:
            raise refuse("the shares add up to 100%, which leaves nothing for the other scenarios")
        return self

    def weights(self) -> Iterator[float]:
        """The part of the calls of each scenario, in their order."""
        given = [scenario.share for scenario in self.scenarios if scenario.share is not None]
        others = len(self.scenarios) - len(given)
        rest = (1 - sum(given)) / others if others else 0.0
        for scenario in self.scenarios:
            yield rest if scenario.share is None else scenario.share


class LoadFile(Section):
    """A file for `voicetest load`."""

    load: LoadTest = Field(description="A load test.")


def is_load_file(path: Path) -> bool:
    """Whether a YAML file is one of a load test.

    Raises ScenarioError when it cannot be read.
    """
    return "load" in load_document(path).root
