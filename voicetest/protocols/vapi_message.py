"""The vocabulary of Vapi's messages: their names, and how their fields are read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from voicetest.errors import ProtocolError
from voicetest.events import Party, ToolResult
from voicetest.protocols.example import compact, quoted

__all__ = [
    "ASSISTANT_ENDED",
    "A_REASON",
    "BY_DEFAULT",
    "CUSTOMER_ENDED",
    "MEANT",
    "NEEDED",
    "PARTIES",
    "ROLES",
    "TOO_SILENT",
    "Json",
    "given_arguments",
    "object_of",
    "objects_of",
    "text_of",
    "tool_result",
    "transcript",
]

Json: TypeAlias = Mapping[str, Any]

NEEDED = (
    "speech-update",
    "status-update",
    "transcript",
    "tool-calls",
    "tool-calls-result",
    "user-interrupted",
    "hang",
)
"""The `clientMessages` that say all we want to know."""
BY_DEFAULT = (
    "conversation-update",
    "function-call",
    "hang",
    "model-output",
    "speech-update",
    "status-update",
    "transfer-update",
    "transcript",
    "tool-calls",
    "user-interrupted",
    "voice-input",
    "workflow.node.started",
    "assistant.started",
)
"""The `clientMessages` of an assistant that lists none."""

ASSISTANT_ENDED, CUSTOMER_ENDED = "assistant-ended-call", "customer-ended-call"
TOO_SILENT, TOO_LONG = "silence-timed-out", "exceeded-max-duration"
MEANT = (
    ASSISTANT_ENDED,
    CUSTOMER_ENDED,
    "assistant-said-end-call-phrase",
    "assistant-forwarded-call",
    # Settings of the assistant: that it hangs up then is its own doing.
    TOO_SILENT,
    TOO_LONG,
)
"""How the reasons of calls begin that ended as somebody wanted; all others are faults."""
A_REASON = re.compile(r"[a-z0-9.-]+")

ROLES: Mapping[Party, str] = {"agent": "assistant", "user": "user"}
PARTIES: Mapping[str, Party] = {role: party for party, role in ROLES.items()}


def transcript(by: Party, text: str, kind: str) -> Json:
    """What somebody said, `kind` partial or final."""
    return {
        "type": "transcript",
        "role": ROLES[by],
        "transcriptType": kind,
        "transcript": text,
    }


def given_arguments(function: Json) -> str:
    """The arguments of a call: an object, or JSON text as it stands."""
    arguments = function.get("arguments", {})
    return arguments if isinstance(arguments, str) else compact(arguments)


def tool_result(fields: Json) -> ToolResult:
    """What a tool gave, or why it failed."""
    error, result = fields.get("error"), fields.get("result")
    content = error if error is not None else result
    written = content if isinstance(content, str) else compact(content)
    return ToolResult(text_of(fields, "toolCallId"), written, failed=error is not None)


def text_of(fields: Json, key: str) -> str:
    """A field that must be a text; raises ProtocolError."""
    value = fields.get(key)
    if isinstance(value, str):
        return value
    raise _lacking(fields, key, "text")


def object_of(fields: Json, key: str) -> Json:
    """A field that must be an object; raises ProtocolError."""
    value = fields.get(key)
    if isinstance(value, dict):
        return value
    raise _lacking(fields, key, "an object")


def objects_of(fields: Json, key: str) -> Sequence[Json]:
    """A field that must be a list of objects; raises ProtocolError."""
    value = fields.get(key)
    if isinstance(value, list) and all(isinstance(inner, dict) for inner in value):
        return value
    raise _lacking(fields, key, "a list of objects")


def _lacking(fields: Json, key: str, kind: str) -> ProtocolError:
    shown = quoted(compact(fields))
    return ProtocolError(f"the peer sent a message whose '{key}' is not {kind}: {shown}")
