"""What the user's end of an ElevenLabs conversation says besides sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from voicetest.errors import ProtocolError
from voicetest.events import Event, Text, ToolResult
from voicetest.protocols.elevenlabs_messages import Payload
from voicetest.protocols.example import compact, quoted

__all__ = ["meaning"]

_SILENT = frozenset(
    {"contextual_update", "feedback", "mcp_tool_approval_result", "pong", "user_activity"}
)
"""Types that an embedded agent has no use for."""


def meaning(value: Mapping[str, Any]) -> Sequence[Event]:
    """What a message says; raises ProtocolError for one that the platform does not take."""
    match value.get("type"):
        case "user_message":
            return _typed(value)
        case "multimodal_message":
            text = value.get("text")
            return _typed(text) if isinstance(text, dict) else ()
        case "client_tool_result":
            said = Payload.of(value, "client_tool_result")
            result = value.get("result")
            content = result if isinstance(result, str) else compact(result)
            failed = value.get("is_error") is True
            return (ToolResult(said.text("tool_call_id"), content, failed),)
        case str(kind) if kind in _SILENT:
            return ()
        case kind:
            shown = quoted(kind) if isinstance(kind, str) else "no type"
            raise ProtocolError(f"the peer sent a message with {shown}, which nobody knows")


def _typed(value: Mapping[str, Any]) -> Sequence[Event]:
    """A typed turn; one without a text only says that there will be no sound."""
    if value.get("text") is None:
        return ()
    return (Text(Payload.of(value, "user_message").text("text")),)
