"""How many calls at once the memory suffices for that this machine has free."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

__all__ = ["MIB", "calls_that_fit", "free_memory", "needed"]

MIB = 1 << 20
_PROCESS, _CALL = 100 * MIB, MIB
"""What a process takes at most before it has calls, and what each call adds."""
_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")
"""That of this process, as a container sees it (cgroup v2)."""


def free_memory(meminfo: Path = _MEMINFO, group: Path = _GROUP) -> int | None:
    """Bytes that may still be used, by the machine and by the container; None if nobody says."""
    kilobytes = _figures(meminfo).get("MemAvailable:")
    if kilobytes is None:
        return None
    free = kilobytes * 1024
    limit, used = _figure(group / "memory.max"), _figure(group / "memory.current")
    if limit is None or used is None:
        return free
    # Files that nobody has looked at for long are given up when memory is wanted.
    cached = _figures(group / "memory.stat").get("inactive_file", 0)
    return min(free, max(limit - used + cached, 0))


def needed(calls: int, processes: int) -> int:
    """Bytes that so many calls at once may take, in so many processes."""
    return processes * _PROCESS + calls * _CALL


def calls_that_fit(wanted: int, processes: Callable[[int], int], free: int) -> int:
    """How many of the `wanted` calls can be made at once with so many bytes; at least one.

    `processes` tells how many there would be for a number of calls.
    """
    fitting = (n for n in range(wanted, 1, -1) if needed(n, processes(n)) <= free)
    return next(fitting, 1)


def _figures(path: Path) -> dict[str, int]:
    """The second word of each line by its first, where it is a number."""
    words = (line.split() for line in _text(path).splitlines())
    return {some[0]: int(some[1]) for some in words if len(some) > 1 and some[1].isdecimal()}


def _figure(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
