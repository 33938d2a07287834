"""The envelope of every RTVI message, and its data read with a clear error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from voicetest.errors import ProtocolError

__all__ = ["Fields", "Message", "written"]

Message: TypeAlias = dict[str, Any]

_LABEL = "rtvi-ai"


def written(kind: str, data: Mapping[str, Any] | None = None, number: str | None = None) -> Message:
    """A message of that type; without data or a number for its id it has no such field."""
    message: Message = {"label": _LABEL, "type": kind}
    if number is not None:
        message["id"] = number
    return message if data is None else message | {"data": dict(data)}


@dataclass(frozen=True)
class Fields:
    """The type of a message, its id, which is often missing, and its data."""

    kind: str
    id: str
    data: Mapping[str, Any]

    @classmethod
    def of(cls, message: object) -> Self | None:
        """The fields of an RTVI message, None for anything else."""
        if not isinstance(message, dict) or message.get("label") != _LABEL:
            return None
        kind, data = message.get("type"), message.get("data")
        return cls(str(kind), str(message.get("id", "")), data if isinstance(data, dict) else {})

    def text(self, name: str) -> str:
        """A field that must be text."""
        value = self.data.get(name)
        if isinstance(value, str):
            return value
        raise ProtocolError(f"the RTVI message {self.kind} has no text in its field {name!r}")

    def buttons(self) -> Sequence[str]:
        """The pressed keys; versions before 2.1 sent them one at a time."""
        keys = self.data.get("buttons", [self.data.get("button")])
        if isinstance(keys, list) and all(isinstance(key, str) for key in keys):
            return keys
        raise ProtocolError("the RTVI message dtmf has no list of keys in its field 'buttons'")
