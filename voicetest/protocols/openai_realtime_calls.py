"""The tool calls of Realtime responses, which come in pieces and more than once.

A response that ends without being completed takes its calls back: they are not answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from voicetest.events import ToolCalled, ToolCancelled

__all__ = ["FunctionCalls"]


class FunctionCalls:
    """Puts calls together by their `call_id`; each is told once, as soon as it is whole."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._pieces: dict[str, str] = {}
        """Arguments so far, by call."""
        self._told: set[str] = set()
        self._of_response: list[str] = []
        """Those told of the response under way."""
        self._unanswered: set[str] = set()
        self._cancelled: set[str] = set()

    @property
    def called(self) -> bool:
        """Whether the response under way calls a tool."""
        return bool(self._of_response)

    @property
    def unanswered(self) -> bool:
        """Whether the result of any call is still to be sent."""
        return bool(self._unanswered)

    def begin(self) -> None:
        """Another response begins."""
        self._of_response.clear()

    def take_back(self) -> Sequence[ToolCancelled]:
        """The response under way was not completed: its calls are not answered any more."""
        taken = tuple(self._of_response)
        self._of_response.clear()
        self._unanswered -= set(taken)
        self._cancelled |= set(taken)
        return [ToolCancelled(call) for call in taken]

    def is_cancelled(self, call: str) -> bool:
        """Whether a call was taken back."""
        return call in self._cancelled

    def answered(self, call: str) -> None:
        """A call has its result."""
        self._unanswered.discard(call)

    def added(self, item: Mapping[str, Any]) -> None:
        """A call began; its name may stand nowhere else."""
        call, name = _text(item, "call_id"), _text(item, "name")
        if call and name:
            self._names[call] = name

    def continued(self, event: Mapping[str, Any]) -> None:
        """A further piece of the arguments."""
        call = _text(event, "call_id")
        if call:
            self._pieces[call] = self._pieces.get(call, "") + _text(event, "delta")

    def finished(self, source: Mapping[str, Any], *, last: bool) -> ToolCalled | None:
        """The call that is now whole; None if it was told, or its name may still come.

        `source` is a finished item or the event that ends the arguments; with `last` nothing more
        will say what the call is. Arguments are passed on as they came, even if they are no JSON.
        """
        self.added(source)
        call = _text(source, "call_id")
        if not call or call in self._told or (call not in self._names and not last):
            return None
        self._told.add(call)
        self._of_response.append(call)
        self._unanswered.add(call)
        pieces = self._pieces.pop(call, "")
        arguments = max(_text(source, "arguments"), pieces, key=len)
        return ToolCalled(call, self._names.get(call, ""), arguments or "{}")


def _text(source: Mapping[str, Any], key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""
