"""What a judge found: pure data, part of the result of a call."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Judged", "Judgement", "Verdict", "Vote"]

Verdict: TypeAlias = Literal["holds", "fails", "unclear"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Vote(_Value):
    """What the judge said of one criterion, once."""

    verdict: Verdict = Field(description="holds, fails, or unclear: the call does not say.")
    reason: str = Field(description="Why, in the judge's words.")


class Judged(_Value):
    """One criterion and what the votes make of it."""

    criterion: str = Field(description="The statement about the call.")
    where: str = Field(description="file:line of the criterion.")
    step: int | None = Field(description="The step it belongs to; null for the whole call.")
    verdict: Verdict = Field(
        description="That of more than half of the votes; unclear without such a majority."
    )
    agreement: float = Field(description="The largest share of votes for one verdict, 0 to 1.")
    reason: str = Field(description="Why, in the judge's words.")
    votes: tuple[Vote, ...] = Field(description="Every vote.")


class Judgement(_Value):
    """What came of asking a language model about the call."""

    status: Literal["judged", "skipped", "error"] = Field(description="Whether it has judged.")
    reason: str = Field(description="Why it was skipped, or what went wrong; else empty.")
    model: str = Field(description="The model, by its name for litellm.")
    prompt: str = Field(description="The version of what it is told.")
    seed: int = Field(description="The seed of its first vote; each further one adds 1.")
    advisory: bool = Field(description="Whether its verdicts and failures are warnings only.")
    votes: int = Field(description="How often it was to be asked.")
    listened: bool = Field(description="Whether it got the sound of the call.")
    notes: tuple[str, ...] = Field(description="What it could not be given.")
    criteria: tuple[Judged, ...] = Field(description="Every criterion, steps first.")
