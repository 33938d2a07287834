"""How a call is to be placed, and who is told who answered it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from voicetest.simulators.twilio_call import Call
from voicetest.simulators.twilio_reports import Wanted
from voicetest.simulators.twilio_webhooks import Source, Webhooks

__all__ = ["LONGEST_CALL_S", "RINGS_FOR_S", "Order", "detect"]

RINGS_FOR_S = 60.0
LONGEST_CALL_S = 4 * 3_600.0
DETECTION_S = 1.5
"""How long it takes to find out who answered."""


@dataclass(frozen=True)
class Order:
    """How a call is to be placed; times in seconds."""

    source: Source
    told: Wanted
    keys: str = ""
    rings_for: float = RINGS_FOR_S
    limit: float = LONGEST_CALL_S
    detects: bool = False
    """Whether to find out who answered before the document is followed."""
    detection_told: Wanted | None = None
    """Who is told of that while it is followed already."""


async def detect(call: Call, order: Order, webhooks: Webhooks, *, machine: bool) -> None:
    """Find out who answered, if the order wants to know, and tell whom it names."""
    if not order.detects:
        return
    await asyncio.sleep(DETECTION_S)
    call.answered_by = "machine_start" if machine else "human"
    told = order.detection_told
    if told is not None and told.url:
        fields = {
            "AccountSid": call.account_sid,
            "CallSid": call.sid,
            "AnsweredBy": call.answered_by,
            "MachineDetectionDuration": str(round(DETECTION_S * 1_000)),
        }
        await webhooks.report(call, told.url, told.method, fields)
