"""The `protocol:` of a scenario: a preset by name, a preset with settings, or a map."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, ValidationError, ValidationInfo, WithJsonSchema

from voicetest import registry
from voicetest.errors import SetupError
from voicetest.protocols.mapped import MessageMap
from voicetest.protocols.settings import ProtocolSettings
from voicetest.scenario.nodes import Mapping, as_mapping, position, shown
from voicetest.scenario.refusals import nested, refuse
from voicetest.scenario.values import literal_text

__all__ = ["ProtocolChoice", "preset"]

PRESET = "preset"


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


def _choose(value: object, info: ValidationInfo) -> object:
    if isinstance(value, ProtocolSettings):
        return value
    if isinstance(value, str):
        return _named(value, Mapping(), info)
    if not isinstance(value, dict):
        raise refuse(f"expected the name of a preset, or a map of messages, found {shown(value)}")
    node = value if isinstance(value, Mapping) else as_mapping(value)
    if PRESET in node:
        return _named(node[PRESET], node.without(PRESET), info)
    return _validated(MessageMap, node, info)


def _named(name: object, settings: Mapping, info: ValidationInfo) -> ProtocolSettings:
    try:
        kind = _kind(literal_text(name))
    except registry.UnknownName as error:
        raise refuse(str(error), at=position(name)) from None
    return _validated(kind, settings, info)


def _validated(
    kind: type[ProtocolSettings], settings: Mapping, info: ValidationInfo
) -> ProtocolSettings:
    try:
        return kind.model_validate(settings, context=info.context)
    except ValidationError as error:
        raise nested(error, kind, settings) from None


_SCHEMA: dict[str, Any] = {"type": ["string", "object"]}
ProtocolChoice = Annotated[
    InstanceOf[ProtocolSettings], BeforeValidator(_choose), WithJsonSchema(_SCHEMA)
]
"""What is spoken over a WebSocket."""
