"""What an item that a Realtime client creates says to the agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicetest.audio.chunk import AudioChunk, AudioFormat
from voicetest.errors import ProtocolError
from voicetest.events import Audio, Event, Text, ToolResult, UserTurnEnded
from voicetest.protocols.openai_realtime_items import ROOT, Items
from voicetest.protocols.openai_realtime_session import Problem
from voicetest.protocols.words import sound_bytes

__all__ = ["Created", "created"]

_KINDS = (
    "message",
    "function_call",
    "function_call_output",
    "mcp_approval_response",
    "mcp_list_tools",
    "mcp_call",
    "mcp_approval_request",
)
_PARTS: Mapping[str, Sequence[str]] = {
    "user": ("input_text", "input_audio", "input_image"),
    "system": ("input_text",),
    "assistant": ("output_text", "output_audio"),
}
"""What the messages of each role are made of."""


@dataclass(frozen=True)
class Created:
    """An item as it stands in the conversation, with what the agent gets of it."""

    item: dict[str, Any]
    events: tuple[Event, ...] = ()


def created(
    item: Mapping[str, Any], after: str | None, items: Items, wire: AudioFormat
) -> Created | Problem:
    """What is added to the conversation after that item, or why it is not."""
    name, kind = item.get("id"), item.get("type")
    if name is not None and not isinstance(name, str):
        return _invalid("item.id")
    if name in items:
        words = f"Error adding item: an item with id '{name}' already exists."
        return Problem("item_create_duplicate_item_id", words, "item.id")
    if after is not None and after != ROOT and after not in items:
        words = f"Error adding item: the previous item with id '{after}' does not exist."
        return Problem("item_create_invalid_previous_item_id", words, "previous_item_id")
    if kind is None:
        return _missing("item.type")
    if kind not in _KINDS:
        return _invalid("item.type")
    if kind == "message":
        return _message(item, wire)
    if kind == "function_call_output":
        return _output(item, items)
    return Created(dict(item))


def _output(item: Mapping[str, Any], items: Items) -> Created | Problem:
    call, output = item.get("call_id"), item.get("output")
    if not isinstance(call, str):
        return _missing("item.call_id")
    if not isinstance(output, str):
        return _missing("item.output") if output is None else _invalid("item.output")
    if not items.calls(call):
        words = f"Tool call ID '{call[:60]}' not found in conversation."
        return Problem("invalid_tool_call_id", words, "item.call_id")
    return Created(dict(item), (ToolResult(call, output),))


def _message(item: Mapping[str, Any], wire: AudioFormat) -> Created | Problem:
    role, content = item.get("role"), item.get("content")
    if role is None:
        return _missing("item.role")
    if not isinstance(role, str) or role not in _PARTS:
        return _invalid("item.role")
    if not isinstance(content, list):
        return _missing("item.content") if content is None else _invalid("item.content")
    said: list[str] = []
    events: list[Event] = []
    shown: list[dict[str, Any]] = []
    for number, part in enumerate(content):
        name = f"item.content[{number}]"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _PARTS[role]:
            return _invalid(f"{name}.type")
        if kind in ("input_text", "output_text"):
            if not isinstance(part.get("text"), str):
                return _missing(f"{name}.text")
            said.append(part["text"])
        elif kind == "input_audio":
            chunk = _sound(part.get("audio"), wire)
            if chunk is None:
                return _invalid(f"{name}.audio")
            events += [Audio(chunk), UserTurnEnded()]
        elif kind == "output_audio":
            return _invalid(f"{name}.type")  # what the assistant spoke cannot be made up
        shown.append({key: value for key, value in part.items() if key != "audio"})
    if said:
        events.append(Text(" ".join(said)))
    return Created({**item, "content": shown}, tuple(events) if role == "user" else ())


def _sound(written: object, wire: AudioFormat) -> AudioChunk | None:
    try:
        data = sound_bytes(written)
    except ProtocolError:
        return None
    return AudioChunk(data[: len(data) // wire.frame_bytes * wire.frame_bytes], wire)


def _missing(name: str) -> Problem:
    words = f"Missing required parameter: '{name}'."
    return Problem("missing_required_parameter", words, name)


def _invalid(name: str) -> Problem:
    return Problem("invalid_value", f"Invalid value for '{name}'.", name)
