"""The function calls of a Gemini Live session, which may have no ids of their own.

A call without an id (Vertex, and models of the 2.x series) is answered by its name and without an
id: an empty one is refused. Those of one message are answered in one message, in their order, so
that two of the same name can be told apart. A cancelled call must not be answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from voicetest.events import ToolCalled, ToolResult
from voicetest.protocols.example import compact, json_or_text
from voicetest.protocols.gemini_live_message import Json, section, text

__all__ = ["FunctionCalls"]


@dataclass
class _Asked:
    """One call: its name, the model's own id for it, and what it gave."""

    name: str
    id: str
    answer: Json | None = None
    """Set when the result is known."""


@dataclass
class _Batch:
    """Calls of one message that are answered together, by the ids that we know them by."""

    calls: dict[str, _Asked] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        return all(asked.answer is not None for asked in self.calls.values())


class FunctionCalls:
    """What the model has called and waits for."""

    def __init__(self) -> None:
        self._waiting: list[_Batch] = []
        self._names: dict[str, str] = {}
        """What was called, by the id that we know the call by."""
        self._cancelled: set[str] = set()
        self._unnamed = 0
        """How many calls came without an id."""

    @property
    def pending(self) -> bool:
        """Whether any call is unanswered."""
        return bool(self._waiting)

    def asked(self, calls: Sequence[Json]) -> Iterator[ToolCalled]:
        """The calls of one message."""
        together = _Batch()
        for call in calls:
            asked = _Asked(text(call, "name"), text(call, "id"))
            if asked.id:
                ours = asked.id
                self._waiting.append(_Batch({ours: asked}))
            else:
                self._unnamed += 1
                ours = f"without_id_{self._unnamed}"
                together.calls[ours] = asked
            self._names[ours] = asked.name
            yield ToolCalled(ours, asked.name, compact(section(call, "args") or {}))
        if together.calls:
            self._waiting.append(together)

    def named(self, call: str) -> str:
        """The name of the function that is called by that id of ours; empty for none."""
        return self._names.get(call, "")

    def answer(self, result: ToolResult) -> Sequence[Json]:
        """The `functionResponses` that are due now; none for a call that was cancelled."""
        given = {"error": result.content} if result.failed else _output(result.content)
        batch = next((batch for batch in self._waiting if result.id in batch.calls), None)
        if batch is None:
            told = _Asked(self.named(result.id), result.id, given)
            return () if result.id in self._cancelled else (_response(told),)
        batch.calls[result.id].answer = given
        if not batch.whole:
            return ()
        self._waiting.remove(batch)
        return [_response(asked) for asked in batch.calls.values()]

    def cancel(self, calls: Sequence[str]) -> None:
        """The model does not want to know any more."""
        self._cancelled |= set(calls)
        self._waiting = [batch for batch in self._waiting if not batch.calls.keys() & set(calls)]


def _response(asked: _Asked) -> Json:
    named = {"id": asked.id} if asked.id else {}
    return {**named, "name": asked.name, "response": asked.answer}


def _output(content: str) -> Json:
    return {"output": json_or_text(content)}
