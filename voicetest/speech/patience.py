"""How long work in another process may take: by the time it was given, not by that which passed."""

from __future__ import annotations

import os
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

__all__ = ["is_done_within", "worked"]

_STILL = 0.001
"""A process that got less than this share of the time does nothing."""
_STILL_LOOKS = 2
"""Once may be because the whole machine, or all that runs voicetest, stood still."""
_UNKNOWN = 10.0
"""Where nobody tells how long a process worked, so many times the limit may pass."""


def is_done_within(limit: float, job: Future[Any], pid: int) -> bool:
    """Wait for a job until its process has worked on it for `limit` seconds, or stands still.

    A busy machine gives it little of each second, and that is not its fault.
    """
    began = seen = worked(pid)
    if began is None or seen is None:
        return bool(wait([job], _UNKNOWN * limit).done)
    left, still = limit, 0
    while not wait([job], left).done:
        now = worked(pid)
        if now is None:  # it is gone, which its pool finds out
            return bool(wait([job], limit).done)
        still = still + 1 if now - seen < _STILL * left else 0
        if now - began >= limit or still >= _STILL_LOOKS:
            return job.done()
        seen = now
        left = max(limit - (now - began), limit / 10)
    return True


def worked(pid: int) -> float | None:
    """Seconds for which a process had a processor; None where that cannot be known.

    Fields 14 and 15 of proc_pid_stat(5): what stands behind the name in brackets begins with 3.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
