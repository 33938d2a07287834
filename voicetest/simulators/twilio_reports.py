"""What a call tells its status callback: each event once, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from voicetest.simulators.twilio_call import Call, Status, rfc_2822
from voicetest.simulators.twilio_webhooks import Webhooks

__all__ = ["EVENTS", "Reports", "Wanted"]

_NAMES: Mapping[Status, str] = {
    Status.QUEUED: "initiated",
    Status.RINGING: "ringing",
    Status.IN_PROGRESS: "answered",
}
_LAST = "completed"
EVENTS = frozenset({*_NAMES.values(), _LAST})


@dataclass(frozen=True)
class Wanted:
    """Who is told of what."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset({_LAST})


class Reports:
    """Tells of one call; `run` has to run until it is over."""

    def __init__(self, call: Call, wanted: Wanted, webhooks: Webhooks) -> None:
        self._call = call
        self._wanted = wanted
        self._webhooks = webhooks
        self._waiting: asyncio.Queue[tuple[Status, Mapping[str, str]]] = asyncio.Queue()
        self._count = 0

    def changed(self, status: Status) -> None:
        """The call has a new status; with QUEUED, it is being dialled."""
        event = _NAMES.get(status, _LAST)
        fields = self._call.fields() | {
            "CallStatus": "initiated" if status is Status.QUEUED else str(status),
            "CallbackSource": "call-progress-events",
            "Timestamp": rfc_2822(datetime.now(UTC)),
            "SequenceNumber": str(self._count),
        }
        self._count += 1
        if self._call.duration is not None:
            minutes = -(-self._call.duration // 60)
            fields |= {"CallDuration": str(self._call.duration), "Duration": str(minutes)}
        if event in self._wanted.events or status.over:
            self._waiting.put_nowait((status, fields))

    async def run(self) -> None:
        """Tell what there is to tell; what cannot be told is noted in the call."""
        over = not self._wanted.url
        while not over:
            status, fields = await self._waiting.get()
            over = status.over
            if not over or _LAST in self._wanted.events:
                wanted = self._wanted
                await self._webhooks.report(self._call, wanted.url, wanted.method, fields)
