"""What whoever needs a value from a language model asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias, TypeVar

from pydantic import BaseModel

from voicetest.models.chat import Message, Model
from voicetest.spending import Spending

__all__ = ["Asked", "Opens"]

T = TypeVar("T", bound=BaseModel)


class Asked(Protocol):
    """A language model that answers with values."""

    async def structured(self, messages: Sequence[Message], kind: type[T]) -> T:
        """The answer as a value of `kind`.

        Raises ConnectionFailed when there is no answer, and ProtocolError when it is none of these.
        """


Opens: TypeAlias = Callable[[Model, Spending], AbstractAsyncContextManager[Asked]]
"""Gives a model that can be asked inside the block; what it costs is charged to the spending."""
