"""Why a language model did not answer, in words that say what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from voicetest.errors import ConnectionFailed

__all__ = ["Refusal", "refusal"]

_LONGEST = 300
_SHORTEST_SECRET = 8
_KEY = re.compile(r"\b(?:sk|pk|xai|gsk|AIza|Bearer)[-_ ]?[\w*.-]{8,}")
_NAMES_OF_KEYS = ("_KEY", "_TOKEN", "_SECRET")
_PREFIX = re.compile(r"^(?:litellm\.)?\w+: (?:\w+: )?(?:\w+Exception - )?")
_UNREACHABLE = "Connection error."
"""What the openai package says, and litellm makes a status of 500 of it."""
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT})
"""Refusals of a request that is not wrong in itself."""
_MESSAGE = re.compile(r'"message":\s*"((?:[^"\\]|\\.)*)"')
_NOTHING = frozenset({"", "{}", "b'{}'", "b''"})
_SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached"})


@dataclass(frozen=True)
class Refusal:
    """One failed request: what it means, and whether the same may succeed later."""

    why: str
    status: int | None = None
    passes: bool = False
    """Whether it may be asked again."""
    after_s: float | None = None
    """How long it asks us to wait."""

    def error(self, model: str, tries: int) -> ConnectionFailed:
        """What is reported in the end."""
        again = f", {tries} times" if tries > 1 else ""
        message = f"the language model '{model}' gave no answer{again}: {self.why}"
        return ConnectionFailed(message, code=self.status)


def refusal(error: Exception, key: str | None = None) -> Refusal:
    """What an error of litellm means; no key that we know of is in its words.

    litellm makes all errors of its providers those of the openai package, with the status.
    """
    import openai

    error = getattr(error, "original_exception", None) or error  # what broke a stream
    status = getattr(error, "status_code", None)
    words = _its_words(error, key)
    after = _asked_to_wait(getattr(error, "litellm_response_headers", None) or {})
    match error:
        case TimeoutError() | openai.APITimeoutError():
            return Refusal("it took too long: try again later", passes=True)
        case _ if status == HTTPStatus.TOO_MANY_REQUESTS and _is_spent(error):
            return Refusal(f"its quota or credit is used up{words}: look at its account", status)
        case _ if status == HTTPStatus.TOO_MANY_REQUESTS:
            why = f"it is asked too much at a time{words}: try again later, or more slowly"
            return Refusal(why, status, passes=True, after_s=after)
        case _ if isinstance(error, openai.APIConnectionError) or _UNREACHABLE in str(error):
            return Refusal(
                f"it cannot be reached{words}: check the network and 'base_url'", None, True
            )
        case _ if status == HTTPStatus.PAYMENT_REQUIRED:
            return Refusal(f"it wants to be paid{words}: look at its account", status)
    if isinstance(status, int) and status in _ADVICE:
        return Refusal(f"HTTP {status}{words}: {_ADVICE[status]}", status)
    if isinstance(status, int) and _is_final(status):
        return Refusal(f"HTTP {status}{words}: check its name and its settings", status)
    why = f"it fails{words}: try again later, or check 'base_url'"
    return Refusal(why, status, passes=True, after_s=after)


_ADVICE: Mapping[int, str] = {
    401: "check its key",
    403: "its key may not be used for this",
    404: "check its name and 'base_url'",
}


def _is_final(status: int) -> bool:
    """Whether it is the request that is wrong."""
    ours = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return ours and status not in _LATER


def _is_spent(error: Exception) -> bool:
    body: Any = getattr(error, "body", None)
    code = body.get("code") if isinstance(body, dict) else None
    return code in _SPENT or any(word in str(error) for word in _SPENT)


def _asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds, from the header `retry-after` (RFC 9110 §10.2.3: seconds, or a date)."""
    written = headers.get("retry-after")
    if written is None:
        return None
    try:
        return max(float(written), 0.0)
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(written)
    except ValueError:
        return None
    return max((until - datetime.now(UTC)).total_seconds(), 0.0) if until.tzinfo else None


def _its_words(error: Exception, key: str | None) -> str:
    """What the far side says, to be put after the cause; short, printable and without keys."""
    said = _PREFIX.sub("", str(error).split(" Original exception:")[0])
    said = _PREFIX.sub("", said)
    if in_json := _MESSAGE.search(said):
        said = in_json[1]
    for secret in filter(None, (key, *_keys_of_the_environment())):
        said = said.replace(secret, "***")
    said = _KEY.sub("***", said)
    short = said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
    shown = "".join(c if c.isprintable() else " " for c in short).strip()
    return "" if shown in _NOTHING else f" ('{shown}')"


def _keys_of_the_environment() -> list[str]:
    return [
        value
        for name, value in os.environ.items()
        if name.endswith(_NAMES_OF_KEYS) and len(value) >= _SHORTEST_SECRET
    ]
