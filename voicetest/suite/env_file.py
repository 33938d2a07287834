"""A file of environment variables: `NAME=value` lines."""

from __future__ import annotations

import re
from pathlib import Path

from voicetest.errors import Problem, ScenarioError

__all__ = ["read_env_file"]

_LINE = re.compile(
    r"""(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
    (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<plain>[^"'\s].*?|))(?:\s+\#.*)?""",
    re.VERBOSE,
)


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a file; empty lines and those that begin with `#` are passed over.

    Raises ScenarioError at the line that is no `NAME=value`; it never shows a value.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise ScenarioError([Problem(str(path), 0, 0, message)]) from None
    except UnicodeDecodeError:
        raise ScenarioError([Problem(str(path), 0, 0, "this file is not UTF-8")]) from None
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            problems.append(Problem(str(path), number, 1, "expected NAME=value"))
        else:
            values = (found["double"], found["single"], found["plain"])
            variables[found["name"]] = next(value for value in values if value is not None)
    if problems:
        raise ScenarioError(problems)
    return variables
