"""Feeds messages to pipecat's own parts; runs under a Python that has pipecat, without voicetest.

Standard input: one message of the caller a line, as it would arrive at the socket of a bot.
Standard output: one JSON object a line: what the handshake was taken for, what each further message
was taken for, and then what a bot would send that echoes all sound and is interrupted.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from pipecat.frames.frames import (
    InputAudioRawFrame,
    InputDTMFFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
)
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer

RATE = 8_000


class Socket:
    """As much of a web framework's socket as the handshake reads."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    async def iter_text(self) -> AsyncIterator[str]:
        for text in self._texts:
            yield text


async def probe(messages: list[str]) -> AsyncIterator[dict[str, Any]]:
    kind, call = await parse_telephony_websocket(Socket(messages))
    yield {
        "transport": kind,
        "stream": call["stream_id"],
        "call": call["call_id"],
        "body": call["body"],
        "from": call["from"],
    }
    serializer = TwilioFrameSerializer(
        call["stream_id"],
        params=TwilioFrameSerializer.InputParams(sample_rate=RATE, auto_hang_up=False),
    )
    await serializer.setup(SimpleNamespace(audio_in_sample_rate=RATE))
    sound = b""
    for message in messages[2:]:
        match await serializer.deserialize(message):
            case InputAudioRawFrame(audio=audio, sample_rate=rate):
                sound += audio
                yield {"pcm": base64.b64encode(audio).decode(), "rate": rate}
            case InputDTMFFrame(button=button):
                yield {"key": button.value}
            case other:
                yield {"frame": type(other).__name__}
    for frame in (OutputAudioRawFrame(sound, RATE, 1), InterruptionFrame()):
        yield {"sent": await serializer.serialize(frame)}


async def main() -> None:
    async for line in probe(sys.stdin.read().splitlines()):
        sys.stdout.write(json.dumps(line) + "\n")


asyncio.run(main())
