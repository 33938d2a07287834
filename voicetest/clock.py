"""Real or virtual time for one call: the same code runs on either event loop."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

__all__ = [
    "Clock",
    "Interruption",
    "NotUnderVirtualTime",
    "Stalled",
    "VirtualTimeLoop",
    "interruptible",
    "kept",
    "run",
    "sleep_until",
]

T = TypeVar("T")

_TIDYING_S = 4.0
"""How long what is interrupted may take to tidy up: to hang up, and to put back what it changed."""
_PRESSED_S = 0.5
"""How long each wait of it may take after that."""


class Clock(StrEnum):
    """Which time a call runs on."""

    REAL = "real"
    VIRTUAL = "virtual"


class Interruption:
    """Asks calls that run on any thread to end now and to keep what they have."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal may come while the same thread holds it
        self._by = ""
        self._listeners: dict[int, Callable[[], object]] = {}

    @property
    def asked(self) -> bool:
        """Whether calls have to end."""
        return bool(self._by)

    @property
    def by(self) -> str:
        """What asked first, for people, such as SIGTERM; empty until then."""
        return self._by

    def ask(self, by: str = "Ctrl-C") -> None:
        """Tell every call, from any thread or signal handler; calls that begin later as well."""
        with self._lock:  # so that nobody who is told has gone meanwhile
            if self._by:
                return
            self._by = by
            for tell in list(self._listeners.values()):
                tell()

    @contextmanager
    def telling(self, listener: Callable[[], object]) -> Iterator[None]:
        """Call `listener` if it is asked inside the block, or was before."""
        with self._lock:
            self._listeners[id(listener)] = listener
        try:
            if self.asked:
                listener()
            yield
        finally:
            with self._lock:
                del self._listeners[id(listener)]


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


def run(main: Coroutine[Any, Any, T], clock: Clock, interruption: Interruption | None = None) -> T:
    """Run `main` to its end on an event loop of its own.

    Ctrl-C, or an `interruption` where there is one, cancels it and raises KeyboardInterrupt.
    """
    factory = VirtualTimeLoop if clock is Clock.VIRTUAL else None
    with closing(main), asyncio.Runner(loop_factory=factory) as runner:
        if interruption is None:
            return runner.run(main)
        return kept(runner.run(interruptible(main, interruption)), interruption)


def kept(found: Sequence[T], interruption: Interruption) -> T:
    """What `interruptible` has kept; raises KeyboardInterrupt if it was interrupted."""
    if not found:
        raise KeyboardInterrupt(f"interrupted by {interruption.by}")
    return found[0]


async def interruptible(main: Coroutine[Any, Any, T], interruption: Interruption) -> Sequence[T]:
    """What `main` returns, alone; nothing if it is interrupted.

    An event loop would be ended by a KeyboardInterrupt in one of its tasks.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101  # a coroutine runs in a task

    def end() -> None:
        task.cancel()
        loop.call_later(_TIDYING_S, press)

    def press() -> None:
        for waiting in asyncio.all_tasks(loop):
            waiting.cancel()
        loop.call_later(_PRESSED_S, press)

    with interruption.telling(lambda: loop.call_soon_threadsafe(end)):
        try:
            return (await main,)
        except asyncio.CancelledError:
            if not interruption.asked:
                raise
            return ()


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
