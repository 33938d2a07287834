"""What the keys of a protocol map mean: an event each, and the placeholders that carry it."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from voicetest.errors import ProtocolError
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Cleared,
    Dtmf,
    Event,
    Failed,
    Hangup,
    Interrupted,
    Mark,
    ReplyRequested,
    Text,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    TranscriptDelta,
    UserTurnEnded,
    UserTurnStarted,
)
from voicetest.protocols.example import compact, json_or_text

__all__ = ["RECEIVED", "SENT", "Word", "sound_bytes", "sound_text"]

Values = Mapping[str, Any]

_LONGEST_MS = 86_400_000
"""A day: no agent was heard for longer."""


@dataclass(frozen=True)
class Word:
    """One key of a map; `needs` are placeholders without which it would say nothing."""

    kind: type[Event]
    values: Callable[[Any], dict[str, Any]]
    """What the placeholders stand for when this event is said."""
    event: Callable[[Values], Event]
    """The event that a message with these values says."""
    placeholders: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    applies: Callable[[Any], bool] = lambda event: True
    """Whether this word is the one for an event of its kind."""


def _text(value: object) -> str:
    return value if isinstance(value, str) else compact(value)


def _bare(kind: Callable[[], Event]) -> Word:
    """A word that says nothing but that it was said."""
    event = kind()
    return Word(type(event), lambda said: {}, lambda values: event)


def _with_text(
    kind: type[Event],
    event: Callable[[str], Event],
    placeholder: str,
    value: Callable[[Any], str],
    applies: Callable[[Any], bool] = lambda event: True,
) -> Word:
    """A word that carries one text."""
    needed = frozenset({placeholder})
    return Word(
        kind,
        lambda said: {placeholder: value(said)},
        lambda values: event(_text(values[placeholder])),
        needed,
        needed,
        applies,
    )


def _interrupted(values: Values) -> Interrupted:
    heard: Any = values.get("heard_ms")
    known = type(heard) in (int, float) and 0 <= heard <= _LONGEST_MS
    return Interrupted(heard_s=heard / 1000 if known else None)


def _heard_ms(said: Interrupted) -> dict[str, Any]:
    return {"heard_ms": None if said.heard_s is None else round(said.heard_s * 1000)}


def _result(values: Values) -> ToolResult:
    content = values["result_text"] if "result_text" in values else values.get("result")
    return ToolResult(_text(values.get("id", "")), _text(content), values.get("failed") is True)


def _result_values(said: ToolResult) -> dict[str, Any]:
    return {
        "id": said.id,
        "result": said.content if said.failed else json_or_text(said.content),
        "result_text": said.content,
        "failed": said.failed,
    }


def _called(values: Values) -> ToolCalled:
    arguments = values.get("arguments", {})
    return ToolCalled(_text(values.get("id", "")), _text(values["name"]), _text(arguments))


def _hangup(values: Values) -> Hangup:
    return Hangup(reason=_text(values.get("reason", "")))


_HANGUP = Word(Hangup, lambda said: {"reason": said.reason or None}, _hangup, frozenset({"reason"}))


def _failed(values: Values) -> Failed:
    return Failed(_text(values.get("code", "error")), _text(values.get("message", "")))


SENT: Mapping[str, Word] = {
    "user_turn_started": _bare(UserTurnStarted),
    "user_turn_ended": _bare(UserTurnEnded),
    "reply_request": _bare(ReplyRequested),
    "text": _with_text(Text, Text, "text", lambda said: said.text),
    "key": _with_text(Dtmf, Dtmf, "key", lambda said: said.key),
    "mark": _with_text(Mark, Mark, "name", lambda said: said.name),
    "interrupt": Word(Interrupted, _heard_ms, _interrupted, frozenset({"heard_ms"})),
    "tool_result": Word(
        ToolResult, _result_values, _result, frozenset({"id", "result", "result_text", "failed"})
    ),
    "hangup": _HANGUP,
}
"""What the caller says, but sound."""

RECEIVED: Mapping[str, Word] = {
    "agent_turn_started": _bare(AgentTurnStarted),
    "agent_turn_ended": _bare(AgentTurnEnded),
    "agent_transcript": _with_text(
        Transcript,
        lambda text: Transcript("agent", text),
        "text",
        lambda said: said.text,
        lambda said: said.by == "agent",
    ),
    "agent_transcript_part": _with_text(
        TranscriptDelta,
        lambda text: TranscriptDelta("agent", text),
        "text",
        lambda said: said.text,
        lambda said: said.by == "agent",
    ),
    "user_transcript": _with_text(
        Transcript,
        lambda text: Transcript("user", text),
        "text",
        lambda said: said.text,
        lambda said: said.by == "user",
    ),
    "tool_call": Word(
        ToolCalled,
        lambda said: {"id": said.id, "name": said.name, "arguments": json_or_text(said.arguments)},
        _called,
        frozenset({"id", "name", "arguments"}),
        frozenset({"name"}),
    ),
    "tool_cancelled": _with_text(ToolCancelled, ToolCancelled, "id", lambda said: said.id),
    "interrupted": _bare(Cleared),
    "mark": SENT["mark"],
    "key": SENT["key"],
    "error": Word(
        Failed,
        lambda said: {"code": said.code, "message": said.message},
        _failed,
        frozenset({"code", "message"}),
    ),
    "hangup": _HANGUP,
}
"""What the agent says, but sound and that it is ready."""


def sound_text(data: bytes) -> str:
    """Sound as it stands in JSON: base64 (RFC 4648 §4)."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def sound_bytes(value: object) -> bytes:
    """The bytes of a base64 text; raises ProtocolError for anything else."""
    if not isinstance(value, str):
        raise ProtocolError("the peer sent something else than a text where sound is expected")
    try:
        return binascii.a2b_base64(value, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise ProtocolError(f"the peer sent sound that is no base64: {error}") from None
