"""From the paths of a command line to scenario files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from voicetest.errors import Problem, ScenarioError

__all__ = ["select_files"]

_SCENARIO_KEY = re.compile(rb"^(version|agent|script)[ \t]*:", re.MULTILINE)
_HEAD_BYTES = 1 << 20


def select_files(paths: Sequence[Path]) -> list[Path]:
    """The files that `paths` name, in order, each once; a folder gives the scenarios in it.

    In a folder a YAML file is a scenario if `version`, `agent` or `script` stands at its top
    level; others, such as the dialogues of embedded agents, are passed over.
    Raises ScenarioError for a path that does not exist or a folder that cannot be read.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _scenarios_in(path) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _scenarios_in(folder: Path) -> Iterator[Path]:
    try:
        files = sorted(
            file
            for file in folder.rglob("*")
            if file.suffix in {".yaml", ".yml"} and not _hidden(file.relative_to(folder))
        )
        for file in files:
            with file.open("rb") as content:
                if _SCENARIO_KEY.search(content.read(_HEAD_BYTES)):
                    yield file
    except OSError as error:
        problem = Problem(str(folder), 0, 0, f"cannot be read: {error.strerror}")
        raise ScenarioError([problem]) from error


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
