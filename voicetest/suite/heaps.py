"""The memory of a process that makes many calls at once, each in a thread."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["share_heaps"]

_TRIM_THRESHOLD, _ARENA_MAX = -1, -8
"""Parameters of mallopt (glibc, malloc.h)."""
_FREE_KEPT = 1 << 20


def share_heaps() -> bool:
    """Let all threads share two heaps that give back what is free; whether this system can.

    glibc gives each thread a heap of its own, and each keeps up to 64 MB that nobody uses.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_ARENA_MAX, 2)) and bool(mallopt(_TRIM_THRESHOLD, _FREE_KEPT))
