"""What a load is to do: its stages, whose turn it is, and which part of it is made here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicetest.scenario.load_stages import Stage

__all__ = ["Schedule", "turns"]


@dataclass(frozen=True)
class Schedule:
    """What is to be done."""

    stages: Sequence[Stage]
    shares: Sequence[float]
    """The part of the calls of each scenario."""
    finish_s: float = 120.0
    """How long calls may go on after the last stage."""
    most_calls: int | None = None
    most_cost_usd: float | None = None
    seed: int = 0
    part: int = 0
    """Which part of the starts is made here, counted from 0."""
    parts: int = 1
    """In how many parts they are made, each with every n-th start."""

    @property
    def most_here(self) -> int | None:
        """The calls of this part."""
        most = self.most_calls
        return None if most is None else len(range(self.part, most, self.parts))

    @property
    def most_here_usd(self) -> float | None:
        """What those of this part may cost."""
        return None if self.most_cost_usd is None else self.most_cost_usd / self.parts


def turns(shares: Sequence[float]) -> Iterator[int]:
    """Whose turn it is, for ever: each gets its share of any stretch, as nearly as that can be."""
    credit = [0.0] * len(shares)
    while True:
        for index, share in enumerate(shares):
            credit[index] += share
        chosen = max(range(len(shares)), key=lambda index: (credit[index], -index))
        credit[chosen] -= 1.0
        yield chosen
