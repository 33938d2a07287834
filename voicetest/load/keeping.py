"""Which calls of a load keep their folder: some that failed, and a sample of all."""

from __future__ import annotations

import math
import random
import shutil
from pathlib import Path

from voicetest.report.keeping import FileKind, Keep, Keeping
from voicetest.scenario.load_file import LoadKeep

__all__ = ["Keeper", "remove"]


class Keeper:
    """Decides of each call; belongs to the event loop that begins them."""

    def __init__(self, keep: LoadKeep, seed: int, parts: int = 1) -> None:
        """Of calls that failed it keeps so many of what is allowed, as there are `parts`."""
        self._keep = keep
        self._most_failed = math.ceil(keep.failed / parts)
        self._seed = seed
        self._failed = 0
        """Calls that were kept because they failed."""

    def before(self, number: int) -> Keeping:
        """What to ask for before the call is made: a recording is written in any case."""
        sampled = self._is_sampled(number)
        return Keeping(Keep.ALL if sampled else Keep.FAILED, FileKind.WAV)

    def keeps(self, number: int, status: str) -> bool:
        """Whether the folder of a call that is over stays."""
        if self._is_sampled(number):
            return True
        if status not in ("failed", "error") or self._failed >= self._most_failed:
            return False
        self._failed += 1
        return True

    def _is_sampled(self, number: int) -> bool:
        """The same for the same number and seed, whatever else happens."""
        return random.Random(f"{self._seed}/{number}").random() < self._keep.sample


def remove(folder: Path) -> None:
    """Remove the folder of a call; what cannot be removed stays."""
    shutil.rmtree(folder, ignore_errors=True)
