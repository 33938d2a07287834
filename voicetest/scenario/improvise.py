"""What the user is after who makes up the lines of a call."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from voicetest.scenario.quantities import Count, Share, between
from voicetest.scenario.section import Section
from voicetest.scenario.values import Text

__all__ = ["Improvise", "improvise_section"]

MOST_TURNS = 100


class Improvise(Section):
    """A stretch of the call in which a language model plays the user."""

    goal: Text | None = Field(
        None, description="What the user wants now, instead of the goal under 'user'."
    )
    until: Text | None = Field(
        None, description="When it is enough; a call in which that never comes true has failed."
    )
    turns: Annotated[Count, AfterValidator(between(1, MOST_TURNS))] = Field(
        10, description="How many lines the user may say."
    )
    interrupts: Share = Field(
        0.0, description="Share of the agent's answers that the user interrupts, such as 20%."
    )


def improvise_section(value: object) -> object:
    """`improvise:` alone has the user's own goal; `improvise: text` means `goal: text`."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return {}
    return {"goal": value} if isinstance(value, str) else value
