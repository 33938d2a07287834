"""What a language model is asked about a call when it is over."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from voicetest.scenario.language_model import NamedModel
from voicetest.scenario.quantities import Count, between
from voicetest.scenario.section import Section
from voicetest.scenario.values import Flag, TextList

__all__ = ["Judge"]

MOST_VOTES = 9


class Judge(Section):
    """The language model that judges the call, and by what."""

    model: NamedModel = Field(description="The model that judges, by its name for litellm.")
    criteria: TextList = Field(
        (), description="Statements about the call; each gets a verdict and a reason."
    )
    advisory: Flag = Field(
        True, description="Whether its verdicts, and its own failures, are warnings only."
    )
    listens: Flag = Field(
        False, description="Whether the model gets the sound of the call beside its words."
    )
    votes: Annotated[Count, AfterValidator(between(1, MOST_VOTES))] = Field(
        1, description="How often it is asked; a verdict needs more than half of the votes."
    )
