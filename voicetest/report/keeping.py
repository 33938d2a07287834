"""Which sound of a call stays when it is over, and in which files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicetest.checks.result import Status
    from voicetest.scenario.model import Scenario

__all__ = ["ALL", "FileKind", "Keep", "Keeping"]


class Keep(StrEnum):
    """The calls whose recordings stay."""

    ALL = "all"
    FAILED = "failed"
    NONE = "none"


class FileKind(StrEnum):
    """What kind of file a recording is kept in."""

    WAV = "wav"
    FLAC = "flac"


@dataclass(frozen=True)
class Keeping:
    """What is asked for; all else of a call, its figures and events, is always kept."""

    keep: Keep = Keep.ALL
    kind: FileKind = FileKind.WAV
    segments: bool = False
    """Whether each turn gets a file of its own beside the recording."""

    def keeps(self, status: Status, scenario: Scenario) -> bool:
        """Whether the recording stays; of a scenario that should fail also where it passes."""
        match self.keep:
            case Keep.ALL:
                return True
            case Keep.NONE:
                return False
            case Keep.FAILED:
                return status != "passed" or scenario.xfail is not None


ALL = Keeping()
"""What is kept where nothing else is asked for."""
