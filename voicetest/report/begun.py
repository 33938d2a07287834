"""What a run sets out to call, written before its first call, and held as long as it goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicetest.regular_file import open_regular
from voicetest.report.manifest import ScenarioInfo, Versions
from voicetest.report.summary import CaseLine, ScenarioLine

if sys.platform != "win32":
    import fcntl

__all__ = ["BEGUN", "Begun", "BegunCase", "BegunRun", "is_going", "read_begun"]

BEGUN = "begun.jsonl"
"""Its name in the run's folder."""

Model = TypeVar("Model", bound=BaseModel)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BegunRun(_Value):
    """The first line: the run."""

    schema_version: Literal[1] = 1
    voicetest: Versions = Field(default_factory=Versions)
    command: tuple[str, ...]
    started_at: str
    held: bool = True
    """Whether the file is locked while the run goes on: not every file system can do that."""


class BegunCase(_Value):
    """A line for each case: what is said of it if no call of it is made."""

    folders: str | None
    """What the folders of its calls begin with; None where none is to be made."""
    case: CaseLine
    line: ScenarioLine
    scenario: ScenarioInfo | None = None
    clock: Literal["real", "virtual"] = "real"


class Begun(AbstractContextManager["Begun"]):
    """The file, open and locked until its block is left or the process dies, however it does.

    It is for the case that the run cannot say itself what became of it: where it cannot be
    written, the run goes on.
    """

    def __init__(self, folder: Path, run: BegunRun) -> None:
        """Raises OSError where there is such a file already, or none can be."""
        self._file = (folder / BEGUN).open("x", encoding="utf-8", buffering=1)
        held = _hold(self._file.fileno())
        self._put(run.model_copy(update={"held": held}))

    def add(self, case: BegunCase) -> None:
        """Append a case; raises OSError where that cannot be done."""
        self._put(case)

    def _put(self, value: BaseModel) -> None:
        self._file.write(value.model_dump_json() + "\n")

    def close(self) -> None:
        """The run is over."""
        self._file.close()

    def __exit__(self, *failure: object) -> None:
        self.close()


def _hold(file: int) -> bool:
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


def is_going(folder: Path) -> bool:
    """Whether a process that lives holds the run; what it was numbered does not matter."""
    if sys.platform == "win32":
        return False
    try:
        with open_regular(folder / BEGUN) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def read_begun(folder: Path) -> tuple[BegunRun | None, tuple[BegunCase, ...]]:
    """What a run wrote, up to the first line that is not whole; None and nothing without it."""
    try:
        with open_regular(folder / BEGUN) as file:
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return None, ()
    run = _value(BegunRun, lines[0]) if lines else None
    return run, tuple(_cases(lines[1:])) if run is not None else ()


def _cases(lines: list[str]) -> Iterator[BegunCase]:
    for line in lines:
        case = _value(BegunCase, line)
        if case is None:
            return
        yield case


def _value(kind: type[Model], line: str) -> Model | None:
    try:
        return kind.model_validate_json(line)
    except ValidationError:
        return None
