"""A bot made with Pipecat, behind a WebSocket.

Wire facts: pipecat-ai 1.14, `TwilioFrameSerializer` and `ProtobufFrameSerializer`.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from voicetest.adapters.addresses import Address, Header, Token
from voicetest.adapters.base import Adapter, World
from voicetest.adapters.dialling import dialled
from voicetest.audio.chunk import Encoding
from voicetest.links.base import Link
from voicetest.protocols.base import Capabilities, Codec, End
from voicetest.protocols.pipecat_protobuf import PipecatProtobuf
from voicetest.protocols.settings import LineRate
from voicetest.protocols.twilio import TELEPHONE, MediaStream
from voicetest.protocols.twilio_settings import CallSid, StreamSid
from voicetest.scenario.values import Flag, Text

__all__ = ["PipecatAgentAdapter"]

PIPELINE_RATE = 16_000
"""What a bot hears unless it was told otherwise: `audio_in_sample_rate`."""
_OF_TELEPHONE = ("stream_sid", "call_sid", "parameters")


class PipecatAgentAdapter(Adapter):
    """Calls the bot as the telephone network would, or as Pipecat's own client."""

    summary: ClassVar[str] = "a Pipecat bot behind a WebSocket"
    typical: ClassVar[Capabilities] = MediaStream(End.CLIENT, utterance_ends=True, binary=True)

    transport: Literal["websocket"] = Field(
        default="websocket", description="How the bot is reached."
    )
    url: Address = Field(description="Where the bot is, such as wss://host/ws.")
    headers: dict[Token, Header] = Field(
        default_factory=dict, description="Headers of the upgrade request, such as Authorization."
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
        default_factory=dict, description="With twilio: what the bot gets as its body."
    )
    rtvi: Flag = Field(
        default=True,
        description="With protobuf: whether the bot reports turns, words and function calls, as "
        "pipelines do unless RTVI was switched off.",
    )

    @model_validator(mode="after")
    def _fits_protocol(self) -> Self:
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
        return self.codec(End.CLIENT)

    @property
    def outside(self) -> tuple[str, ...]:
        """The bot itself."""
        return (f"agent.url ({urlsplit(self.url).hostname})",)

    def codec(self, end: End) -> Codec[Any]:
        """A codec for one call at that end of it."""
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

    def connect(self, world: World) -> AbstractAsyncContextManager[Link]:
        """Dial the bot; raises ConnectionFailed, which shows no header."""
        return dialled(world, self.codec(End.CLIENT), self.url, self.headers)
