"""Finds every mistake in scenario files without calling anyone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from voicetest.errors import Problem, ScenarioError, SetupError
from voicetest.executor.plan import plan
from voicetest.speech.providers import Speech
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
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


def validate_suite(paths: Sequence[Path], variables: Mapping[str, str]) -> Validation:
    """Load and resolve every scenario of `paths`."""
    files = select_files(paths)
    problems: list[Problem] = []
    notes: list[str] = []
    with Speech() as speech:
        for file in files:
            try:
                planned = plan(file, variables, speech)
            except ScenarioError as error:
                problems.extend(error.problems)
            except SetupError as error:
                notes.append(f"note: {file}: {error}")
            else:
                notes.extend(f"warning: {warning}" for warning in planned.file.warnings)
                notes.extend(f"note: {unset}" for unset in planned.file.unset)
                notes.extend(f"note: {file}: {lack}" for lack in planned.adapter.missing)
    return Validation(len(files), tuple(problems), tuple(notes))
