"""Finds every mistake in scenario files without calling anyone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from voicetest.errors import Problem
from voicetest.executor.plan import plan_file
from voicetest.scenario.load import ScenarioFile
from voicetest.shown import shown_json
from voicetest.speech.providers import Speech
from voicetest.suite.plan import Lacking, load_all
from voicetest.suite.select import select_files

__all__ = ["Validation", "validate_suite"]


@dataclass(frozen=True)
class Validation:
    """What was found; notes are not mistakes."""

    files: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    def as_json(self) -> str:
        """The same for programs: `files`, `problems` with their places, and `notes`."""
        return shown_json(asdict(self), indent=2)


def validate_suite(paths: Sequence[Path], variables: Mapping[str, str]) -> Validation:
    """Load and resolve every case of every scenario of `paths`."""
    notes: list[str] = []
    with Speech() as speech:

        def check(file: ScenarioFile) -> None:
            planned = plan_file(file, speech)
            notes.extend(f"warning: {warning}" for warning in planned.file.warnings)
            notes.extend(f"note: {unset}" for unset in file.unset)
            notes.extend(f"note: {file.shown}: {lack}" for lack in planned.missing)

        found = load_all(paths, variables, check)
    notes.extend(f"note: {_told(case)}" for case in found.lacking)
    files = len(select_files(paths))
    return Validation(files, found.problems, tuple(dict.fromkeys(notes)))


def _told(case: Lacking) -> str:
    """What keeps a case from being looked at as a whole, with its file."""
    return case.reason if case.reason.startswith(case.shown) else f"{case.shown}: {case.reason}"
