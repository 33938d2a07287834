"""A language model that a scenario names, for the user or for the judge."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema

from voicetest.scenario.nodes import Scalar, shown
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section
from voicetest.scenario.values import Text, literal_text

__all__ = ["LanguageModel", "NamedModel"]


def _base_url(value: object) -> str:
    text = literal_text(value)
    if isinstance(value, Scalar) and value.unresolved:
        return text
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not text.isprintable() or " " in text:
        raise refuse(f"expected an address such as http://localhost:11434/v1, found {shown(value)}")
    return text


_STRING = WithJsonSchema({"type": "string", "minLength": 1})


class LanguageModel(Section):
    """A language model and how it is reached."""

    use: Text = Field(description="The model's name for litellm, such as openai/gpt-5.4-mini.")
    base_url: Annotated[str, BeforeValidator(_base_url), _STRING] | None = Field(
        None, description="Where it is served, if not at its provider's usual address."
    )
    api_key: Annotated[SecretStr, BeforeValidator(literal_text), _STRING] | None = Field(
        None, description="Its key, such as ${env.MY_KEY}; by default its provider's usual one."
    )

    @property
    def host(self) -> str:
        """The host of its own address; empty for its provider's usual one."""
        return (urlsplit(self.base_url).hostname or "") if self.base_url else ""


def _named(value: object) -> object:
    """`model: name` for short means `model: {use: name}`."""
    return {"use": value} if isinstance(value, str) else value


NamedModel: TypeAlias = Annotated[
    LanguageModel, BeforeValidator(_named, json_schema_input_type=Text | LanguageModel)
]
