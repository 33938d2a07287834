"""What a Realtime server takes of its client, and what it says of anything else.

Wire facts: the client events of openai-python 2.54 (`openai.types.realtime`), and errors that users
of the platform have shown: what it cannot read it answers by an `error`, and goes on. The code of
text that is no JSON is not published; ours is one of the same kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from voicetest.errors import ProtocolError
from voicetest.protocols.example import compact, parse_object
from voicetest.protocols.openai_realtime_fields import as_text
from voicetest.protocols.openai_realtime_session import Problem

__all__ = ["mistake", "read"]

Fields: TypeAlias = Mapping[str, Any]

_OPTIONAL, _REQUIRED = False, True
_EVERY = frozenset({"type", "event_id"})
_REQUESTS: Mapping[str, Mapping[str, bool]] = {
    "session.update": {"session": _REQUIRED},
    "input_audio_buffer.append": {"audio": _REQUIRED},
    "input_audio_buffer.commit": {},
    "input_audio_buffer.clear": {},
    "conversation.item.create": {"item": _REQUIRED, "previous_item_id": _OPTIONAL},
    "conversation.item.retrieve": {"item_id": _REQUIRED},
    "conversation.item.delete": {"item_id": _REQUIRED},
    "conversation.item.truncate": {
        "item_id": _REQUIRED,
        "content_index": _REQUIRED,
        "audio_end_ms": _REQUIRED,
    },
    "response.create": {"response": _OPTIONAL},
    "response.cancel": {"response_id": _OPTIONAL},
}
"""Each event of a client with its parameters."""
_RESPONSE = frozenset(
    {
        "audio",
        "conversation",
        "input",
        "instructions",
        "max_output_tokens",
        "metadata",
        "output_modalities",
        "parallel_tool_calls",
        "prompt",
        "reasoning",
        "tool_choice",
        "tools",
    }
)
"""The parameters of a response."""
_KINDS: Mapping[str, tuple[type, str]] = {
    "session": (dict, "an object"),
    "item": (dict, "an object"),
    "response": (dict, "an object"),
    "audio": (str, "a string"),
    "item_id": (str, "a string"),
    "response_id": (str, "a string"),
    "previous_item_id": (str, "a string"),
    "event_id": (str, "a string"),
    "content_index": (int, "an integer"),
    "audio_end_ms": (int, "an integer"),
}
"""What each parameter must be."""


def read(message: bytes | str) -> tuple[dict[str, Any], Problem | None]:
    """The event that a message is, with what is wrong with it; an unreadable one is empty."""
    try:
        event = parse_object(as_text(message))
    except ProtocolError:
        words = "We could not parse the JSON of your event: an object is expected."
        return {}, Problem("invalid_json", words)
    return event, mistake(event)


def mistake(event: Fields) -> Problem | None:
    """What is wrong with the form of an event, if anything is."""
    kind = event.get("type")
    if kind is None:
        return _missing("type")
    if not isinstance(kind, str) or kind not in _REQUESTS:
        known = ", ".join(f"'{name}'" for name in _REQUESTS)
        shown = _shown(kind)
        words = f"Invalid value: {shown}. Supported values are: {known}."
        return Problem("invalid_value", words, "type")
    parameters = _REQUESTS[kind]
    return _wrong(event, parameters, _EVERY) or _wrong_response(event.get("response"))


def _wrong(event: Fields, parameters: Mapping[str, bool], every: frozenset[str]) -> Problem | None:
    for name in event:
        if name not in parameters and name not in every:
            return _unknown(name)
    for name, required in parameters.items():
        if required and event.get(name) is None:
            return _missing(name)
    for name, (kind, words) in _KINDS.items():
        value = event.get(name)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            found = f"Invalid type for '{name}': expected {words}, but got {_shown(value)} instead."
            return Problem("invalid_type", found, name)
    return None


def _wrong_response(response: object) -> Problem | None:
    if not isinstance(response, dict):
        return None
    for name in response:
        if name not in _RESPONSE:
            return _unknown(f"response.{name}")
    modalities = response.get("output_modalities", ["audio"])
    if modalities not in (["audio"], ["text"]):
        name = "response.output_modalities"
        words = f"Invalid value for '{name}': {_shown(modalities)}."
        return Problem("invalid_value", words, name)
    return None


def _missing(name: str) -> Problem:
    words = f"Missing required parameter: '{name}'."
    return Problem("missing_required_parameter", words, name)


def _unknown(name: str) -> Problem:
    shown = name[:60]
    return Problem("unknown_parameter", f"Unknown parameter: '{shown}'.", shown)


def _shown(value: object) -> str:
    return f"'{value[:60]}'" if isinstance(value, str) else compact(value)[:60]
