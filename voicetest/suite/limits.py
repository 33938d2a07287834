"""Lowers the calls that a run makes at once to what its machine allows, before anyone is called."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from voicetest.suite import descriptors, memory
from voicetest.suite.making import Calls, makers_for, processes_for
from voicetest.suite.options import RunOptions

__all__ = ["within_limits"]


def within_limits(calls: Calls, options: RunOptions, warn: Callable[[str], object]) -> RunOptions:
    """No more calls at once than there are files and memory for; `warn` is told of each change.

    Raises SetupError where not even one call may open its files.
    """
    wanted = min(options.jobs, sum(number for _, number in calls))
    limit, free = descriptors.raise_limit(), memory.free_memory()
    if limit is not None and wanted:
        each = descriptors.needed(planned for planned, _ in calls)
        makers = makers_for(calls, wanted)
        fit = makers * descriptors.calls_that_fit(math.ceil(wanted / makers), each, limit)
        if fit < wanted:
            warn(
                f"--jobs {options.jobs} is lowered to {fit}: a process may open {limit} files, "
                f"and a call needs {each}; raise the limit (ulimit -n)"
            )
            options, wanted = replace(options, jobs=fit), fit
    if free is not None and wanted:
        processes = partial(processes_for, calls)
        fit = memory.calls_that_fit(wanted, processes, free)
        if fit < wanted:
            most = memory.needed(wanted, processes(wanted))
            warn(
                f"--jobs {options.jobs} is lowered to {fit}: {free // memory.MIB} MiB of memory "
                f"are free, and {wanted} calls at once may take {most // memory.MIB}"
            )
            options = replace(options, jobs=fit)
    return options
