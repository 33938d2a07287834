"""The memory that all calls of this process share for what their peers send."""

from __future__ import annotations

import threading

__all__ = ["Room", "Share"]


class Room:
    """Holds `total` bytes for all, and for each share the first `free` ones in any case."""

    def __init__(self, total: int, free: int) -> None:
        self.total = total
        self.free = free
        self.held = 0
        """Bytes beyond the free ones; changed by the shares, which calls in other threads have."""
        self.lock = threading.Lock()


class Share:
    """What one call holds of a room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held = 0
        """Bytes beyond the free ones."""

    def hold(self, size: int) -> bool:
        """Hold `size` bytes instead of those before, if they fit; whether they do."""
        held = max(size - self._room.free, 0)
        if held == self._held:
            return True
        with self._room.lock:
            all_held = self._room.held + held - self._held
            if held > self._held and all_held > self._room.total:
                return False
            self._room.held, self._held = all_held, held
            return True
