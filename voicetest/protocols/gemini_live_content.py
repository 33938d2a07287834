"""What a client of the Gemini Live API says in content and in answers of functions."""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.events import Event, ReplyRequested, Text, ToolResult
from voicetest.protocols.example import compact
from voicetest.protocols.gemini_live_message import Json, flag, items, section, text

__all__ = ["result", "typed"]


def typed(content: Json) -> Sequence[Event]:
    """A typed turn; without words it asks the model to speak."""
    if not flag(content, "turnComplete"):
        return ()
    turns = items(content, "turns")
    said = [text(part, "text") for part in items(turns[-1], "parts")] if turns else []
    return (Text("".join(said)),) if any(said) else (ReplyRequested(),)


def result(given: Json) -> Event:
    """What a function gave, or why it failed."""
    response = section(given, "response") or {}
    call = text(given, "id")
    if "error" in response:
        error = response["error"]
        return ToolResult(call, error if isinstance(error, str) else compact(error), failed=True)
    return ToolResult(call, compact(response.get("output", response)))
