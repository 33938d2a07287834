"""The JSON Schema of YAML files, which gives editors completion and help."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from voicetest.scenario.model import Scenario

__all__ = ["json_schema", "scenario_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _AsWritten(GenerateJsonSchema):
    """A schema of what people write: a key they leave out, never one that says null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if not described.get("default", True):
            del described["default"]
        return described

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema(
    model: type[BaseModel], title: str, ref_template: str = "#/$defs/{model}"
) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the files that hold one value of a model."""
    schema = model.model_json_schema(
        mode="validation", schema_generator=_AsWritten, ref_template=ref_template
    )
    return {"$schema": DIALECT, **schema, "title": title}


def scenario_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file."""
    return json_schema(Scenario, "voicetest scenario")
