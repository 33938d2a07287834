"""The JSON Schemas of the files that users write and get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from voicetest import registry
from voicetest.adapters.base import Adapter
from voicetest.agents.dialogue import dialogue_schema
from voicetest.errors import SetupError
from voicetest.report.folder import write_atomically
from voicetest.report.load_events import events_schema
from voicetest.report.load_summary import load_schema
from voicetest.report.manifest import manifest_schema
from voicetest.scenario.load_file import LoadFile
from voicetest.scenario.schema import json_schema, scenario_schema

__all__ = ["schema_texts", "stale_schemas", "write_schemas"]


def schema_texts() -> dict[str, str]:
    """The text of each schema by the name of its file."""
    schemas = {
        "scenario.schema.json": _with_settings(scenario_schema()),
        "manifest.schema.json": manifest_schema(),
        "agent.schema.json": dialogue_schema(),
        "load.schema.json": json_schema(LoadFile, "voicetest load"),
        "load-result.schema.json": load_schema(),
        "load-events.schema.json": events_schema(),
    }
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()}


def _with_settings(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a scenario with the settings of each adapter that can be loaded.

    What an adapter does not know is left to `voicetest validate`, which names the nearest key.
    """
    choices = []
    for name in registry.names(registry.ADAPTERS):
        try:
            kind: type[Adapter] = registry.load(registry.ADAPTERS, name)
        except registry.NotInstalled:
            continue
        own = json_schema(kind, name, f"#/$defs/{name}.{{model}}")
        schema["$defs"] |= {f"{name}.{part}": of for part, of in own.pop("$defs", {}).items()}
        chosen = {"properties": {"adapter": {"const": name}}, "required": ["adapter"]}
        choices.append({"if": chosen, "then": {"properties": own["properties"]}})
    section = schema["$defs"]["AgentSection"]
    section["allOf"] = choices
    names = [choice["if"]["properties"]["adapter"]["const"] for choice in choices]
    described = section["properties"]["adapter"]["description"]
    section["properties"]["adapter"] = {
        "anyOf": [{"enum": names}, {"type": "string"}],
        "description": described,
    }
    return schema


def write_schemas(folder: Path) -> list[Path]:
    """Write all schemas into `folder` and return their paths.

    Raises SetupError when the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in schema_texts().items():
            write_atomically(folder / name, text)
    except OSError as error:
        raise SetupError(f"cannot write to {folder}: {error.strerror}") from error
    return [folder / name for name in schema_texts()]


def stale_schemas(folder: Path) -> list[Path]:
    """The schemas in `folder` that are missing or no longer what the models say."""
    paths = {folder / name: text for name, text in schema_texts().items()}
    return [
        path
        for path, text in paths.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
