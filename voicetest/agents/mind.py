"""What decides what the embedded agent says."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Protocol

from voicetest.events import ToolResult

__all__ = ["CallTool", "Flow", "Mind", "More", "Reply"]


class CallTool(Protocol):
    """Calls tools for one agent."""

    async def __call__(
        self, name: str, arguments: dict[str, Any] | str, own_answer: Any = None
    ) -> ToolResult:
        """What the tool gives; `own_answer` is used where the agent's side runs its tools.

        `arguments` are values by name, or the JSON text that a model wrote.
        """


@dataclass(frozen=True)
class More:
    """A second utterance of the same turn, `after` seconds of silence."""

    after: float
    text: str


@dataclass(frozen=True)
class Reply:
    """What the agent says to one user turn, and the keys it presses then; "" is none."""

    text: str
    ends_call: bool = False
    more: More | None = None
    presses: str = ""


@dataclass(frozen=True)
class Flow:
    """A reply that is spoken while it is still being thought of; closed when nobody listens."""

    sentences: AsyncGenerator[str, None]


class Mind(Protocol):
    """Holds one conversation; a new call needs a new mind."""

    def greeting(self) -> str:
        """What the agent says when the line opens; empty to let the user speak first."""

    async def answer(self, heard: str, call_tool: CallTool) -> Reply | Flow:
        """The one reply to one user turn; `heard` is what the ears made of it."""

    async def answer_keys(self, keys: str, call_tool: CallTool) -> Reply | Flow:
        """The one reply to keys that the user pressed."""

    def cut_short(self, heard_share: float) -> None:
        """The user spoke over the last utterance: only this share of it (0 to 1) was heard.

        Of a flow it is the share of the words of all sentences that were taken from it.
        """
