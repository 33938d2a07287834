"""The settings of a protocol as a scenario gives them, and the codec they make."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from voicetest.protocols.base import Codec, End

__all__ = ["LineRate", "ProtocolSettings"]

LineRate = Annotated[int, Field(ge=8_000, le=48_000, multiple_of=25)]
"""A sample rate in hertz that can be converted while a call lasts."""


class ProtocolSettings(BaseModel, ABC):
    """One protocol over a WebSocket; registered under its name in `voicetest.protocols`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: ClassVar[str]
    """One line about it, for people."""

    @abstractmethod
    def codec(self, end: End) -> Codec[bytes | str]:
        """A codec for one connection at that end of it."""
