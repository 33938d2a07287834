"""How many calls can be on the line at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

from voicetest.errors import SetupError
from voicetest.executor.plan import Plan
from voicetest.scenario.load_stages import Stage
from voicetest.suite.descriptors import calls_that_fit, needed, raise_limit

__all__ = ["MOST_IN_ONE_PROCESS", "slots_for"]

MOST_IN_ONE_PROCESS = 500
"""Each has a thread there while it is prepared."""


def slots_for(
    plans: Sequence[Plan], stages: Sequence[Stage], processes: int, parts: int = 1
) -> int:
    """As many as the processes, the files each may open, and the adapters allow.

    Of the callers of a stage one in so many `parts` is made here.

    Raises SetupError for a stage that wants more callers at once.
    """
    most = MOST_IN_ONE_PROCESS * processes
    limits = [(most, f"{processes} process{'' if processes == 1 else 'es'} can make")]
    files, each = raise_limit(), needed(plans)
    if files is not None and each:
        fit = calls_that_fit(MOST_IN_ONE_PROCESS, each, files) * processes
        limits.append((fit, f"with {files} files (ulimit -n) a process can open there are"))
    for planned in plans:
        own = planned.adapter.max_concurrent
        if own and not planned.world.offline:
            limits.append((max(own // parts, 1), f"max_concurrent of {planned.file.shown} allows"))
    slots, why = min(limits)
    for number, stage in enumerate(stages, 1):
        wanted = math.ceil((stage.calls or 0) / parts)
        if wanted > slots:
            raise SetupError(
                f"stage {number} wants {wanted} calls at once, and {why} {slots}: write fewer"
            )
    return slots
