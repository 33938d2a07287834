"""What is spent on services that are paid by use, and the limit that may be set to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicetest.errors import SetupError

__all__ = ["LimitReached", "Spending", "Spent", "add_up"]


class LimitReached(SetupError):
    """Nothing more may be spent."""


@dataclass(frozen=True)
class Spent:
    """What one request used; `cost_usd` is None where nobody says what it costs.

    `what` is the service by the name that the scenario gives it, such as openai/gpt-5.4-mini.
    """

    what: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    requests: int = 1
    characters: int = 0
    """Of text that was spoken."""
    seconds: float = 0.0
    """Of sound that was listened to."""


class Spending:
    """Adds up what is spent, on one call or, as `part_of` of its calls, on a whole run.

    `limit_usd` is checked before each request, by those who know that it will cost something;
    what was begun is not broken off. `before_usd` was spent elsewhere and counts as well.
    """

    def __init__(
        self,
        limit_usd: float | None = None,
        limit_name: str = "limits.max_cost",
        part_of: Spending | None = None,
        before_usd: float = 0.0,
    ) -> None:
        self._limit_usd = limit_usd
        self._limit_name = limit_name
        self._whole = part_of
        self._before_usd = before_usd
        self._items: list[Spent] = []

    @property
    def items(self) -> Sequence[Spent]:
        """What was spent so far, request by request."""
        return tuple(self._items)

    @property
    def usd(self) -> float:
        """What is known to have been spent so far, in US dollars."""
        return self._before_usd + sum(item.cost_usd or 0.0 for item in self._items)

    def add(self, spent: Spent) -> None:
        """Take note of what a request used."""
        self._items.append(spent)
        if self._whole is not None:
            self._whole.add(spent)

    def check(self, what: str) -> None:
        """Raise LimitReached if nothing may be spent any more, before `what` is asked."""
        if self._whole is not None:
            self._whole.check(what)
        if self._limit_usd is not None and self.usd >= self._limit_usd:
            raise LimitReached(
                f"{self._limit_name} is ${self._limit_usd:g} and ${self.usd:.4f} is spent: {what} "
                "is not asked any more"
            )


def add_up(items: Sequence[Spent]) -> tuple[Spent, ...]:
    """One sum per service, in the order of their first use; unknown if one cost is unknown."""
    sums: dict[str, Spent] = {}
    for item in items:
        so_far = sums.get(item.what)
        sums[item.what] = item if so_far is None else _sum(so_far, item)
    return tuple(sums.values())


def _sum(one: Spent, other: Spent) -> Spent:
    costs = (one.cost_usd, other.cost_usd)
    known = [cost for cost in costs if cost is not None]
    return Spent(
        one.what,
        one.tokens_in + other.tokens_in,
        one.tokens_out + other.tokens_out,
        sum(known) if len(known) == len(costs) else None,
        one.requests + other.requests,
        one.characters + other.characters,
        one.seconds + other.seconds,
    )
