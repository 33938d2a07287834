"""What a worker of a cluster does: its part of a load, while whoever drives it is there."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from voicetest.load.errands import Errands
from voicetest.load.keeping import Keeper
from voicetest.load.local import LocalLoad
from voicetest.load.meter import cores
from voicetest.load.processes import ProcessEngine, processes_for
from voicetest.load.request import LoadRequest
from voicetest.load.scenarios import shared_plans
from voicetest.load.schedule import Schedule
from voicetest.load.slots import slots_for
from voicetest.report.load_events import LoadEvent
from voicetest.speech.cache import Cache, default_folder
from voicetest.speech.providers import Speech
from voicetest.suite.logs import hide_in_logs
from voicetest.version import __version__

__all__ = ["READY", "Examined", "Part", "deliver", "examine", "work"]

READY = "ready"
_SILENCE_S = 15.0
"""A worker of which nobody has wanted to know for so long ends its calls."""
_SENDING_S = 0.25


@dataclass(frozen=True)
class Part:
    """The part of a load that one worker makes; paths are the same on all machines."""

    load: str
    """The name of the load, by which messages find it."""
    topic: str
    """Where its events go: lists of lines of load.jsonl."""
    request: LoadRequest
    schedule: Schedule
    """With the shares of the scenarios in the order in which they are planned."""
    folder: Path
    """That of the load."""


@dataclass(frozen=True)
class Examined:
    """What a worker is like."""

    version: str
    may_fork: bool
    """Whether it may have processes of its own."""
    digests: Sequence[str | None]
    """SHA-256 of each scenario file there; None for one that is not there."""


def examine(paths: Sequence[Path]) -> Examined:
    """Look at the worker that this runs in."""
    digests = [sha256(p.read_bytes()).hexdigest() if p.is_file() else None for p in paths]
    return Examined(__version__, not multiprocessing.current_process().daemon, digests)


@dataclass
class _Post:
    """Where messages to the part of a load arrive, from another thread."""

    loop: asyncio.AbstractEventLoop
    cut: Callable[[str], None]
    go: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by each that comes."""

    def take(self, by: str, *, go: bool) -> None:
        """A message, on the loop."""
        self.news.set()
        if by:
            self.cut(by)
            self.go.set()
        if go:
            self.go.set()


_POSTS: dict[str, _Post] = {}
"""The parts that this process makes, by the name of their load."""
_LOCK = threading.Lock()


def deliver(load: str, by: str, go: bool) -> bool:
    """Say that the load is still wanted, that it may `go`, or `by` what it is to end.

    Whether the part is there.
    """
    with _LOCK:
        post = _POSTS.get(load)
        if post is not None:
            post.loop.call_soon_threadsafe(lambda: post.take(by, go=go))
    return post is not None


def work(part: Part) -> None:
    """Make the part of a load, in a thread of a worker; its events go to the topic."""
    hide_in_logs()
    request, unsaid = part.request, _Unsaid(part.topic)
    with Speech(Cache(default_folder())) as speech:
        plans = [one.plan for one in shared_plans(request, speech, lambda warning: None)]
        size = processes_for(request.stages, cores())
        slots = slots_for(plans, request.stages, size, part.schedule.parts)
        errands = Errands(
            plans,
            part.folder,
            Keeper(request.keep, request.seed, part.schedule.parts),
            request.variables,
            request.offline,
        )
        with ProcessEngine(errands, slots, size, lambda warning: None) as engine:
            asyncio.run(_make(part, engine, unsaid))


async def _make(part: Part, engine: ProcessEngine, unsaid: _Unsaid) -> None:
    load = LocalLoad(part.schedule, engine, unsaid.add)
    loop = asyncio.get_running_loop()
    post = _Post(loop, load.cut)
    with _LOCK:
        _POSTS[part.load] = post
    try:
        await load.ready()
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(unsaid.send_now_and_then())
            watching = group.create_task(_watch(post))
            unsaid.say(READY)
            await post.go.wait()
            await load.drive()
            sending.cancel()
            watching.cancel()
    finally:
        with _LOCK:
            del _POSTS[part.load]
        unsaid.send()


async def _watch(post: _Post) -> None:
    """End the calls when nobody wants to know of them any more."""
    while True:
        post.news.clear()
        try:
            async with asyncio.timeout(_SILENCE_S):
                await post.news.wait()
        except TimeoutError:
            post.take("the loss of what drives it", go=True)
            return


class _Unsaid:
    """Events that are sent together, a few times a second."""

    def __init__(self, topic: str) -> None:
        # Only where there is a cluster the package is needed.
        from distributed import get_worker

        self._worker = get_worker()
        self._topic = topic
        self._lines: list[str] = []

    def add(self, event: LoadEvent) -> None:
        """Send an event soon."""
        self._lines.append(event.model_dump_json())

    def say(self, word: str) -> None:
        """Send a word now."""
        self._lines.append(word)
        self.send()

    def send(self) -> None:
        """Send what there is."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._worker.log_event(self._topic, {"from": self._worker.address, "lines": lines})

    async def send_now_and_then(self) -> None:
        """Send what there is, until cancelled."""
        while True:
            await asyncio.sleep(_SENDING_S)
            self.send()
