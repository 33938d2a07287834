"""A file of environment variables: `NAME=value` lines."""

from __future__ import annotations

import re
from pathlib import Path

from voicetest.errors import Problem, ScenarioError
from voicetest.regular_file import open_regular

__all__ = ["read_env_file"]

MOST_BYTES = 1 << 20
_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_COMMENT = re.compile(r"\s#")
_HELD_OPEN = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")
"""What a shell hands over, as for `--env-file <(…)`: its writer is there already."""


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a file; empty lines and those that begin with `#` are passed over.

    Raises ScenarioError at the line that is no `NAME=value`; it never shows a value.
    """
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        value = None if found is None else _value(found["value"])
        if found is None or value is None:
            problems.append(Problem(str(path), number, 1, "expected NAME=value"))
        elif "\0" in value:
            problems.append(Problem(str(path), number, 1, "a value cannot hold a null byte"))
        else:
            variables[found["name"]] = value
    if problems:
        raise ScenarioError(problems)
    return variables


def _text(path: Path) -> str:
    try:
        with path.open("rb") if str(path).startswith(_HELD_OPEN) else open_regular(path) as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise _error(path, "this file is larger than 1 MiB")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise _error(path, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _error(path, "this file is not UTF-8") from None


def _value(written: str) -> str | None:
    """A value without its quotes or the comment behind it; None where its quotes are not whole."""
    if written[:1] in ('"', "'"):
        inner, closing, rest = written[1:].partition(written[0])
        commented = not rest or (rest[0].isspace() and rest.lstrip().startswith("#"))
        return inner if closing and commented else None
    return _COMMENT.split(written, maxsplit=1)[0].rstrip()


def _error(path: Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(str(path), 0, 0, message)])
