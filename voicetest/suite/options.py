"""How a suite is run: what the options of `voicetest run` say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicetest.report.keeping import ALL, Keeping
from voicetest.suite.selection import Selection

__all__ = ["RunOptions"]


@dataclass(frozen=True)
class RunOptions:
    """Everything but the paths and where the results go."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """Values that replace those of the scenarios."""
    clock: str = "auto"
    offline: bool = False
    selection: Selection = field(default_factory=Selection)
    repeat: int | None = None
    """Calls per case, in place of what the scenarios say."""
    jobs: int = 1
    """Calls at once."""
    fail_fast: int | None = None
    """After so many cases that failed or had an error no further call begins."""
    timeout_s: float | None = None
    """After so many seconds the run is interrupted."""
    max_cost_usd: float | None = None
    """What the run may cost; once that is spent, no paid service is asked any more."""
    keeping: Keeping = ALL
    """Which sound of the calls stays."""
