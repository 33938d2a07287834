"""Notices what code keeps an event loop from the frames of its calls, and names it."""

from __future__ import annotations

import asyncio
import sys
import sysconfig
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import ClassVar, Self
from weakref import WeakKeyDictionary

__all__ = ["HoldUp", "Lookout", "hold_ups"]

_LOOK_S = 0.5
"""Between two questions to a loop that answers."""
_HELD_S = 0.5
"""A loop that has not answered for so long is held up: by then frames are late for everybody."""
_AGAIN_S = 0.1
"""Between two looks at what holds it up."""
_ENOUGH = 3
"""Looks at which it has to be the same."""
_STARVED = 0.5
"""The share of the time in which it had no processor, from which nothing it did is the reason."""
_PARTS = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
_INSTALLED = tuple(sysconfig.get_path(name) for name in ("purelib", "platlib"))


@dataclass(frozen=True)
class HoldUp:
    """A time in which one piece of code had the loop to itself."""

    start: float
    """On the clock of the loop."""
    seconds: float
    where: str
    """File, line and function."""

    @property
    def message(self) -> str:
        """For people."""
        return (
            f"{self.where} held up all calls of its process for {self.seconds:.1f} s: code that"
            " takes long belongs into a thread (asyncio.to_thread)"
        )


class Lookout(AbstractContextManager["Lookout"]):
    """Asks a loop from a thread, inside the block, whether it still answers.

    Whoever the machine gives no processor is not blamed.
    """

    _of: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, Lookout]] = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Made in the thread in which `loop` will run."""
        self.found: list[HoldUp] = []
        self._loop = loop
        self._held, self._task = threading.get_ident(), threading.get_native_id()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="lookout", daemon=True)
        self._of[loop] = self

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._over.set()
        self._thread.join()

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Lookout | None:
        """That of a loop, if it has one."""
        return cls._of.get(loop)

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            asked, waited = self._loop.time(), self._without_processor()
            answered = threading.Event()
            self._loop.call_soon_threadsafe(answered.set)
            if answered.wait(_HELD_S):
                continue
            seen = list(self._seen_until(answered))
            seconds = self._loop.time() - asked
            starved = self._without_processor() - waited
            if seen and starved < _STARVED * seconds:
                culprit = max(seen, key=seen.count)
                if seen.count(culprit) >= _ENOUGH:
                    self.found.append(HoldUp(asked, seconds, culprit[1]))

    def _seen_until(self, answered: threading.Event) -> Iterator[tuple[int, str]]:
        """What runs, look by look: which invocation of what function."""
        while not answered.is_set() and not self._over.is_set():
            # For debuggers, it says; this is one.
            innermost = sys._current_frames().get(self._held)  # noqa: SLF001
            frame = _responsible(innermost)
            if frame is not None:
                yield id(frame), _place(frame)
            del frame, innermost
            answered.wait(_AGAIN_S)

    def _without_processor(self) -> float:
        """Seconds in which the loop's thread could have run and did not; 0 where nobody knows."""
        try:
            told = Path(f"/proc/self/task/{self._task}/schedstat").read_text(encoding="ascii")
        except OSError:
            return 0.0
        return int(told.split()[1]) / 1e9


def hold_ups(loop: asyncio.AbstractEventLoop, since: float) -> Sequence[HoldUp]:
    """What held up a loop after a moment on its clock."""
    lookout = Lookout.of(loop)
    found = () if lookout is None else tuple(lookout.found)
    return [one for one in found if one.start + one.seconds > since]


def _responsible(frame: FrameType | None) -> FrameType | None:
    """The innermost function that is no part of Python itself."""
    while frame is not None and _is_pythons(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def _is_pythons(file: str) -> bool:
    return file.startswith((*_PARTS, "<frozen")) and not file.startswith(_INSTALLED)


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{code.co_qualname} ({code.co_filename}, line {frame.f_lineno})"
