"""How many calls can be on the line at once."""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.errors import SetupError
from voicetest.executor.plan import Plan
from voicetest.scenario.load_stages import Stage
from voicetest.suite.descriptors import calls_that_fit, needed, raise_limit

__all__ = ["MOST_IN_ONE_PROCESS", "slots_for"]

MOST_IN_ONE_PROCESS = 500
"""Each has a thread while it is prepared and looked at."""


def slots_for(
    plans: Sequence[Plan], stages: Sequence[Stage], most: int = MOST_IN_ONE_PROCESS
) -> int:
    """As many as the engine, the files this process may open, and the adapters allow.

    Raises SetupError for a stage that wants more callers at once.
    """
    limits = [(most, "this engine can make")]
    files = raise_limit()
    each = needed(plans)
    if files is not None and each:
        fit = calls_that_fit(most, each, files)
        limits.append(
            (fit, f"this process may open {files} files (ulimit -n), which are enough for")
        )
    for planned in plans:
        own = planned.adapter.max_concurrent
        if own and not planned.world.offline:
            limits.append((own, f"max_concurrent of {planned.file.shown} allows"))
    slots, why = min(limits)
    for number, stage in enumerate(stages, 1):
        if (stage.calls or 0) > slots:
            raise SetupError(
                f"stage {number} wants {stage.calls} calls at once, and {why} {slots}: write fewer"
            )
    return slots
