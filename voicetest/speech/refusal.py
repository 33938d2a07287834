"""What a provider gives instead of what it was asked for, in one form for all of them."""

from __future__ import annotations

import email.utils
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus
from typing import Any

__all__ = ["Cause", "Refusal", "refusal_of_status"]

_LONGEST = 200
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_SHORTEST_SECRET = 8
_NO_CREDIT = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "quota_exceeded",
        "paid_plan_required",
        "payment_required",
    }
)
"""Words of OpenAI and ElevenLabs for an account that has nothing left."""


class Cause(Enum):
    """Why, by what can be done about it."""

    KEY = "key"
    CREDIT = "credit"
    REQUEST = "request"
    BUSY = "busy"
    BROKEN = "broken"
    SLOW = "slow"
    UNREACHABLE = "unreachable"
    CUT_OFF = "cut off"
    NONSENSE = "nonsense"

    @property
    def may_pass(self) -> bool:
        """Whether asking again may help."""
        return self in _PASSING


_PASSING = frozenset({Cause.BUSY, Cause.BROKEN, Cause.SLOW, Cause.UNREACHABLE, Cause.CUT_OFF})


@dataclass
class Refusal(Exception):
    """One request that came to nothing."""

    cause: Cause
    words: str = ""
    """The provider's own, or what was found; never a key."""
    status: int | None = None
    retry_after: float | None = None
    """Seconds to wait before the next request, if the provider says so."""

    def __post_init__(self) -> None:
        self.words = _presentable(self.words)
        super().__init__(self.words)

    @property
    def shown(self) -> str:
        """Status and words, for people."""
        status = "" if self.status is None else f"HTTP {self.status}"
        said = f"'{self.words}'" if self.words else ""
        return " ".join(part for part in (status, said) if part)


def refusal_of_status(status: int, body: str, headers: Mapping[str, str]) -> Refusal:
    """What an answer that is no success means; `body` as it came, header names lower case."""
    found = _error(body)
    code, words = _code(found), _words(found)
    wait = _retry_after(headers, found)
    if code in _NO_CREDIT or status == HTTPStatus.PAYMENT_REQUIRED or _daily(found):
        return Refusal(Cause.CREDIT, words, status)
    match status:
        case 401 | 403:
            return Refusal(Cause.KEY, words, status)
        case 400 if code == "API_KEY_INVALID":
            return Refusal(Cause.KEY, words, status)
        case 429:
            return Refusal(Cause.BUSY, words, status, wait)
        case 408:
            return Refusal(Cause.SLOW, words, status, wait)
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Refusal(Cause.BROKEN, words, status, wait)
        case _ if status < HTTPStatus.BAD_REQUEST:
            return Refusal(Cause.NONSENSE, "it redirects, which is not followed", status)
        case _:
            return Refusal(Cause.REQUEST, words, status)


def _error(body: str) -> Any:
    """What an error's JSON holds: OpenAI and Google say `error`, ElevenLabs `detail`."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        return None
    return found.get("error") or found.get("detail") or found


def _code(found: Any) -> str:
    if not isinstance(found, dict):
        return ""
    reasons = (detail.get("reason") for detail in _details(found))
    codes = (*reasons, found.get("code"), found.get("type"), found.get("status"))
    known = [code for code in codes if isinstance(code, str)]
    return next((code for code in known if code in _NO_CREDIT), known[0] if known else "")


def _words(found: Any) -> str:
    match found:
        case str():
            return found
        case {"message": str(words)}:
            return words
        case [{"msg": str(words)}, *_]:
            return words
        case _:
            return ""


def _details(found: Any) -> list[dict[str, Any]]:
    details = found.get("details") if isinstance(found, dict) else None
    if not isinstance(details, list):
        return []
    return [detail for detail in details if isinstance(detail, dict)]


def _daily(found: Any) -> bool:
    """Whether Google's quota of the day is used up; one of the minute passes."""
    violations = (detail.get("violations") for detail in _details(found))
    listed = (entry for entries in violations if isinstance(entries, list) for entry in entries)
    quotas = (entry.get("quotaId") for entry in listed if isinstance(entry, dict))
    return any(isinstance(quota, str) and "PerDay" in quota for quota in quotas)


def _retry_after(headers: Mapping[str, str], found: Any) -> float | None:
    """Seconds or a date (RFC 9110 §10.2.3), OpenAI's milliseconds, or Google's RetryInfo."""
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    written = headers.get("retry-after")
    wait = _seconds(written)
    if wait is None and written:
        wait = _until(written)
    if wait is None:
        delays = (detail.get("retryDelay") for detail in _details(found))
        texts = (delay.removesuffix("s") for delay in delays if isinstance(delay, str))
        wait = next((s for text in texts if (s := _seconds(text)) is not None), None)
    return wait


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return max(value, 0.0) if math.isfinite(value) else None


def _until(date: str) -> float | None:
    try:
        at = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


def _presentable(text: str) -> str:
    """One short line without a secret of the environment."""
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "***")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
