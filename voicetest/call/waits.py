"""Waits until something in a call becomes true, each woken when it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Waits"]


@dataclass(frozen=True)
class _Wait:
    condition: Callable[[], bool]
    deadline: float
    since: float
    over: asyncio.Future[bool]


class Waits:
    """Who waits in one call, and for what; times are seconds on its clock."""

    def __init__(self, attended: Callable[[float], float]) -> None:
        """`attended` is the time now, less what voicetest missed since the one it is given."""
        self._attended = attended
        self._loop = asyncio.get_running_loop()
        self._all: list[_Wait] = []
        self._looks = False
        """Set while it is planned to look; cleared by the look."""

    async def until(self, condition: Callable[[], bool], deadline: float, since: float) -> bool:
        """Wait for `condition`; whether it holds at `deadline` at the latest.

        What is missed after `since` does not count.
        """
        if condition():
            return True
        wait = _Wait(condition, deadline, since, self._loop.create_future())
        self._all.append(wait)
        self.look_soon()
        try:
            return await wait.over
        finally:
            self._all.remove(wait)

    def look_soon(self) -> None:
        """Something has changed, and more may while the same code runs."""
        if self._all and not self._looks:
            self._looks = True
            self._loop.call_soon(self.look)

    def look(self) -> None:
        """Wake whose condition holds, or whose time is over."""
        self._looks = False
        for wait in self._all:
            if wait.over.done():
                continue
            try:
                if wait.condition():
                    wait.over.set_result(True)
                elif self._attended(wait.since) >= wait.deadline:
                    wait.over.set_result(False)
            except Exception as error:  # noqa: BLE001  # it is raised where somebody waits
                wait.over.set_exception(error)
