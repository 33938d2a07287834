"""A load that several machines make together, as workers of a cluster of Dask.

Each worker has one task, as long as the load. The work of a lost worker is never done again: its
calls would be made twice.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from voicetest.errors import SetupError
from voicetest.load.cluster_worker import READY, Examined, Part, deliver, examine, work
from voicetest.load.request import LoadRequest
from voicetest.load.schedule import Schedule
from voicetest.report.load_events import EVENTS, Begun, Ended, LoadEvent, Over, Sampled
from voicetest.version import __version__

__all__ = ["ClusterLoad", "cluster_of"]

_CONNECT_S = 15.0
_READY_S = 180.0
"""How long workers may take until they can make calls."""
_BEAT_S = 1.0
_ANSWER_S = 5.0
_KILLED = "KilledWorker"
"""What Dask calls it when the process of a worker dies; its text says no more."""
_WHY_CHARACTERS = 300


def cluster_of(address: str) -> Any:
    """A client of a cluster, still to be opened; raises SetupError without the package."""
    try:
        from distributed import Client
    except ImportError as error:
        raise SetupError("--cluster needs Dask: pip install 'voicetest[cluster]'") from error
    return Client(address, asynchronous=True, timeout=_CONNECT_S, set_as_default=False)


@dataclass
class _Worker:
    """One worker as the load sees it; grows with what it tells."""

    ready: bool = False
    over: bool = False
    """Whether its part is done, or lost."""
    lines: int = 0
    """Its calls on the line."""
    under_way: dict[int, Begun] = field(default_factory=dict)
    """Its calls that are not over."""
    at_s: float = 0.0
    """The time of its last event."""
    by: str | None = None
    """What ended its part early."""


class ClusterLoad:
    """One load. It belongs to the event loop that drives it."""

    def __init__(
        self,
        address: str,
        request: LoadRequest,
        schedule: Schedule,
        folder: Path,
        tell: Callable[[LoadEvent], None],
    ) -> None:
        self._address = address
        self._request = request
        self._schedule = schedule
        self._folder = folder
        self._tell = tell
        self._name = f"voicetest-load-{secrets.token_hex(6)}"
        self._workers: dict[str, _Worker] = {}
        self._lost: list[str] = []
        self._by = ""
        """What ends it early, in words; set once."""
        self._changed = asyncio.Event()
        self._client: Any = None
        """Set when the workers are found, and closed by `_closing`."""
        self._closing = AsyncExitStack()

    @property
    def lines(self) -> int:
        """Calls on the line."""
        return sum(worker.lines for worker in self._workers.values())

    def stop(self, by: str) -> None:
        """Begin no further call; here that is to end those under way as well."""
        self.cut(by)

    def cut(self, by: str) -> None:
        """Begin no further call, and end those under way."""
        self._by = self._by or by
        self._changed.set()

    async def ready(self) -> None:
        """Find the workers.

        Raises SetupError for a cluster that cannot be reached, or would make calls twice.
        """
        async with AsyncExitStack() as stack:
            try:
                client = await stack.enter_async_context(cluster_of(self._address))
            except OSError as error:
                raise SetupError(f"there is no cluster at {self._address}: {error}") from error
            await self._refuse_repeating(client)
            self._workers = {address: _Worker() for address in await self._examined(client)}
            self._client = client
            self._closing = stack.pop_all()

    async def drive(self) -> None:
        """Make it, from the first call to the last result."""
        async with self._closing:
            self._client.subscribe_topic(self._name, self._hear)
            await self._conduct(self._client, list(self._workers))
        lost = f"the loss of {len(self._lost)} of {len(self._workers)} workers"
        early = next((worker.by for worker in self._workers.values() if worker.by), None)
        at_s = max((worker.at_s for worker in self._workers.values()), default=0.0)
        self._tell(Over(at_s=at_s, by=self._by or (lost if self._lost else early)))

    async def _refuse_repeating(self, client: Any) -> None:
        allowed = await client.run_on_scheduler(
            lambda dask_scheduler: dask_scheduler.allowed_failures
        )
        if allowed != 0:
            raise SetupError(
                f"the scheduler at {self._address} would have the calls of a lost worker made "
                "again: start it with DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=0 in its "
                f"environment (it has {allowed})"
            )

    async def _examined(self, client: Any) -> Sequence[str]:
        """The workers; raises SetupError unless each can do its part."""
        paths = [path for path, _ in self._request.scenarios]
        found: Mapping[str, Examined | Exception] = await client.run(
            examine, paths, on_error="return"
        )
        if not found:
            raise SetupError(f"the cluster at {self._address} has no workers: start dask worker")
        own = [sha256(path.read_bytes()).hexdigest() for path in paths]
        for address, worker in found.items():
            for path, digest, there in zip(
                paths, own, getattr(worker, "digests", own), strict=True
            ):
                if digest != there:
                    raise SetupError(f"{address} has another {path}, or none: give it the same")
            match worker:
                case Examined(version=version) if version != __version__:
                    raise SetupError(
                        f"{address} has voicetest {version}, and this is {__version__}"
                    )
                case Examined(may_fork=False):
                    raise SetupError(
                        f"{address} may not have processes of its own: start it with "
                        "dask worker --no-nanny"
                    )
                case Examined():
                    pass
                case error:
                    raise SetupError(f"{address} cannot make calls: {error!r}")
        return sorted(found)

    async def _conduct(self, client: Any, addresses: Sequence[str]) -> None:
        tasks = [
            client.submit(
                work,
                Part(
                    load=self._name,
                    topic=self._name,
                    request=self._request,
                    schedule=replace(self._schedule, part=index, parts=len(addresses)),
                    folder=self._folder,
                ),
                key=f"{self._name}-{index}",
                workers=[address],
                allow_other_workers=False,
                retries=0,
                pure=False,
            )
            for index, address in enumerate(addresses)
        ]
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(self._beat(client))
            for address, task in zip(addresses, tasks, strict=True):
                group.create_task(self._outcome(address, task))
            while not all(worker.over for worker in self._workers.values()):
                await self._changed.wait()
                self._changed.clear()
            beating.cancel()

    async def _beat(self, client: Any) -> None:
        """Let the workers know every second that they are wanted, and what they are to do."""
        until = asyncio.get_running_loop().time() + _READY_S
        while True:
            going = [worker for worker in self._workers.values() if not worker.over]
            go = all(worker.ready for worker in going)
            if not go and asyncio.get_running_loop().time() > until:
                self.cut("workers that were not ready in time")
            there = [address for address, worker in self._workers.items() if not worker.over]
            with suppress(TimeoutError):
                async with asyncio.timeout(_ANSWER_S):
                    await client.run(
                        deliver, self._name, self._by, go, workers=there, on_error="ignore"
                    )
            await asyncio.sleep(_BEAT_S)

    async def _outcome(self, address: str, task: Any) -> None:
        """Wait for the end of a worker's part; what it leaves when it is lost is counted so."""
        error = await task.exception()
        worker = self._workers[address]
        if error is not None:
            self._lost.append(address)
            why = f"the worker {address} is gone ({type(error).__name__})"
            if type(error).__name__ != _KILLED:
                why = f"{why}: {str(error)[:_WHY_CHARACTERS]}"
            for begun in worker.under_way.values():
                self._tell(_lost(begun, worker.at_s, " ".join(why.split())))
            worker.under_way.clear()
        worker.over, worker.lines = True, 0
        self._changed.set()

    def _hear(self, event: tuple[float, Mapping[str, Any]]) -> None:
        """What a worker tells."""
        _, told = event
        worker = self._workers[told["from"]]
        for line in told["lines"]:
            if line == READY:
                worker.ready = True
                continue
            found = EVENTS.validate_json(line)
            worker.at_s = max(worker.at_s, getattr(found, "at_s", 0.0))
            match found:
                case Over(by=by):
                    worker.by = by
                    continue
                case Begun():
                    worker.under_way[found.call] = found
                case Ended():
                    worker.under_way.pop(found.call, None)
                case Sampled():
                    worker.lines = found.calls
                case _:
                    pass
            self._tell(found)


def _lost(begun: Begun, at_s: float, why: str) -> Ended:
    return Ended(
        at_s=at_s,
        call=begun.call,
        stage=begun.stage,
        scenario=begun.scenario,
        begun_s=begun.at_s,
        due_s=begun.due_s,
        hung_up_s=at_s,
        level=0,
        status="error",
        reason=why,
        error="setup",
        lost=True,
    )
