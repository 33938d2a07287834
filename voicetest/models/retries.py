"""When a request that was refused is made again."""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["Retries"]


@dataclass(frozen=True)
class Retries:
    """Waits twice as long each time, but for chance, or as long as the far side asks; seconds."""

    tries: int = 4
    first_s: float = 0.5
    longest_s: float = 20.0
    """A far side that asks for more patience than this gets none."""

    def wait(self, tried: int, asked_s: float | None) -> float | None:
        """How long to wait after the try number `tried`, from 1; None to give up."""
        if tried >= self.tries:
            return None
        if asked_s is not None:
            return asked_s if asked_s <= self.longest_s else None
        longest = min(self.first_s * 2 ** (tried - 1), self.longest_s)
        # Callers that were refused together shall not come back together.
        return random.uniform(longest / 2, longest)
