"""One way to run a scenario file: the values that its matrix or table gives to its variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

__all__ = ["Case", "case_name"]

NAME_LENGTH = 60


@dataclass(frozen=True)
class Case:
    """A scenario file and one combination of values, as written: with `${env.…}` unexpanded.

    `name` is readable, and stays the same when other cases are added; None without a matrix.
    """

    path: Path
    name: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


def case_name(values: Mapping[str, str]) -> str:
    """`language=en, voice=espeak/en-us`; over 60 characters cut, with a short hash."""
    full = " ".join(", ".join(f"{name}={value}" for name, value in values.items()).split())
    if len(full) <= NAME_LENGTH:
        return full
    short = sha256(full.encode()).hexdigest()[:6]
    return f"{full[: NAME_LENGTH - 8].rstrip()}… {short}"
