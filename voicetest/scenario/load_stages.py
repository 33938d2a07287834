"""Stages of a load test: so many calls at once, or so many that begin in a time."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from voicetest.scenario.nodes import shown
from voicetest.scenario.quantities import NUMBER, Count, Duration, one_word
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section

__all__ = ["MOST_AT_ONCE", "MOST_PER_SECOND", "Arrivals", "Stage", "StageText", "stage_words"]

Arrivals = Literal["even", "poisson"]

MOST_AT_ONCE = 10_000
MOST_PER_SECOND = 1000.0
_PER: dict[str, float] = {"s": 1.0, "m": 60.0, "h": 3600.0}
_RATE = re.compile(rf"({NUMBER})\s*/\s*(s|m|h)")
_AMOUNT = re.compile(rf"(?:(?P<calls>[0-9]+)\s*calls?|(?P<rate>{NUMBER}\s*/\s*[a-z]+))\b")
_PART = re.compile(
    rf"[\s,]*(?:(?P<name>ramp|hold|for|pause)\s+(?P<time>{NUMBER}\s*[a-z]+)|poisson)\b"
)
_EXAMPLE = "'20 calls, ramp 30s, hold 2m' or '3/s, hold 1m'"


def _rate(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = one_word(value, "a rate such as 3/s or 90/m")
    found = _RATE.fullmatch(text)
    if found is None:
        if re.fullmatch(NUMBER, text):
            raise refuse(f"{text} has no unit: write {text}/s, {text}/m or {text}/h")
        raise refuse(f"expected a rate such as 3/s or 90/m, found {shown(value)}")
    rate = float(found[1]) / _PER[found[2]]
    if not 0 < rate <= MOST_PER_SECOND:
        raise refuse(f"{text} is no rate: write more than 0, and at most {MOST_PER_SECOND:g}/s")
    return rate


def _calls(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(_RATE, value.strip()):
        raise refuse(f"{value} is a rate: write 'rate: {value}', or a number of calls at once")
    return value


CallRate = Annotated[
    float,
    BeforeValidator(_rate),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^{NUMBER}\s*/\s*(?:s|m|h)$",
            "examples": ["3/s", "90/m"],
        }
    ),
]
"""Calls a second."""


class Stage(Section):
    """A part of a load test; write `calls` or `rate`. Times in seconds."""

    calls: Annotated[Count | None, BeforeValidator(_calls)] = Field(
        None,
        description="So many callers at once: each begins its next call when one is over.",
    )
    rate: CallRate | None = Field(
        None,
        description="So many calls begin in a time, such as 3/s, however long they last.",
    )
    ramp: Duration = Field(
        0.0, description="How long it takes to get there from what the stage before had."
    )
    hold: Duration = Field(0.0, description="How long it stays there.")
    pause: Duration = Field(
        1.0, description="With 'calls': how long a caller waits before its next call."
    )
    arrivals: Arrivals = Field(
        "even",
        description="With 'rate': whether calls begin at even distances, or by chance (seeded).",
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Stage:
        if (self.calls is None) == (self.rate is None):
            raise refuse("write 'calls' (so many at once) or 'rate' (so many begin), one of both")
        unused = "pause" if self.rate is not None else "arrivals"
        if unused in self.model_fields_set:
            raise refuse(f"'{unused}' goes with '{'calls' if unused == 'pause' else 'rate'}' only")
        if self.calls is not None and self.calls > MOST_AT_ONCE:
            raise refuse(f"expected at most {MOST_AT_ONCE} calls at once, found {self.calls}")
        if self.length_s <= 0:
            raise refuse("this stage takes no time: write 'hold', such as hold: 2m, or 'ramp'")
        return self

    @property
    def length_s(self) -> float:
        """How long it lasts."""
        return self.ramp + self.hold


def _written(value: object) -> object:
    """`20 calls, ramp 30s, hold 2m` for short."""
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    found = _AMOUNT.match(text)
    if found is None:
        if re.fullmatch(NUMBER, text):
            raise refuse(
                f"'{text}' says no more than a number: write '{text} calls, hold 2m' (so many at "
                f"once) or '{text}/s, hold 2m' (so many begin each second)"
            )
        raise refuse(f"expected a stage such as {_EXAMPLE}, found {shown(value)}")
    stage: dict[str, Any] = {k: v for k, v in found.groupdict().items() if v is not None}
    at = found.end()
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            raise refuse(f"'{text[at:].strip(' ,')}' is no part of a stage such as {_EXAMPLE}")
        name = {"for": "hold", None: "arrivals"}.get(part["name"], part["name"])
        if name in stage:
            raise refuse(f"'{part[0].strip(' ,')}' says '{name}' a second time")
        stage[name] = part["time"] or "poisson"
        at = part.end()
    return stage


StageText = Annotated[Stage, BeforeValidator(_written, json_schema_input_type=str | Stage)]
"""A stage, as a mapping or on one line."""


def stage_words(stage: Stage) -> str:
    """A stage on one line, as it may be written."""
    if stage.calls is not None:
        what = f"{stage.calls} call{'' if stage.calls == 1 else 's'}"
    else:
        what = _rate_words(stage.rate or 0.0)
    parts = [f"{name} {seconds:g}s" for name, seconds in _times(stage) if seconds]
    return ", ".join([what, *parts, *(["poisson"] if stage.arrivals == "poisson" else [])])


def _times(stage: Stage) -> tuple[tuple[str, float], ...]:
    return ("ramp", stage.ramp), ("hold", stage.hold)


def _rate_words(rate: float) -> str:
    for unit, seconds in _PER.items():
        number = rate * seconds
        if number >= 0.1 or unit == "h":
            return f"{number:.3g}/{unit}"
    return f"{rate:g}/s"
