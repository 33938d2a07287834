"""The base of every part of a scenario: immutable, and closed to keys it does not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Section"]


class Section(BaseModel):
    """A mapping of a YAML file with known keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
