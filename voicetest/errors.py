"""Every error of voicetest, by who has to act.

    VoicetestError
    ├── ScenarioError        2   fix your file
    ├── SetupError           3   fix your installation or settings
    ├── Interrupted        130   nobody: the run is to end
    ├── ConnectionFailed     4   could not talk to the agent
    └── ProtocolError        4   the peer said something impossible

Checks that failed and agents that never answered are results (exit 1), not exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from voicetest.shown import shown

__all__ = [
    "ConnectionFailed",
    "ExitCode",
    "Interrupted",
    "Problem",
    "ProtocolError",
    "ScenarioError",
    "SetupError",
    "VoicetestError",
]


class ExitCode(IntEnum):
    """What a process exit code of voicetest says."""

    PASSED = 0
    FAILED = 1
    SCENARIO = 2
    SETUP = 3
    CONNECTION = 4
    NOTHING_RAN = 5
    BUG = 70
    HUNG_UP = 129
    """By SIGHUP: its terminal has gone."""
    INTERRUPTED = 130
    """By Ctrl-C (SIGINT) or `--timeout`."""
    KILLED = 137
    """It could not write its results itself; what it left says so."""
    TERMINATED = 143
    """By SIGTERM."""


class VoicetestError(Exception):
    """Something the user or the far side has to act on; its text says what to do."""

    exit_code: ExitCode
    kind: str


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to fix in a user's file; lines and columns count from 1, 0 means the whole file."""

    file: str
    line: int
    column: int
    message: str

    @property
    def where(self) -> str:
        """file:line:column, or the file alone."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class ScenarioError(VoicetestError):
    """A file says something that cannot be run; it carries all problems found in that file."""

    exit_code = ExitCode.SCENARIO
    kind = "scenario"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(shown(str(problem)) for problem in self.problems))


class SetupError(VoicetestError):
    """The installation or the environment lacks something."""

    exit_code = ExitCode.SETUP
    kind = "setup"


class Interrupted(VoicetestError):
    """Something wants the run to end before this could begin."""

    exit_code = ExitCode.INTERRUPTED
    kind = "interrupted"


class ConnectionFailed(VoicetestError):
    """The agent could not be reached, or the line broke; `code` and `reason` are the peer's own.

    Its text, which may quote the peer, is one line.
    """

    exit_code = ExitCode.CONNECTION
    kind = "connection"

    def __init__(self, message: str, *, code: int | None = None, reason: str = "") -> None:
        super().__init__(shown(message))
        self.code = code
        self.reason = reason


class ProtocolError(VoicetestError):
    """The peer said something its protocol does not allow; its text is one line."""

    exit_code = ExitCode.CONNECTION
    kind = "protocol"

    def __init__(self, message: str) -> None:
        super().__init__(shown(message))
