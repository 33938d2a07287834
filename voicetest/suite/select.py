"""From the paths of a command line to scenario files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from voicetest.errors import Problem, ScenarioError
from voicetest.regular_file import open_regular

__all__ = ["select_files"]

_SCENARIO_KEY = re.compile(
    rb"""^(?:\xef\xbb\xbf)?(?:\{[^\n]*?)?["']?\b(?:version|agent|script|extends)["']?[ \t]*:""",
    re.MULTILINE,
)
_EXTENDS = re.compile(rb"""^["']?extends["']?[ \t]*:[ \t]*["']?([^"'#\r\n]+)""", re.MULTILINE)
_SCRIPT = re.compile(rb"""^["']?script["']?[ \t]*:""", re.MULTILINE)
_HEAD_BYTES = 1 << 20


def select_files(paths: Sequence[Path]) -> list[Path]:
    """The files that `paths` name, in order, each once; a folder gives the scenarios in it.

    In a folder a YAML file is a scenario if `version`, `agent`, `script` or `extends` stands at its
    top level; others, such as the dialogues of embedded agents, are passed over, and so are files
    without a script that others in the folder extend. A file that is named is taken as it is, even
    if it is not there: loading it says so.
    Raises ScenarioError for what cannot be read in a folder.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _scenarios_in(path) if os.path.isdir(path) else [path]:  # noqa: PTH112  # any name
            found.setdefault(_real(file), file)
    return list(found.values())


def _scenarios_in(folder: Path) -> list[Path]:
    files = sorted(_files_in(folder))
    heads = {file: head for file in files if _SCENARIO_KEY.search(head := _head(file))}
    extended = {
        _real(file.parent / os.fsdecode(name.strip()))
        for file, head in heads.items()
        for name in _EXTENDS.findall(head)
    }
    return [
        file
        for file, head in heads.items()
        if _SCRIPT.search(head) or _real(file) not in extended or _EXTENDS.search(head)
    ]


def _real(file: Path) -> Path:
    """Where a file is in the end; links in a circle are told of when it is read."""
    return Path(os.path.realpath(file))


def _files_in(folder: Path) -> Iterator[Path]:
    """The YAML files in a folder and those below it, without hidden ones."""
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and Path(name).suffix in {".yaml", ".yml"}:
                yield Path(parent) / name


def _refuse(error: OSError) -> None:
    raise _unreadable(Path(error.filename), error) from error


def _head(file: Path) -> bytes:
    try:
        with open_regular(file) as content:
            return content.read(_HEAD_BYTES)
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(path: Path, error: OSError) -> ScenarioError:
    return ScenarioError([Problem(str(path), 0, 0, f"cannot be read: {error.strerror}")])
