"""What the signals that end a process do to a run: it ends early, and loses nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from voicetest.clock import Interruption
from voicetest.errors import ExitCode

__all__ = ["BY_TIMEOUT", "WITHIN", "exit_code_by", "finishing", "ignored", "until_told"]

BY_TIMEOUT = "--timeout"
ENDING: Mapping[int, str] = {
    signal.SIGINT: "Ctrl-C",
    signal.SIGTERM: "SIGTERM",
    **({} if sys.platform == "win32" else {signal.SIGHUP: "SIGHUP"}),
}
"""What ends a run, for people."""
WITHIN: Mapping[int, str] = {
    **ENDING,
    **({} if sys.platform == "win32" else {signal.SIGALRM: BY_TIMEOUT}),
}
"""What a run tells its own processes with."""

_CODES = {"SIGTERM": ExitCode.TERMINATED, "SIGHUP": ExitCode.HUNG_UP}
_SAME_S = 0.5
"""A signal that comes twice within this time is one: timeout(1) and make send it to the process,
and to its group as well."""
_LAST_S = 6.0
"""After so long what is still going on is left as it is."""


def exit_code_by(by: str) -> ExitCode:
    """What a run exits with that was interrupted by that."""
    return _CODES.get(by, ExitCode.INTERRUPTED)


def ignored() -> frozenset[int]:
    """The signals that do not end a run: what nohup made its process ignore stays ignored."""
    own = ENDING.keys() - {signal.SIGINT}
    return frozenset(n for n in own if signal.getsignal(n) is signal.SIG_IGN)


@contextmanager
def until_told(
    interruption: Interruption, warn: Callable[[str], None], leave: Callable[[], None]
) -> Iterator[None]:
    """The first signal asks for an end, and the second of its kind calls `leave` and is the end.

    So is a run that takes more than 6 s to end. Only the main thread can be told. Once a signal
    came the process ends by that one, whatever comes after the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    last: dict[int, float] = {}
    leaving = threading.Lock()

    def go() -> None:
        if leaving.acquire(blocking=False):
            try:
                leave()
            finally:
                os._exit(exit_code_by(interruption.by))

    def on_signal(number: int, _: Any) -> None:
        now, before = time.monotonic(), last.get(number)
        if before is not None and now - before >= _SAME_S:
            go()
        first = not interruption.asked
        last.setdefault(number, now)
        interruption.ask(ENDING[number])
        if first:
            by = ENDING[number]
            warn(f"interrupted by {by}: what there is gets written; {by} again leaves at once")

    def watch() -> None:
        timer.start()

    timer = threading.Timer(_LAST_S, go)
    timer.daemon = True
    with ExitStack() as stack:
        stack.callback(timer.cancel)
        formerly = {n: signal.signal(n, on_signal) for n in ENDING.keys() - ignored()}
        stack.callback(lambda: None if last else _restore(formerly))
        stack.enter_context(interruption.telling(watch))
        yield


def _restore(handlers: Mapping[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


@contextmanager
def finishing(*, is_ending: bool = False) -> Iterator[None]:
    """A signal that comes inside the block is heeded when that is over; a second one at once.

    A process that `is_ending` by another already goes on doing that after the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    last: dict[int, float] = {}

    def on_signal(number: int, _: Any) -> None:
        if time.monotonic() - last.setdefault(number, time.monotonic()) >= _SAME_S:
            os._exit(exit_code_by(ENDING[number]))
        came.append(number)

    with ExitStack() as stack:
        for number in ENDING.keys() - ignored():
            stack.callback(signal.signal, number, signal.signal(number, on_signal))
        yield
    if came and not is_ending:
        signal.raise_signal(came[0])
