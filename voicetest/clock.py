"""Real or virtual time for one call: the same code runs on either event loop."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

__all__ = ["Clock", "NotUnderVirtualTime", "Stalled", "VirtualTimeLoop", "run", "sleep_until"]

T = TypeVar("T")


class Clock(StrEnum):
    """Which time a call runs on."""

    REAL = "real"
    VIRTUAL = "virtual"


class NotUnderVirtualTime(RuntimeError):
    """Something tried to leave the process while time is virtual."""


class Stalled(RuntimeError):
    """Every task waits and no timer is set, so under virtual time nothing can ever happen."""


class _JumpingSelector(selectors.DefaultSelector):
    """Moves virtual time to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Stalled("nothing is left that could wake this call")
        self.now += timeout
        return []


def _refused(name: str) -> NotUnderVirtualTime:
    return NotUnderVirtualTime(f"{name} cannot be used under virtual time; use --clock real")


def _refusal(name: str) -> Callable[..., Any]:
    def refuse(self: VirtualTimeLoop, *args: object, **kwargs: object) -> NoReturn:
        raise _refused(name)

    return refuse


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock starts at 0 and jumps to the next timer when nothing is ready.

    Jobs of `run_in_executor` run inline, so they take no virtual time; sockets, pipes and
    subprocess transports raise NotUnderVirtualTime.
    """

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jumping.now

    def run_in_executor(  # type: ignore[override]  # the base class is typed with unpacked arguments
        self, executor: object, func: Callable[..., T], *args: Any
    ) -> asyncio.Task[T]:
        """Run `func` inside the loop, as a task of its own."""

        async def inline() -> T:
            return func(*args)

        return self.create_task(inline())

    create_connection = _refusal("create_connection")
    create_server = _refusal("create_server")
    create_datagram_endpoint = _refusal("create_datagram_endpoint")
    create_unix_connection = _refusal("create_unix_connection")
    create_unix_server = _refusal("create_unix_server")
    connect_accepted_socket = _refusal("connect_accepted_socket")
    connect_read_pipe = _refusal("connect_read_pipe")
    connect_write_pipe = _refusal("connect_write_pipe")
    subprocess_exec = _refusal("subprocess_exec")
    subprocess_shell = _refusal("subprocess_shell")
    sock_connect = _refusal("sock_connect")
    sock_accept = _refusal("sock_accept")
    sock_recv = _refusal("sock_recv")
    sock_recv_into = _refusal("sock_recv_into")
    sock_recvfrom = _refusal("sock_recvfrom")
    sock_sendall = _refusal("sock_sendall")
    sock_sendto = _refusal("sock_sendto")

    def add_reader(self, *args: object) -> NoReturn:
        """Refused: a reader waits for a real file descriptor."""
        raise _refused("add_reader")

    def add_writer(self, *args: object) -> NoReturn:
        """Refused: a writer waits for a real file descriptor."""
        raise _refused("add_writer")


def run(main: Coroutine[Any, Any, T], clock: Clock) -> T:
    """Run `main` to its end on an event loop of its own; Ctrl-C cancels it."""
    factory = VirtualTimeLoop if clock is Clock.VIRTUAL else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


async def sleep_until(deadline: float) -> None:
    """Wait until `loop.time()` reaches `deadline`, in seconds; never accumulates drift."""
    loop = asyncio.get_running_loop()
    woken: asyncio.Future[None] = loop.create_future()
    timer = loop.call_at(deadline, _wake, woken)
    try:
        await woken
    finally:
        timer.cancel()
