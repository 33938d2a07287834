"""What a call cost, as far as it is known."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from voicetest.spending import Spent, add_up

__all__ = ["Cost", "ServiceCost", "cost_of", "cost_text"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServiceCost(_Value):
    """What one service was used for."""

    service: str = Field(description="By the name that the scenario gives it.")
    requests: int = Field(description="How often it was asked.")
    tokens_in: int = Field(description="Tokens that it read, as far as it says so.")
    tokens_out: int = Field(description="Tokens that it wrote, as far as it says so.")
    characters: int = Field(description="Characters of text that it spoke.")
    seconds: float = Field(description="Seconds of sound that it listened to.")
    usd: float | None = Field(description="At list prices; null if not all of it has a price.")


class Cost(_Value):
    """What a call cost in US dollars, at list prices."""

    usd: float = Field(description="The sum of what is known.")
    complete: bool = Field(description="Whether everything that was used has a known price.")
    services: tuple[ServiceCost, ...] = Field(description="In the order of their first use.")


def cost_of(items: Sequence[Spent]) -> Cost | None:
    """The sums of what was spent; None when no paid service was used."""
    if not items:
        return None
    services = tuple(
        ServiceCost(
            service=sum_.what,
            requests=sum_.requests,
            tokens_in=sum_.tokens_in,
            tokens_out=sum_.tokens_out,
            characters=sum_.characters,
            seconds=round(sum_.seconds, 3),
            usd=sum_.cost_usd,
        )
        for sum_ in add_up(items)
    )
    return Cost(
        usd=sum(item.cost_usd or 0.0 for item in items),
        complete=all(service.usd is not None for service in services),
        services=services,
    )


def cost_text(cost: Cost) -> str:
    """A cost in a few words, such as `$0.0123`."""
    if cost.complete:
        return f"${cost.usd:.4f}"
    unpriced = ", ".join(service.service for service in cost.services if service.usd is None)
    return f"${cost.usd:.4f} and what {unpriced} costs"
