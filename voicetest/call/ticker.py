"""One beat for all calls of an event loop: a frame of each is due every 20 ms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import ceil
from typing import ClassVar
from weakref import WeakKeyDictionary

from voicetest.call.microphone import FRAME_S

__all__ = ["SLOTS", "Seat", "Ticker"]

SLOTS = 4
"""Calls are dealt out to so many beats, 5 ms apart: their frames do not leave in one burst."""
_APART_S = FRAME_S / SLOTS
_AT_A_TIME_S = 0.001
"""For so long calls take stock before it is looked whether another frame is due."""
_LONGEST_S = 0.25
"""No call waits longer to take stock, be frames late: what is heard has to be acted upon."""


class _Slot:
    """Calls whose frames are due at the same moments."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.seats: list[Seat] = []
        self._loop = loop
        self._epoch = 0.0
        """When its first frame was due; set anew by who sits down while nobody else does."""
        self._beats = 0
        """Frames since then."""
        self._timer: asyncio.TimerHandle | None = None
        """Set while anybody sits here."""
        self._afterwards: dict[Seat, float] = {}
        """Who has sent a frame and has still to take stock, in order, and since when."""
        self._goes_on = False
        """Set while it is planned that more of them take stock."""

    @property
    def due(self) -> float:
        """When the next frame is due, if anybody sits here."""
        return self._epoch + self._beats * FRAME_S

    def take(self, seat: Seat, epoch: float) -> None:
        self.seats.append(seat)
        if self._timer is None:
            self._epoch, self._beats = epoch, 0
            self._timer = self._loop.call_at(epoch, self._beat)

    def leave(self, seat: Seat) -> None:
        if seat in self.seats:
            self.seats.remove(seat)
        if not self.seats and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beat(self) -> None:
        due = self.due
        self._beats += 1
        self._timer = self._loop.call_at(self.due, self._beat)
        now = self._loop.time()
        for seat in tuple(self.seats):
            if seat.beat(due):
                self._afterwards.setdefault(seat, now)
        if not self._goes_on:
            self._take_stock()

    def _go_on(self) -> None:
        self._goes_on = False
        self._take_stock()

    def _take_stock(self) -> None:
        """Let the calls take stock; frames, and what arrives, need not wait long.

        Where the next frames of these calls are due already they come first: who takes stock of
        many frames at once makes up for lost time.
        """
        now = self._loop.time()
        late = self._timer is not None and now >= self.due
        while self._afterwards:
            seat, since = next(iter(self._afterwards.items()))
            if late and now - since < _LONGEST_S:
                return
            del self._afterwards[seat]
            seat.take_stock()
            if self._loop.time() >= now + _AT_A_TIME_S and self._afterwards:
                self._goes_on = True
                self._loop.call_soon(self._go_on)
                return


class Seat:
    """The place of one call on the beat; `epoch` is when its first frame is due."""

    def __init__(self, slot: _Slot, epoch: float) -> None:
        self.epoch = epoch
        self._slot = slot
        self._send: Callable[[], None] | None = None
        self._take_stock: Callable[[], None] | None = None
        """Both are set while the call is on."""
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def beat(self, due: float) -> bool:
        """A frame is due; gives whether it is one of this call."""
        if self._send is None or due < self.epoch - _APART_S / 2:
            return False
        self._guarded(self._send)
        return True

    def take_stock(self) -> None:
        """The frames of this beat are out."""
        if self._take_stock is not None:
            self._guarded(self._take_stock)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001  # the other calls of this beat go on
            self._send = self._take_stock = None
            if not self._broken.done():
                self._broken.set_exception(error)

    async def keep(self, send: Callable[[], None], take_stock: Callable[[], None]) -> None:
        """Call `send` for each frame, and `take_stock` when those of all calls are out.

        Late ones are called one after the other, until this is cancelled. What they raise is
        raised here.
        """
        self._send, self._take_stock = send, take_stock
        try:
            await self._broken
        finally:
            self._send = self._take_stock = None
            self.leave()

    def leave(self) -> None:
        """Give the place back."""
        self._slot.leave(self)


class Ticker:
    """Gives the calls of one event loop their places."""

    _of: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker]] = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots = [_Slot(loop) for _ in range(SLOTS)]
        self._origin = 0.0
        """A moment on the grid of the first slot; set when a call comes and there is no other."""

    @classmethod
    def running(cls) -> Ticker:
        """That of the running loop."""
        loop = asyncio.get_running_loop()
        return cls._of.setdefault(loop, cls(loop))

    def seat(self) -> Seat:
        """A place for a call: its first frame is due at once, or within 5 ms if there are others.

        It has to be kept, or left.
        """
        now = self._loop.time()
        if not any(slot.seats for slot in self._slots):
            self._origin = now
        fewest = min(len(slot.seats) for slot in self._slots)
        waits = {
            place: self._next(place, now)
            for place, slot in enumerate(self._slots)
            if len(slot.seats) == fewest
        }
        place = min(waits, key=lambda place: waits[place])
        seat = Seat(self._slots[place], waits[place])
        self._slots[place].take(seat, waits[place])
        return seat

    def _next(self, place: int, now: float) -> float:
        """When the next frame of a slot is due, from now on."""
        slot = self._slots[place]
        first = slot.due if slot.seats else self._origin + place * _APART_S
        return first + max(ceil((now - first) / FRAME_S), 0) * FRAME_S
