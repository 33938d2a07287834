"""A language model in tests, which says what it is told to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel

from voicetest.models.chat import Message, Model
from voicetest.spending import Spending

__all__ = ["Answer", "Answers", "conversation_in"]

T = TypeVar("T", bound=BaseModel)

Answer: TypeAlias = "Mapping[str, Any] | Exception | Callable[[Sequence[Message]], Any]"
"""A value, an error, or what makes one of them from the request."""


@dataclass
class Answers:
    """Opens a model that gives its answers in order, the last one for ever after."""

    answers: Sequence[Answer]
    requests: list[Sequence[Message]] = field(default_factory=list)
    """What it was asked."""
    models: list[Model] = field(default_factory=list)
    """As what it was opened."""

    @asynccontextmanager
    async def __call__(self, model: Model, spending: Spending) -> AsyncIterator[Answers]:
        """Be asked inside the block."""
        self.models.append(model)
        yield self

    async def structured(self, messages: Sequence[Message], kind: type[T]) -> T:
        """The next answer."""
        self.requests.append(messages)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if callable(answer):
            answer = answer(messages)
        if isinstance(answer, Exception):
            raise answer
        return kind.model_validate(answer)


def conversation_in(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """Who said what, in a request for what the user says next."""
    said, _ = json.JSONDecoder().raw_decode(messages[1]["content"].partition("far:\n")[2])
    return [(entry["by"], entry["text"]) for entry in said]
