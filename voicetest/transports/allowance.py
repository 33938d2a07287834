"""How much may come: so much at once, and so much a second for as long as it goes on."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Allowance"]


@dataclass
class Allowance:
    """Starts with `most`, is spent, and fills again by `per_s` a second up to `most`."""

    most: float
    per_s: float
    left: float = -1.0
    """Set by each spending."""
    _at: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.most

    def spend(self, amount: float, now: float) -> bool:
        """Whether `amount` was left at `now`, in seconds on a clock that never goes back."""
        self.left = min(self.left + (now - self._at) * self.per_s, self.most) - amount
        self._at = now
        return self.left >= 0
