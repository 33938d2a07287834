"""Why a line broke, in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping

from voicetest.errors import ConnectionFailed
from voicetest.events import Hangup

__all__ = ["broken_line"]

_OURS = "the agent could not read what it was sent: check the protocol and its settings"
_LATER = "the agent's service is busy or restarting: try again later"
_HINTS: Mapping[int, str] = {
    1002: _OURS,
    1003: _OURS,
    1006: "the network or the agent's process ended it without a word: look at the agent's log",
    1007: _OURS,
    1008: "the agent refuses it: check keys, limits and what the agent allows",
    1009: "a message was too large for the agent: check the protocol and its settings",
    1011: "something broke at the agent: look at its log",
    1012: _LATER,
    1013: _LATER,
}
"""By close code (RFC 6455 §7.4.1 and the registry it opens)."""


def broken_line(hung_up: Hangup) -> ConnectionFailed:
    """The error of a call whose line ended in a way that nobody meant, with code and reason."""
    if hung_up.code is None:
        message = f"the agent's platform ended the call: {hung_up.reason or 'without a reason'}"
        return ConnectionFailed(message, reason=hung_up.reason)
    words = f"the line broke: closed with code {hung_up.code} {hung_up.reason}".rstrip()
    hint = _HINTS.get(hung_up.code)
    message = f"{words} ({hint})" if hint else words
    return ConnectionFailed(message, code=hung_up.code, reason=hung_up.reason)
