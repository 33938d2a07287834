"""What a scenario may say of a media stream, and how Twilio names things."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from voicetest.protocols.base import End
from voicetest.protocols.settings import ProtocolSettings
from voicetest.protocols.twilio import MediaStream
from voicetest.scenario.nodes import Scalar, shown
from voicetest.scenario.refusals import refuse
from voicetest.scenario.values import Flag, Text, literal_text

__all__ = ["AccountSid", "CallSid", "MediaStreamSettings", "StreamSid"]


def _sid(prefix: str) -> Any:
    def check(value: object) -> str:
        text = literal_text(value)
        if isinstance(value, Scalar) and value.unresolved:
            return text  # a call that needs it is refused; one that is simulated does not
        digits = text.removeprefix(prefix)
        if len(digits) != 32 or len(text) != 34 or set(digits) - set("0123456789abcdef"):
            raise refuse(f"expected {prefix} and 32 digits of 0-9 and a-f, found {shown(value)}")
        return text

    return check


_STRING = WithJsonSchema({"type": "string"})
StreamSid = Annotated[str, BeforeValidator(_sid("MZ")), _STRING]
AccountSid = Annotated[str, BeforeValidator(_sid("AC")), _STRING]
CallSid = Annotated[str, BeforeValidator(_sid("CA")), _STRING]


class MediaStreamSettings(ProtocolSettings):
    """What a server that expects Twilio speaks."""

    summary: ClassVar[str] = "Twilio's media streams, as the telephone network speaks them"

    stream_sid: StreamSid | None = Field(
        None, description="The stream's name: MZ and 32 digits of 0-9 and a-f; by default random."
    )
    call_sid: CallSid | None = Field(
        None, description="The call's name: CA and 32 digits of 0-9 and a-f; by default random."
    )
    parameters: dict[str, Text] = Field(
        default_factory=dict, description="What the agent gets as customParameters."
    )
    paced: Flag = Field(
        False, description="Whether the agent sends its sound in real time, not as fast as it can."
    )

    def codec(self, end: End) -> MediaStream:
        """A codec for one connection."""
        return MediaStream(
            end,
            stream_sid=self.stream_sid,
            call_sid=self.call_sid,
            parameters=self.parameters,
            paced=self.paced,
        )
