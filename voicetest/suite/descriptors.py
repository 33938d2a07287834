"""How many calls at once the files and sockets suffice for that this process may open."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from voicetest.clock import Clock
from voicetest.errors import SetupError
from voicetest.executor.plan import Plan

__all__ = ["calls_that_fit", "needed", "raise_limit"]

_MOST = 1 << 20
"""No run needs more, and a limit in the thousands of millions makes other programs slow."""
_SPARE = 64
"""For what all calls share: servers for webhooks, worker processes, reports."""


def raise_limit() -> int | None:
    """Let this process open as many files as it may; how many that is, where there is a limit."""
    try:
        import resource
    except ImportError:  # on Windows
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS has a lower one that it does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return None if soft == resource.RLIM_INFINITY else soft


def needed(plans: Iterable[Plan]) -> int:
    """The most that a call of these opens here; those on virtual time have their own processes."""
    return max((p.adapter.descriptors for p in plans if p.clock is Clock.REAL), default=0)


def calls_that_fit(wanted: int, each: int, limit: int, used: int | None = None) -> int:
    """How many of the `wanted` calls can be made at once if each opens `each` files.

    Of `limit` files `used` are open. Raises SetupError if there are too few for a single one.
    """
    free = limit - _SPARE - (_open() if used is None else used)
    fit = wanted if each == 0 else min(wanted, free // each)
    if fit < 1:
        raise SetupError(
            f"this process may open {limit} files, of which {max(free, 0)} are left, and a call "
            f"needs {each}: raise the limit (ulimit -n)"
        )
    return fit


def _open() -> int:
    folder = Path("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd")  # noqa: PTH112
    try:
        return len(list(folder.iterdir()))
    except OSError:
        return _SPARE
