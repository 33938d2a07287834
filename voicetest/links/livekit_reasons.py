"""Why a room of LiveKit could not be joined, or was left, as events and errors."""

from __future__ import annotations

from collections.abc import Sequence

from livekit import rtc

from voicetest.errors import ConnectionFailed
from voicetest.events import Hangup

__all__ = ["agent_left", "no_agent", "not_joined", "room_left", "several"]

_MEANT = frozenset({"CLIENT_INITIATED", "PARTICIPANT_REMOVED", "ROOM_DELETED", "ROOM_CLOSED"})
"""Ends that somebody wanted: agents end a call by leaving, or by deleting its room."""
_MEANING = {
    "DUPLICATE_IDENTITY": "somebody else joined the room with the same identity: leave 'identity' "
    "out, or give each call its own",
    "SERVER_SHUTDOWN": "the server shut down",
    "SIGNAL_CLOSE": "the connection to the server was lost",
    "CONNECTION_TIMEOUT": "its connection was lost: look at the agent's log",
    "MEDIA_FAILURE": "no sound could be exchanged: check the server's UDP ports",
    "AGENT_ERROR": "the agent broke: look at its log",
}
_LONGEST = 200
"""Of what a server says, which may be a web page."""


def no_agent(limit: float, name: str | None, identity: str | None, there: Sequence[str]) -> str:
    """What is told when nobody came who is the agent; `there` are the identities of others."""
    who = "no agent" if identity is None else f"nobody with the identity '{identity}'"
    if name is not None:
        named = f"that it registers with agent_name '{name}'"
    elif identity is not None:
        named = "that it joins this room with that identity"
    else:
        named = "that it has no agent_name, or write it here"
    others = "".join(f" '{other}'" for other in there)
    seen = f"; in the room is{others}: write agent_identity if that is it" if others else ""
    return (
        f"{who} came into the room within {limit:g} s: check that its worker is running with the "
        f"same server and key, and {named}{seen}"
    )


def several(there: Sequence[str]) -> str:
    """What is told when it cannot be known who the agent is."""
    names = ", ".join(f"'{other}'" for other in there)
    return f"nobody in the room is an agent by kind, and {names} are in it: write agent_identity"


def _name(reason: int | None) -> str:
    if reason is None:
        return "UNKNOWN_REASON"
    try:
        return rtc.DisconnectReason.Name(rtc.DisconnectReason.ValueType(reason))
    except ValueError:
        return f"reason {reason}"


def room_left(reason: int | None) -> Hangup:
    """The end of a call that the server ended."""
    name = _name(reason)
    words = f"{name}: {_MEANING[name]}" if name in _MEANING else name
    return Hangup(reason=words, normal=name in _MEANT)


def agent_left(reason: int | None) -> Hangup:
    """The end of a call that the agent left, on purpose unless the server says otherwise."""
    name = _name(reason)
    if name in _MEANT or name == "UNKNOWN_REASON":
        return Hangup(reason="the agent left the room")
    meaning = f" ({_MEANING[name]})" if name in _MEANING else ""
    return Hangup(reason=f"the agent dropped out: {name}{meaning}", normal=False)


def not_joined(url: str, token: str, said: str) -> ConnectionFailed:
    """The error for a room that could not be joined; what the server `said` may hold the token."""
    line, *_ = said.replace(token, "***").removeprefix("engine: ").splitlines() or [""]
    hint = ""
    if "401" in said:
        hint = ": check LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or 'api_key' and 'api_secret'"
    elif "404" in said:
        hint = ": there is no LiveKit server at this address, check 'url'"
    elif "refused" in said or "lookup" in said:
        hint = ": nobody answers there, check 'url'"
    return ConnectionFailed(f"cannot join a room at {url} ({line[:_LONGEST].strip()}){hint}")
