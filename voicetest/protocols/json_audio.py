"""The json_audio preset: our own reference protocol of JSON messages."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from voicetest.audio.chunk import Encoding
from voicetest.protocols.base import End
from voicetest.protocols.mapped import Mapped, MessageMap
from voicetest.protocols.settings import LineRate, ProtocolSettings
from voicetest.scenario.values import Flag

__all__ = ["JsonAudio"]


class JsonAudio(ProtocolSettings):
    """Sound as base64 in JSON, with transcripts, turns, tools and interruptions."""

    summary: ClassVar[str] = "JSON messages with base64 sound, transcripts, turns and tools"

    encoding: Encoding = Field(
        Encoding.PCM16, description="How one sample is written: pcm16, mulaw or alaw."
    )
    rate: LineRate = Field(24_000, description="Samples a second, both ways.")
    paced: Flag = Field(
        False, description="Whether the agent sends its sound in real time, not as fast as it can."
    )
    silence: Flag = Field(
        True, description="Whether silence is sent while the user does not speak."
    )

    def codec(self, end: End) -> Mapped:
        """A codec for one connection."""
        return self.as_map().codec(end)

    def as_map(self) -> MessageMap:
        """The same protocol as a map: a model for maps of other protocols."""
        return MessageMap.model_validate(
            {
                "encoding": self.encoding,
                "rate": self.rate,
                "paced": self.paced,
                "silence": self.silence,
                "sends": {
                    "audio": {"type": "audio", "audio": "<audio>", "sample_rate": self.rate},
                    "user_turn_ended": {"type": "commit"},
                    "interrupt": [{"type": "cancel", "heard_ms": "<heard_ms>"}, {"type": "cancel"}],
                    "key": {"type": "dtmf", "key": "<key>"},
                    "text": {"type": "text", "text": "<text>"},
                    "tool_result": {
                        "type": "tool_result",
                        "id": "<id>",
                        "result": "<result>",
                        "failed": "<failed>",
                    },
                },
                "receives": {
                    "audio": {"type": "audio", "audio": "<audio>"},
                    "agent_transcript": _transcript("assistant", final=True),
                    "agent_transcript_part": _transcript("assistant", final=False),
                    "user_transcript": _transcript("user", final=True),
                    "agent_turn_ended": {"type": "turn_end"},
                    "tool_call": {
                        "type": "tool_call",
                        "id": "<id>",
                        "name": "<name>",
                        "arguments": "<arguments>",
                    },
                    "tool_cancelled": {"type": "tool_cancelled", "id": "<id>"},
                    "interrupted": {"type": "interrupted"},
                    "error": {"type": "error", "message": "<message>"},
                },
            }
        )


def _transcript(role: str, *, final: bool) -> dict[str, object]:
    return {"type": "transcript", "role": role, "text": "<text>", "final": final}
