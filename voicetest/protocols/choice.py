"""The `protocol:` of a scenario: a preset by name, a preset with settings, or a map."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    InstanceOf,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)

from voicetest import registry
from voicetest.errors import SetupError
from voicetest.protocols.mapped import MessageMap
from voicetest.protocols.settings import ProtocolSettings
from voicetest.scenario.nodes import Mapping, Scalar, as_mapping, shown
from voicetest.scenario.refusals import nested, refuse
from voicetest.scenario.values import literal_text

__all__ = ["ProtocolChoice", "preset"]

PRESET = "preset"

Model = TypeVar("Model", bound=BaseModel)


def preset(name: str) -> ProtocolSettings:
    """A registered protocol with its default settings.

    Raises UnknownName, or SetupError where its package is not installed.
    """
    return _kind(name)()


def _kind(name: str) -> type[ProtocolSettings]:
    try:
        kind: type[ProtocolSettings] = registry.load(registry.PROTOCOLS, name)
    except registry.NotInstalled as error:
        raise SetupError(str(error)) from error
    return kind


def _known(name: object) -> type[ProtocolSettings]:
    try:
        return _kind(literal_text(name))
    except registry.UnknownName as error:
        raise refuse(str(error)) from None


class _Named(BaseModel):
    """A preset by name; its settings stand beside it."""

    preset: Annotated[type[ProtocolSettings], BeforeValidator(_known)]


def _choose(value: object, info: ValidationInfo) -> object:
    if isinstance(value, ProtocolSettings):
        return value
    if isinstance(value, str):
        return _settings(Mapping([(PRESET, _scalar(value))]), info)
    if not isinstance(value, dict):
        raise refuse(f"expected the name of a preset, or a map of messages, found {shown(value)}")
    return _settings(value if isinstance(value, Mapping) else as_mapping(value), info)


def _scalar(text: str) -> Scalar:
    return text if isinstance(text, Scalar) else Scalar(text)


def _settings(node: Mapping, info: ValidationInfo) -> ProtocolSettings:
    if PRESET in node:
        kind = _validated(_Named, node, info).preset
        return _validated(kind, node.without(PRESET), info)
    if not {"sends", "receives"} & node.keys():
        known = ", ".join(registry.names(registry.PROTOCOLS))
        raise refuse(
            f"expected 'preset' with the name of one ({known}), or 'sends' and 'receives' with "
            "examples of messages"
        )
    return _validated(MessageMap, node, info)


def _validated(kind: type[Model], settings: Mapping, info: ValidationInfo) -> Model:
    try:
        return kind.model_validate(settings, context=info.context)
    except ValidationError as error:
        raise nested(error, kind, settings) from None


_SCHEMA: dict[str, Any] = {"type": ["string", "object"]}
ProtocolChoice = Annotated[
    InstanceOf[ProtocolSettings], BeforeValidator(_choose), WithJsonSchema(_SCHEMA)
]
"""What is spoken over a WebSocket."""
