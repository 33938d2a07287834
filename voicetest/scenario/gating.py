"""How often a scenario is run, and how many of its calls have to pass."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, WithJsonSchema

from voicetest.scenario.nodes import shown
from voicetest.scenario.quantities import Count, Share, one_word
from voicetest.scenario.refusals import refuse

__all__ = ["MOST_REPEATS", "MOST_RETRIES", "PassRate", "Repeat", "Retries"]

MOST_REPEATS = 1000
MOST_RETRIES = 10
_SHARE = TypeAdapter[float](Share)


def _pass_rate(value: object) -> object:
    if isinstance(value, float | int):
        return value
    if one_word(value, "all, or a share such as 80%") == "all":
        return 1.0
    share = _SHARE.validate_python(value)
    if not 0 < share <= 1:
        raise refuse(f"expected all, or a share from 1% to 100%, found {shown(value)}")
    return share


def _repeat(count: int) -> int:
    if not 1 <= count <= MOST_REPEATS:
        raise refuse(f"expected a number of calls from 1 to {MOST_REPEATS}, found '{count}'")
    return count


def _retries(count: int) -> int:
    if count > MOST_RETRIES:
        raise refuse(f"expected at most {MOST_RETRIES}, found '{count}'")
    return count


PassRate = Annotated[
    float,
    BeforeValidator(_pass_rate),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(?:all|[0-9]+(?:\.[0-9]+)?\s*%|.*\$\{.+\}.*)$",
            "examples": ["all", "80%"],
        }
    ),
]
Repeat = Annotated[Count, AfterValidator(_repeat)]
Retries = Annotated[Count, AfterValidator(_retries)]
