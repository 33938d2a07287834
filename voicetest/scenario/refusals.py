"""How a validator says what is wrong, and where, in words for the person who wrote the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from voicetest.errors import Problem, ScenarioError
from voicetest.scenario.nodes import LINES, Mapping, position

__all__ = [
    "Loading",
    "carried",
    "carried_problems",
    "complain",
    "folder",
    "nested",
    "refuse",
    "spent_on_patterns",
]


@dataclass(frozen=True)
class Loading:
    """The file that is being validated: where its paths start, and what is wrong beside values.

    `inherited` are the folders of the files it extends. `complaints` holds (line, column, message);
    validators add to it through `complain`.
    `patterns` holds what each regular expression so far costs to compile.
    """

    folder: Path
    inherited: tuple[Path, ...] = ()
    complaints: list[tuple[int, int, str]] = field(default_factory=list)
    patterns: list[int] = field(default_factory=list)


def refuse(
    message: str,
    *,
    at: tuple[int, int] | None = None,
    instead_of: tuple[str, Iterable[str]] | None = None,
) -> PydanticCustomError:
    """The error of a validator whose message is already meant for people.

    `instead_of` is a word and the names that were possible: the nearest is added to the message.
    """
    line, column = at or (0, 0)
    word, names = instead_of or ("", ())
    context = {
        "message": message,
        "line": line,
        "column": column,
        "word": word,
        "names": tuple(names),
    }
    return PydanticCustomError("voicetest_refused", "{message}", context)


def carried(error: ScenarioError) -> PydanticCustomError:
    """The error of a validator that loaded another file: that file's own problems surface."""
    text = str(error)
    return PydanticCustomError(
        "voicetest_carried", "{message}", {"message": text, "problems": error.problems}
    )


def nested(error: ValidationError, model: type[BaseModel], node: Mapping) -> PydanticCustomError:
    """The error of a validator that validated a mapping by a model of its own choice."""
    inner = {"message": str(error), "error": error, "model": model, "node": node}
    return PydanticCustomError("voicetest_nested", "{message}", inner)


def complain(info: ValidationInfo, node: object, message: str, key: object = None) -> None:
    """Report a problem without stopping, so that the rest is validated as well."""
    place = position(node, key)
    if isinstance(info.context, Loading):
        info.context.complaints.append((*place, message))
        return
    raise refuse(message, at=place)


def spent_on_patterns(info: ValidationInfo, cost: int) -> int:
    """What the regular expressions of the file cost, with `cost` of this one."""
    if not isinstance(info.context, Loading):
        return cost
    info.context.patterns.append(cost)
    return sum(info.context.patterns)


def folder(info: ValidationInfo, node: object) -> Path:
    """Where a relative path starts: in the folder of its file; outside one, where we work."""
    if not isinstance(info.context, Loading):
        return Path.cwd()
    index = position(node)[0] // LINES
    return info.context.inherited[index - 1] if index else info.context.folder


def carried_problems(context: dict[str, object]) -> Iterable[Problem]:
    """The problems inside an error made by `carried`."""
    problems = context.get("problems", ())
    return problems if isinstance(problems, tuple) else ()
