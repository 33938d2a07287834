"""Any agent behind a WebSocket of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from voicetest.adapters.addresses import Address, Token
from voicetest.adapters.base import World
from voicetest.adapters.dialling import dialled
from voicetest.adapters.doors import Doors
from voicetest.adapters.keep_alive import KeptAlive
from voicetest.links.base import Link
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.choice import ProtocolChoice
from voicetest.protocols.raw_pcm import RawPcmSettings

__all__ = ["WebSocketAgentAdapter"]


class WebSocketAgentAdapter(KeptAlive, Doors):
    """Dials `url` and speaks the protocol that is named."""

    summary: ClassVar[str] = (
        "any agent behind a WebSocket: raw_pcm, json_audio, media streams, its own messages"
    )
    typical: ClassVar[Capabilities] = RawPcmSettings().codec(End.CLIENT)
    assumed: ClassVar[Mapping[str, str]] = {
        "protocol": "raw_pcm: bare sound of 16 bits at 24 kHz both ways, and no messages"
    }

    url: Address = Field(description="Where the agent is: ws:// or wss://.")
    subprotocols: tuple[Token, ...] = Field(
        default=(), description="Subprotocols that are offered, the preferred one first."
    )
    protocol: ProtocolChoice = Field(
        default=RawPcmSettings(),
        repr=False,  # messages on opening may hold secrets
        description="What is spoken: a preset (raw_pcm, json_audio, twilio_media_stream), one with "
        "settings ({preset: raw_pcm, rate: 16000}), or a map of the agent's own messages.",
    )

    @property
    def capabilities(self) -> Capabilities:
        """What the line can carry with these settings."""
        return self.protocol.codec(End.CLIENT)

    @property
    def outside(self) -> tuple[str, ...]:
        """The agent itself."""
        return (f"agent.url ({urlsplit(self.url).hostname})",)

    def connect(self, world: World) -> AbstractAsyncContextManager[Link]:
        """Dial the agent; raises ConnectionFailed, which shows no header and no parameter."""
        url = self.through(self.url)
        codec = self.protocol.codec(End.CLIENT)
        return dialled(
            world, codec, url, self.headers, self.subprotocols, keep_alive=self.keep_alive
        )
