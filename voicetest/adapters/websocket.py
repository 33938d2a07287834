"""Any agent behind a WebSocket of its own."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema

from voicetest.adapters.base import Adapter, World
from voicetest.audio.chunk import Encoding
from voicetest.links.base import Link
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.raw_pcm import RawPcm
from voicetest.scenario.nodes import shown
from voicetest.scenario.refusals import refuse
from voicetest.scenario.values import Flag, Text, literal_text

__all__ = ["WebSocketAgentAdapter"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What names of headers and subprotocols are made of (RFC 9110 §5.6.2)."""


def _address(value: object) -> str:
    text = literal_text(value)
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("ws", "wss") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or parts.fragment or not text.isprintable() or " " in text:
        raise refuse(f"expected an address such as wss://host/path, found {shown(value)}")
    return text


def _token(value: object) -> str:
    text = literal_text(value)
    if not _TOKEN.fullmatch(text):
        raise refuse(f"expected a name of letters, digits and '-', found {shown(value)}")
    return text


def _header(value: object) -> str:
    text = literal_text(value)
    if not (text.isascii() and text.isprintable()):
        raise refuse("the value of a header has ASCII letters, digits and signs only")
    return text


_STRING = WithJsonSchema({"type": "string", "minLength": 1})
Address = Annotated[str, BeforeValidator(_address), _STRING]
Token = Annotated[str, BeforeValidator(_token), _STRING]
Header = Annotated[SecretStr, BeforeValidator(_header), _STRING]
Parameter = Annotated[SecretStr, BeforeValidator(literal_text), _STRING]


class WebSocketAgentAdapter(Adapter):
    """Dials `url` and speaks the protocol that is named."""

    summary: ClassVar[str] = "any agent behind a WebSocket that speaks raw_pcm"
    typical: ClassVar[Capabilities] = RawPcm(End.CLIENT)

    url: Address = Field(description="Where the agent is: ws:// or wss://.")
    headers: dict[Token, Header] = Field(
        default_factory=dict, description="Headers of the upgrade request, such as Authorization."
    )
    query: dict[Text, Parameter] = Field(
        default_factory=dict, description="Parameters that are added to the address."
    )
    subprotocols: tuple[Token, ...] = Field(
        default=(), description="Subprotocols that are offered, the preferred one first."
    )
    protocol: Literal["raw_pcm"] = Field(
        default="raw_pcm", description="What is spoken: raw_pcm is samples in binary messages."
    )
    rate: int = Field(
        default=24_000, ge=8_000, le=48_000, multiple_of=25, description="Sample rate in hertz."
    )
    encoding: Encoding = Field(default=Encoding.PCM16, description="How one sample is written.")
    paced: Flag = Field(
        default=False,
        description="Whether the agent sends its sound in real time, not as fast as it can.",
    )
    events: Flag = Field(
        default=False,
        description='Whether the agent is told {"type": "end_of_turn"} and {"type": "interrupt"}.',
    )

    @property
    def capabilities(self) -> Capabilities:
        """What the line can carry with these settings."""
        return self._codec()

    @property
    def outside(self) -> tuple[str, ...]:
        """The agent itself."""
        return (f"agent.url ({urlsplit(self.url).hostname})",)

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Dial the agent; raises ConnectionFailed, which shows no header and no parameter."""
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        async with (
            world.dial(self._dialled(), headers=headers, subprotocols=self.subprotocols) as line,
            CodecLink(self._codec(), line) as link,
        ):
            yield link

    def _codec(self) -> RawPcm:
        return RawPcm(End.CLIENT, self.rate, self.encoding, events=self.events, paced=self.paced)

    def _dialled(self) -> str:
        """The address with its parameters."""
        parts = urlsplit(self.url)
        added = urlencode({name: value.get_secret_value() for name, value in self.query.items()})
        query = "&".join(part for part in (parts.query, added) if part)
        return urlunsplit(parts._replace(query=query))
