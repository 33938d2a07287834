"""Reads the JSON files of a run, believing nothing that voicetest cannot have written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from voicetest.errors import SetupError
from voicetest.regular_file import open_regular
from voicetest.report.manifest import SCHEMA_VERSION

__all__ = ["DEEPEST", "Damaged", "parse_json", "read_model"]

Model = TypeVar("Model", bound=BaseModel)

DEEPEST = 100
"""Lists and mappings within each other; what a platform says of its status is the deepest."""


class Damaged(SetupError):
    """A file of a run that is not as voicetest writes it; the text says which and how."""


def read_model(model: type[Model], path: Path) -> Model:
    """The value in a JSON file.

    Raises FileNotFoundError where there is none, else Damaged.
    """
    try:
        with open_regular(path) as file:
            found = parse_json(file.read())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Damaged(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Damaged(f"{path} is damaged: {error}") from error
    _refuse_other_version(path, found)
    found.pop("sha256", None)  # of the file, and not of what it tells
    try:
        return model.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise Damaged(f"{path} is damaged: {where}: {first['msg'].lower()}") from error


def parse_json(data: bytes, *, foreign: bool = False) -> Any:
    """A JSON text as values; raises ValueError for what is none, or could not be handled.

    In one that holds `foreign` values numbers may be as a platform wrote them.
    """
    try:
        if foreign:
            value = json.loads(data)
        else:
            value = json.loads(data, parse_constant=_not_finite, parse_float=_finite)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error})") from None
    except RecursionError:
        raise ValueError("its values are nested too deep") from None
    _refuse_impossible(value, foreign=foreign)
    return value


def _refuse_impossible(value: Any, *, foreign: bool) -> None:
    """Raises ValueError for values nested too deep, or numbers too large."""
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(f"its values are nested more than {DEEPEST} deep")
        match one:
            case dict():
                waiting += [(inner, depth + 1) for inner in one.values()]
            case list():
                waiting += [(inner, depth + 1) for inner in one]
            case int() if abs(one) >= 1 << 63 and not foreign:
                raise ValueError(f"it holds a number of {len(str(one))} digits")
            case _:
                pass


def _not_finite(name: str) -> float:
    raise ValueError(f"it holds {name}, which is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"it holds {text[:20]}, which is too large a number")
    return value


def _refuse_other_version(path: Path, found: object) -> None:
    if not isinstance(found, Mapping):
        raise Damaged(f"{path} is damaged: it holds no mapping")
    version = found.get("schema_version")
    if type(version) is not int:
        raise Damaged(f"{path} is damaged: schema_version is no whole number")
    if version > SCHEMA_VERSION:
        raise Damaged(
            f"{path} has version {version} of its format, and this voicetest knows "
            f"{SCHEMA_VERSION}: a newer voicetest wrote it, so use that one"
        )
    if version < 1:
        raise Damaged(f"{path} is damaged: there never was a version {version} of its format")
