"""A bot made with Pipecat, behind a WebSocket or a WebRTC connection.

Wire facts: pipecat-ai 1.14, `TwilioFrameSerializer`, `ProtobufFrameSerializer` and
`SmallWebRTCTransport`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.util import find_spec
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from voicetest.adapters.addresses import Address, WebAddress
from voicetest.adapters.base import World
from voicetest.adapters.dialling import dialled
from voicetest.adapters.doors import Doors
from voicetest.adapters.ice_servers import IceServers, passwords
from voicetest.adapters.keep_alive import KEEP_ALIVE_SETTINGS, KeptAlive
from voicetest.audio.chunk import Encoding
from voicetest.errors import SetupError
from voicetest.links.base import Link
from voicetest.protocols.base import Capabilities, Codec, End
from voicetest.protocols.media_line import LATE_SOUND_S, MediaLine
from voicetest.protocols.pipecat_channel import PipecatChannel
from voicetest.protocols.pipecat_protobuf import PipecatProtobuf
from voicetest.protocols.settings import LineRate
from voicetest.protocols.twilio import TELEPHONE, MediaStream
from voicetest.protocols.twilio_settings import CallSid, StreamSid
from voicetest.scenario.values import Flag, Text

__all__ = ["PipecatAgentAdapter"]

PIPELINE_RATE = 16_000
"""What a bot hears unless it was told otherwise: `audio_in_sample_rate`."""
CHANNEL = "chat"
"""The label of the data channel, as Pipecat's own client has it; bots take any."""
_OF_TELEPHONE = ("stream_sid", "call_sid", "parameters")
_OF_WEBSOCKET = (
    "url",
    "protocol",
    "audio_format",
    "sample_rate",
    "stream_sid",
    "call_sid",
    *KEEP_ALIVE_SETTINGS,
)
_OF_WEBRTC = ("signaling_url", "ice_servers")
_NOT_INSTALLED = (
    "transport webrtc needs aiortc, which is not installed: pip install 'voicetest[webrtc]'"
)


class PipecatAgentAdapter(KeptAlive, Doors):
    """Calls the bot as the telephone network would, or as Pipecat's own client."""

    descriptors: ClassVar[int] = 40
    summary: ClassVar[str] = "a Pipecat bot behind a WebSocket or a WebRTC connection"
    typical: ClassVar[Capabilities] = MediaStream(End.CLIENT, utterance_ends=True, binary=True)
    example: ClassVar[Mapping[str, str]] = {"url": "ws://127.0.0.1:7860/ws"}

    transport: Literal["websocket", "webrtc"] = Field(
        default="websocket",
        description="How the bot is reached: websocket, or webrtc (SmallWebRTCTransport).",
    )
    url: Address | None = Field(
        default=None, description="With websocket: where the bot is, such as wss://host/ws."
    )
    signaling_url: WebAddress | None = Field(
        default=None,
        description="With webrtc: where the bot takes offers, such as https://host/api/offer.",
    )
    ice_servers: IceServers = Field(
        default=(),
        description="With webrtc: STUN and TURN servers, such as stun:host:3478; none are asked "
        "by default.",
    )
    protocol: Literal["twilio", "protobuf"] = Field(
        default="twilio",
        description="The bot's serializer: twilio (TwilioFrameSerializer, a telephone line), or "
        "protobuf (ProtobufFrameSerializer, with transcripts, turns and function calls).",
    )
    audio_format: Encoding | None = Field(
        default=None, description="How one sample is written: mulaw with twilio, pcm16 otherwise."
    )
    sample_rate: LineRate | None = Field(
        default=None,
        description="Samples a second that the bot hears: 8000 with twilio, and with protobuf "
        "the bot's audio_in_sample_rate, which is 16000 unless it was changed.",
    )
    stream_sid: StreamSid | None = Field(
        default=None,
        description="With twilio: the stream's name, MZ and 32 digits of 0-9 and a-f; else random.",
    )
    call_sid: CallSid | None = Field(
        default=None,
        description="With twilio: the call's name, CA and 32 digits of 0-9 and a-f; else random.",
    )
    parameters: dict[str, Text] = Field(
        default_factory=dict, description="With twilio and webrtc: what the bot gets as its body."
    )
    rtvi: Flag = Field(
        default=True,
        description="With protobuf and webrtc: whether the bot reports turns, words and function "
        "calls, as pipelines do unless RTVI was switched off.",
    )

    @model_validator(mode="after")
    def _fits_transport(self) -> Self:
        webrtc = self.transport == "webrtc"
        needed, unfit = ("signaling_url", _OF_WEBSOCKET) if webrtc else ("url", _OF_WEBRTC)
        if needed not in self.model_fields_set:
            raise ValueError(f"transport {self.transport} needs {needed}")
        given = [name for name in unfit if name in self.model_fields_set]
        if given:
            other = "websocket" if webrtc else "webrtc"
            raise ValueError(f"{given[0]} is for transport {other}")
        return self

    @model_validator(mode="after")
    def _fits_protocol(self) -> Self:
        if self.transport == "webrtc":
            return self
        if self.protocol == "twilio":
            if self.audio_format not in (None, TELEPHONE.encoding):
                raise ValueError("with protocol twilio, audio_format is mulaw")
            if self.sample_rate not in (None, TELEPHONE.rate):
                raise ValueError("with protocol twilio, sample_rate is 8000")
            if "rtvi" in self.model_fields_set:
                raise ValueError("rtvi is for protocol protobuf; a telephone line has none")
            return self
        if self.audio_format not in (None, Encoding.PCM16):
            raise ValueError("with protocol protobuf, audio_format is pcm16")
        given = [name for name in _OF_TELEPHONE if name in self.model_fields_set]
        if given:
            raise ValueError(f"{given[0]} is for protocol twilio")
        return self

    @property
    def capabilities(self) -> Capabilities:
        """What the line can carry with these settings."""
        if self.transport == "webrtc":
            return MediaLine.of("opus", self.channel(End.CLIENT))
        return self.codec(End.CLIENT)

    @property
    def outside(self) -> tuple[str, ...]:
        """The bot itself."""
        name = "url" if self.url else "signaling_url"
        return (f"agent.{name} ({urlsplit(self._address).hostname})",)

    @property
    def sockets(self) -> tuple[str, ...]:
        """The sound of WebRTC goes over UDP wherever the bot is."""
        return ("agent.transport (webrtc)",) if self.transport == "webrtc" else ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What speaks WebRTC, where that is wanted and not installed."""
        absent = self.transport == "webrtc" and find_spec("aiortc") is None
        return (_NOT_INSTALLED,) if absent else ()

    @property
    def late_sound(self) -> float:
        """Over WebRTC messages overtake the sound that they are about."""
        return LATE_SOUND_S if self.transport == "webrtc" else 0.0

    @property
    def secrets(self) -> frozenset[str]:
        """Headers, and the passwords of servers."""
        return super().secrets | passwords(self.ice_servers)

    @property
    def sdks(self) -> tuple[str, ...]:
        """What speaks WebRTC, where that is wanted."""
        return ("aiortc",) if self.transport == "webrtc" and not self.missing else ()

    @property
    def _address(self) -> str:
        return self.url or self.signaling_url or ""

    def codec(self, end: End) -> Codec[Any]:
        """A codec for one call over a WebSocket at that end of it."""
        if self.protocol == "protobuf":
            return PipecatProtobuf(end, self.sample_rate or PIPELINE_RATE, rtvi=self.rtvi)
        return MediaStream(
            end,
            stream_sid=self.stream_sid,
            call_sid=self.call_sid,
            parameters=self.parameters,
            utterance_ends=True,
            binary=True,
        )

    def channel(self, end: End) -> PipecatChannel:
        """The messages of one call over WebRTC at that end of it."""
        return PipecatChannel(end, rtvi=self.rtvi)

    def connect(self, world: World) -> AbstractAsyncContextManager[Link]:
        """Call the bot; raises ConnectionFailed, which shows no header."""
        if self.transport == "webrtc":
            return self._offer(world)
        codec = self.codec(End.CLIENT)
        url = self.through(self._address)
        return dialled(world, codec, url, self.headers, keep_alive=self.keep_alive)

    @asynccontextmanager
    async def _offer(self, world: World) -> AsyncIterator[Link]:
        # Bots behind a WebSocket need none of it.
        try:
            from voicetest.adapters.calling import called, client_of
        except ImportError as error:
            raise SetupError(_NOT_INSTALLED) from error
        from voicetest.adapters.signalling import PipecatSignalling

        async with client_of(world, self._address, self.headers) as client:
            signalling = PipecatSignalling(client, self.through(self._address), self.parameters)
            async with called(
                world,
                self._address,
                signalling.exchange,
                codecs=("opus", "pcmu", "pcma"),
                ice_servers=self.ice_servers,
                talk=self.channel(End.CLIENT),
                label=CHANNEL,
                # A bot tells its tracks apart by their order: voice, camera, screen.
                further=("video", "video"),
            ) as link:
                yield link
