"""Where an agent is on the network and what a request to it carries, as a scenario gives it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr, WithJsonSchema

from voicetest.scenario.nodes import Scalar, shown
from voicetest.scenario.refusals import refuse
from voicetest.scenario.values import literal_text

__all__ = ["Address", "Header", "HeaderName", "Parameter", "Token", "WebAddress"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What names of headers and subprotocols are made of (RFC 9110 §5.6.2)."""
_OURS = frozenset(
    {"host", "connection", "upgrade", "content-length", "content-type", "transfer-encoding", "te"}
)
"""Headers without which a request would be none, or would be another one."""
_HANDSHAKE = "sec-websocket-"


def _address(value: object) -> str:
    return _with_scheme(value, ("ws", "wss"), "wss://host/path")


def _web_address(value: object) -> str:
    return _with_scheme(value, ("http", "https"), "https://host")


def _with_scheme(value: object, schemes: Collection[str], example: str) -> str:
    text = literal_text(value)
    if isinstance(value, Scalar) and value.unresolved:
        return text  # a call that needs it is refused; one that is simulated does not
    try:
        parts = urlsplit(text)
        sound = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or parts.fragment or not text.isprintable() or " " in text:
        raise refuse(f"expected an address such as {example}, found {shown(value)}")
    return text


def _token(value: object) -> str:
    text = literal_text(value)
    if not _TOKEN.fullmatch(text):
        raise refuse(f"expected a name of letters, digits and '-', found {shown(value)}")
    return text


def _header_name(value: object) -> str:
    name = _token(value)
    if name.lower() == "sec-websocket-protocol":
        raise refuse(f"{shown(value)} is not given as a header: write 'subprotocols'")
    if name.lower() in _OURS or name.lower().startswith(_HANDSHAKE):
        raise refuse(f"the header {shown(value)} is voicetest's own: leave it out")
    return name


def _header(value: object) -> str:
    text = literal_text(value)
    if not (text.isascii() and text.isprintable()):
        raise refuse("the value of a header has ASCII letters, digits and signs only")
    return text


_STRING = WithJsonSchema({"type": "string", "minLength": 1})
Address = Annotated[str, BeforeValidator(_address), _STRING]
WebAddress = Annotated[str, BeforeValidator(_web_address), _STRING]
Token = Annotated[str, BeforeValidator(_token), _STRING]
HeaderName = Annotated[str, BeforeValidator(_header_name), _STRING]
Header = Annotated[SecretStr, BeforeValidator(_header), _STRING]
Parameter = Annotated[SecretStr, BeforeValidator(literal_text), _STRING]
