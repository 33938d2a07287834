"""Telephone numbers as a scenario gives them, and as anybody else may see them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from voicetest.scenario.nodes import Scalar
from voicetest.scenario.refusals import refuse
from voicetest.scenario.values import literal_text

__all__ = ["PhoneNumber", "is_phone_number", "redacted", "without_numbers"]

SHOWN = 4
"""How many of a number's last digits are shown."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
"""A plus sign and at most fifteen digits (ITU-T E.164 §6); shorter than seven is no subscriber."""
_NUMBER = re.compile(r"(?<![0-9A-Za-z])\+?[0-9][0-9 ().-]{5,20}[0-9](?![0-9A-Za-z])")


def is_phone_number(text: str) -> bool:
    """Whether all of a text is a number in E.164, in ASCII digits."""
    return _E164.fullmatch(text) is not None


def redacted(number: str) -> str:
    """A number, or what stands for one, with nothing but its last four characters."""
    return f"***{number[-SHOWN:]}" if len(number) > SHOWN else "***"


def without_numbers(text: str) -> str:
    """A text of somebody else in which each telephone number is redacted."""
    return _NUMBER.sub(lambda found: redacted(found[0]), text)


def _phone_number(value: object) -> str:
    text = literal_text(value)
    if isinstance(value, Scalar) and value.unresolved:
        return text  # a call that needs it is refused; one that is simulated does not
    if not is_phone_number(text):
        raise refuse(
            "expected a telephone number such as +15550100123: '+', the country's code and the "
            f"rest, digits only; this one ends in {text[-SHOWN:]!r}"
        )
    return text


_SCHEMA: dict[str, Any] = {
    "type": ["string", "integer"],  # YAML takes one without quotes for a number
    "pattern": r"^(\+[1-9][0-9]{6,14}|.*\$\{.+\}.*)$",
}
PhoneNumber = Annotated[str, BeforeValidator(_phone_number), WithJsonSchema(_SCHEMA)]
