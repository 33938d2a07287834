"""Processes of a run: how they are started, and what they have in common."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import (
    connection,
    get_context,
    parent_process,
    resource_tracker,
    set_forkserver_preload,
)
from multiprocessing.context import BaseContext

__all__ = ["begin", "context", "held_back"]

_FOR_THE_RUN = (
    (signal.SIGINT, signal.SIGTERM)
    if sys.platform == "win32"
    else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
)
"""What is sent to every process of a group: the run itself decides what happens then, and still
needs its workers while it writes the results."""


def context(preloaded: str) -> BaseContext:
    """How a process is started that needs the module `preloaded` and what that imports.

    On Linux a server loads it once and forks: the tenth process costs nothing, and they share its
    memory. The libraries of macOS do not survive a fork, and Windows has none.
    """
    if sys.platform != "linux":
        return get_context("spawn")
    set_forkserver_preload([preloaded])
    return get_context("forkserver")


@contextmanager
def held_back() -> Iterator[None]:
    """Let a process that is started inside wait with these signals until it is ready for them.

    That is also for the tracker of the package multiprocessing, which would die of a SIGHUP, and
    for its server, which would die of a SIGTERM as well; they never see any.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_THE_RUN)
    try:
        # When it has to be started, SIGINT and SIGTERM are let through from there on.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_THE_RUN)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def begin(environment: Mapping[str, str]) -> Iterator[None]:
    """Get a process ready that `held_back` started; inside the block no signal comes yet.

    It has the `environment` of its parent now: that of a server is as old as the server. It ends
    when its parent does.
    """
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
    for number in _FOR_THE_RUN:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    yield
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _FOR_THE_RUN)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(0)
