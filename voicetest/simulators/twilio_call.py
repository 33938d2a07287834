"""A call as Twilio keeps it: the Call resource."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

__all__ = ["API_VERSION", "Call", "Direction", "Notification", "Status", "rfc_2822"]

API_VERSION = "2010-04-01"
_RELATED = (
    "events",
    "notifications",
    "payments",
    "recordings",
    "siprec",
    "streams",
    "transcriptions",
    "user_defined_message_subscriptions",
    "user_defined_messages",
)


class Status(StrEnum):
    """How a call is doing."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"

    @property
    def over(self) -> bool:
        """Whether nothing comes after it."""
        return self not in (Status.QUEUED, Status.RINGING, Status.IN_PROGRESS)


class Direction(StrEnum):
    """Where a call comes from."""

    INBOUND = "inbound"
    OF_API = "outbound-api"
    OF_DIAL = "outbound-dial"


@dataclass(frozen=True)
class Notification:
    """Something that went wrong in a call, with Twilio's code."""

    sid: str
    code: int
    message: str
    at: datetime


@dataclass
class Call:
    """One leg of a call; what has a default changes as the call goes on."""

    sid: str
    account_sid: str
    from_: str
    to: str
    direction: Direction
    parent: str | None = None
    number_sid: str = ""
    status: Status = Status.QUEUED
    answered_by: str = ""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: datetime | None = None
    ended: datetime | None = None
    duration: int | None = None
    notifications: list[Notification] = field(default_factory=list)
    answered_at: float | None = None
    """When it was answered, in seconds of the event loop."""
    changed: Callable[[Status], None] | None = None
    """Who is told of each status; set before the call is placed."""

    def becomes(self, status: Status) -> None:
        """Go on to a status; a call that is over stays as it is."""
        if self.status.over:
            return
        now = datetime.now(UTC)
        self.status, self.updated = status, now
        match status:
            case Status.IN_PROGRESS:
                self.started = now
                self.answered_at = asyncio.get_running_loop().time()
            case Status.COMPLETED:
                self.ended = now
                passed = asyncio.get_running_loop().time() - (self.answered_at or 0.0)
                self.duration = round(passed) if self.answered_at is not None else 0
            case _:
                pass
        if self.changed is not None:
            self.changed(status)

    def note(self, code: int, message: str) -> None:
        """Keep what went wrong."""
        sid = f"NO{self.sid[6:]}{len(self.notifications) + 1:04x}"
        self.notifications.append(Notification(sid, code, message, datetime.now(UTC)))

    def fields(self) -> dict[str, str]:
        """What every webhook about it says; nothing is known of where anybody is."""
        known = {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": self.sid,
            "CallStatus": str(self.status),
            "Called": self.to,
            "Caller": self.from_,
            "Direction": str(self.direction),
            "From": self.from_,
            "To": self.to,
        }
        places = {
            f"{party}{what}": ""
            for party in ("Called", "Caller", "From", "To")
            for what in ("City", "State", "Zip")
        }
        by = {"AnsweredBy": self.answered_by} if self.answered_by else {}
        parent = {"ParentCallSid": self.parent} if self.parent else {}
        return known | places | by | parent

    def as_json(self) -> dict[str, Any]:
        """As Twilio shows a call."""
        uri = f"/{API_VERSION}/Accounts/{self.account_sid}/Calls/{self.sid}"
        return {
            "sid": self.sid,
            "date_created": rfc_2822(self.created),
            "date_updated": rfc_2822(self.updated),
            "parent_call_sid": self.parent,
            "account_sid": self.account_sid,
            "to": self.to,
            "to_formatted": _formatted(self.to),
            "from": self.from_,
            "from_formatted": _formatted(self.from_),
            "phone_number_sid": self.number_sid or None,
            "status": str(self.status),
            "start_time": self.started and rfc_2822(self.started),
            "end_time": self.ended and rfc_2822(self.ended),
            "duration": None if self.duration is None else str(self.duration),
            "price": None,
            "price_unit": "USD",
            "direction": str(self.direction),
            "answered_by": self.answered_by or None,
            "annotation": None,
            "api_version": API_VERSION,
            "forwarded_from": None,
            "group_sid": None,
            "caller_name": None,
            "queue_time": "0",
            "trunk_sid": None,
            "uri": f"{uri}.json",
            "subresource_uris": {
                name: f"{uri}/{''.join(part.title() for part in name.split('_'))}.json"
                for name in _RELATED
            },
        }


def rfc_2822(moment: datetime) -> str:
    """A time as Twilio writes it."""
    return format_datetime(moment)


def _formatted(number: str) -> str:
    """A number of North America for display; any other as it is."""
    digits = number.removeprefix("+1")
    if len(digits) != 10 or digits == number:
        return number
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
