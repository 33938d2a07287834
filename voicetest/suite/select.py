"""From the paths of a command line to scenario files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from voicetest.errors import Problem, ScenarioError

__all__ = ["select_files"]

_SCENARIO_KEY = re.compile(
    rb"""^(?:\xef\xbb\xbf)?(?:\{[^\n]*?)?["']?\b(?:version|agent|script)["']?[ \t]*:""",
    re.MULTILINE,
)
_HEAD_BYTES = 1 << 20


def select_files(paths: Sequence[Path]) -> list[Path]:
    """The files that `paths` name, in order, each once; a folder gives the scenarios in it.

    In a folder a YAML file is a scenario if `version`, `agent` or `script` stands at its top
    level; others, such as the dialogues of embedded agents, are passed over. A file that is named
    is taken as it is, even if it is not there: loading it says so.
    Raises ScenarioError for what cannot be read in a folder.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _scenarios_in(path) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _scenarios_in(folder: Path) -> list[Path]:
    try:
        files = sorted(file for file in folder.rglob("*") if _may_be_scenario(folder, file))
    except OSError as error:
        raise _unreadable(folder, error) from error
    return [file for file in files if _is_scenario(file)]


def _may_be_scenario(folder: Path, file: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.suffix in {".yaml", ".yml"} and not hidden and not file.is_dir()


def _is_scenario(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            return _SCENARIO_KEY.search(content.read(_HEAD_BYTES)) is not None
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(path: Path, error: OSError) -> ScenarioError:
    return ScenarioError([Problem(str(path), 0, 0, f"cannot be read: {error.strerror}")])
