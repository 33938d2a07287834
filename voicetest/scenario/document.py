"""YAML text into a tree with positions, refusing what YAML would silently lose."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import yaml

from voicetest.errors import Problem, ScenarioError
from voicetest.file_name import readable
from voicetest.scenario.compose import MAX_PROBLEMS, Composer, Refused
from voicetest.scenario.nodes import LINES, Mapping
from voicetest.scenario.syntax import explain, unreadable_character

__all__ = ["MAX_BYTES", "MAX_PROBLEMS", "Document", "load_document", "parse_document"]

MAX_BYTES = 1 << 20

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """A YAML file as it is written, over those that it extends.

    `problems` are what stands in the files beside their values. One number says where a node
    stands: the lines of file n of `extends`, counted from 1, begin behind n times LINES.
    """

    path: Path
    shown: str
    sha256: str
    root: Mapping
    problems: tuple[Problem, ...] = ()
    extends: tuple[Document, ...] = ()

    def place(self, line: int) -> tuple[Document, int]:
        """The file that a line belongs to, and the line in it."""
        index, inside = divmod(line, LINES)
        return (self.extends[index - 1] if index else self), inside

    def problem(self, line: int, column: int, message: str) -> Problem:
        """A problem at a place in one of the files."""
        file, inside = self.place(line)
        return Problem(file.shown, inside, column, message)


def load_document(path: Path, shown: str | None = None) -> Document:
    """Read and parse a YAML file; `shown` is its name in messages.

    Raises ScenarioError when it cannot be read or parsed; lesser problems are in the document.
    """
    name = readable(path) if shown is None else shown
    return parse_document(_read(path, name), path, name)


def parse_document(data: bytes, path: Path, shown: str) -> Document:
    """Parse the bytes of a YAML file."""
    text = _decode(data, shown)
    composer = Composer(text)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            composer.feed(event)
        root = composer.finish()
    except Refused as refused:
        raise _error(shown, [*composer.problems, refused.problem]) from None
    except yaml.YAMLError as error:
        raise _error(shown, [*composer.problems, explain(error, text)]) from None
    problems = tuple(Problem(shown, *problem) for problem in composer.problems)
    return Document(path, shown, hashlib.sha256(data).hexdigest(), root, problems)


def _error(shown: str, problems: list[tuple[int, int, str]]) -> ScenarioError:
    return ScenarioError(Problem(shown, *problem) for problem in problems)


def _read(path: Path, shown: str) -> bytes:
    """At most `MAX_BYTES` of a regular file; a pipe or a device is never opened."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _error(shown, [(0, 0, "this is a folder: name a YAML file in it")])
        if not stat.S_ISREG(mode):
            raise _error(shown, [(0, 0, "this is not a regular file")])
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _error(shown, [(0, 0, "there is no such file")]) from None
    except PermissionError:
        raise _error(shown, [(0, 0, "you are not allowed to read this file")]) from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise _error(shown, [(0, 0, f"this file cannot be read: {reason}")]) from None
    except ValueError:
        raise _error(shown, [(0, 0, "this is not a file name")]) from None
    if len(data) > MAX_BYTES:
        raise _error(shown, [(0, 0, "this file is larger than 1 MiB: split it")])
    return data


def _decode(data: bytes, shown: str) -> str:
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        before = body[: error.start]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode("utf-8")) + 1
        place = (before.count(b"\n") + 1, column)
        raise _error(
            shown, [(*place, "this line is not UTF-8: save the file with the encoding UTF-8")]
        ) from None
    found = unreadable_character(text)
    if found:
        raise _error(shown, [found])
    return text
