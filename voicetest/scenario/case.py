"""One way to run a scenario file: the values that its matrix or table gives to its variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from voicetest.scenario.document import Document

__all__ = ["Case", "case_name"]

NAME_LENGTH = 60


@dataclass(frozen=True)
class Case:
    """A scenario file and one combination of values, as written: with `${env.…}` unexpanded.

    `name` is readable, and stays the same when other cases are added; None without a matrix.
    """

    document: Document = field(repr=False)
    name: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The scenario file."""
        return self.document.path


def case_name(values: Mapping[str, str]) -> str:
    """`language=en, voice=espeak/en-us`; over 60 characters cut, with a short hash."""
    full = ", ".join(f"{name}={value}" for name, value in values.items())
    return short_name(full)


def short_name(name: str) -> str:
    """A name on one line, of at most 60 characters; what is cut stands in it as a short hash."""
    line = " ".join(name.split())
    if len(line) <= NAME_LENGTH:
        return line
    short = sha256(line.encode()).hexdigest()[:6]
    return f"{line[: NAME_LENGTH - 8].rstrip()}… {short}"
