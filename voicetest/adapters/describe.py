"""The settings of an adapter, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from voicetest.adapters.base import Adapter

__all__ = ["Setting", "common_settings", "own_settings"]


@dataclass(frozen=True)
class Setting:
    """One setting; `default` is as it would be written, None where nothing is written for it."""

    name: str
    description: str
    required: bool
    default: str | None
    field: FieldInfo


def own_settings(kind: type[Adapter]) -> list[Setting]:
    """What this adapter alone has, in the order of its class; required ones first."""
    own = [setting for setting in _settings(kind) if setting.name not in Adapter.model_fields]
    return sorted(own, key=lambda setting: not setting.required)


def common_settings() -> list[Setting]:
    """What every adapter has."""
    return list(_settings(Adapter))


def _settings(kind: type[BaseModel]) -> Iterator[Setting]:
    written = kind.model_json_schema(mode="validation")["properties"]
    for name, field in kind.model_fields.items():
        yield Setting(
            name,
            field.description or "",
            field.is_required(),
            None if field.is_required() else _as_written(field.default, written.get(name, {})),
            field,
        )


def _as_written(default: object, schema: dict[str, Any]) -> str | None:
    match default:
        case bool():
            return "true" if default else "false"
        case Enum():
            return str(default.value)
        case float() if any(str(example).endswith("ms") for example in _examples(schema)):
            return f"{default:g}s"
        case str() | int() | float():
            return " ".join(str(default).split()) or None
        case _:
            return None


def _examples(schema: dict[str, Any]) -> list[object]:
    found: list[object] = list(schema.get("examples", ()))
    for choice in schema.get("anyOf", ()):
        found += choice.get("examples", ())
    return found
