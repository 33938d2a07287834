"""The tools an agent may call during a test, with the answers they give."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from voicetest.scenario.json_values import json_value
from voicetest.scenario.nodes import Sequence
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section
from voicetest.scenario.values import Duration, JsonObject, Text, literal_text

__all__ = ["Tool", "ToolError"]


class ToolError(Section):
    """A tool call that goes wrong."""

    error: Text = Field(description="What the agent is told instead of a result.")


def _one_answer(value: object) -> Any:
    if isinstance(value, ToolError):
        return value
    if isinstance(value, dict) and set(value) == {"error"} and isinstance(value["error"], str):
        return ToolError(error=literal_text(value["error"]))
    return json_value(value)


def _answers(value: object) -> tuple[Any, ...]:
    if isinstance(value, Sequence | list | tuple):
        if not value:
            raise refuse("this list is empty: write at least one answer")
        return tuple(_one_answer(item) for item in value)
    return (_one_answer(value),)


class Tool(Section):
    """A tool the agent may call; the test answers in its place."""

    name: Text = Field(description="The name by which the agent calls the tool.")
    description: Text | None = Field(None, description="What the tool does, told to the agent.")
    parameters: JsonObject = Field(
        default_factory=dict, description="The tool's parameters as a JSON Schema (an object)."
    )
    returns: Annotated[tuple[Any, ...], BeforeValidator(_answers), WithJsonSchema({})] = Field(
        (None,),
        description="What the tool answers: a value, a list used call by call (its last entry "
        "answers all further calls), or {error: text}.",
    )
    delay: Duration = Field(0.0, description="How long the tool takes to answer, such as 500ms.")

    def answer(self, call: int) -> Any:
        """The answer to the call number `call`, counted from 0: a JSON value or a ToolError."""
        return self.returns[min(call, len(self.returns) - 1)]
