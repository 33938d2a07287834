"""The STUN and TURN servers of a WebRTC call, as a scenario gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema

from voicetest.scenario.nodes import shown
from voicetest.scenario.refusals import refuse
from voicetest.scenario.section import Section
from voicetest.scenario.values import Text, literal_text

__all__ = ["IceServer", "IceServers", "passwords"]

_URI = re.compile(r"(stuns?|turns?):[^?:\s]+(:[0-9]+)?(\?transport=(udp|tcp))?")
"""RFC 7064 and RFC 7065."""


def _uri(value: object) -> str:
    text = literal_text(value)
    if not _URI.fullmatch(text):
        raise refuse(f"expected an address such as stun:host:3478, found {shown(value)}")
    return text


Uri = Annotated[str, BeforeValidator(_uri), WithJsonSchema({"type": "string"})]


class IceServer(Section):
    """One server; TURN wants a name and a password."""

    urls: Uri = Field(description="Where it is: stun:host:port or turn:host:port?transport=udp.")
    username: Text | None = Field(None, description="The name that a TURN server wants.")
    credential: Annotated[SecretStr, BeforeValidator(literal_text)] | None = Field(
        None, description="The password that goes with it."
    )


def _server(value: object) -> Any:
    return {"urls": value} if isinstance(value, str) else value


IceServers = tuple[Annotated[IceServer, BeforeValidator(_server)], ...]


def passwords(servers: Iterable[IceServer]) -> frozenset[str]:
    """What of them must not be written anywhere."""
    words = (server.credential for server in servers)
    return frozenset(word.get_secret_value() for word in words if word is not None)
