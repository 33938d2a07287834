"""The JSON Schemas of the files that users write and get."""

from __future__ import annotations

import json
from pathlib import Path

from voicetest.agents.dialogue import dialogue_schema
from voicetest.errors import SetupError
from voicetest.report.folder import write_atomically
from voicetest.report.manifest import manifest_schema
from voicetest.scenario.schema import scenario_schema

__all__ = ["schema_texts", "stale_schemas", "write_schemas"]


def schema_texts() -> dict[str, str]:
    """The text of each schema by the name of its file."""
    schemas = {
        "scenario.schema.json": scenario_schema(),
        "manifest.schema.json": manifest_schema(),
        "agent.schema.json": dialogue_schema(),
    }
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()}


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
