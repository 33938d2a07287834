"""Protocols written in YAML as scenarios hold them, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from voicetest.errors import ScenarioError
from voicetest.events import Event
from voicetest.protocols.base import Codec
from voicetest.protocols.choice import ProtocolChoice
from voicetest.protocols.settings import ProtocolSettings
from voicetest.scenario.document import parse_document
from voicetest.scenario.load import build
from voicetest.scenario.section import Section


class _Agent(Section):
    protocol: ProtocolChoice


def spoken(text: str) -> ProtocolSettings:
    """The protocol of an agent section."""
    document = parse_document(dedent(text).encode(), Path("agent.yaml"), "agent.yaml")
    return build(_Agent, document.root, document).protocol


def mistakes(text: str) -> list[str]:
    """Every problem of an agent section as `line:column: message`."""
    with pytest.raises(ScenarioError) as caught:
        spoken(text)
    return [f"{p.line}:{p.column}: {p.message}" for p in caught.value.problems]


def heard(codec: Codec[bytes | str], *messages: bytes | str) -> list[Event]:
    """What the messages say, one after the other."""
    return [event for message in messages for event in codec.decode(message).events]
