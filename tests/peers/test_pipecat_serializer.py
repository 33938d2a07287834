"""Our telephone's end against pipecat's own serializer and its detection of telephones."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voicetest.audio.chunk import AudioChunk, Encoding
from voicetest.audio.g711 import expand
from voicetest.events import Audio, Cleared, Dtmf, Event, Hangup, Mark, Ready, UserTurnEnded
from voicetest.protocols.base import End
from voicetest.protocols.twilio import TELEPHONE, MediaStream

PROBE = Path(__file__).with_name("serializer_probe.py")

pytestmark = pytest.mark.process

SOUND = bytes(range(256)) + bytes(range(255, 191, -1))
"""40 ms with every value of µ-law."""


def _probed(python: str, messages: Sequence[bytes | str]) -> list[dict[str, Any]]:
    """What pipecat says to what a caller sends."""
    assert all(isinstance(message, str) and "\n" not in message for message in messages)
    done = subprocess.run(
        [python, PROBE],
        input="\n".join(map(str, messages)),
        capture_output=True,
        encoding="utf-8",
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_pipecat_takes_our_caller_for_twilio_and_its_answers_are_understood(
    pipecat_python: str,
) -> None:
    caller = MediaStream(
        End.CLIENT,
        parameters={"from_number": "+15550100", "name": "Jürgen"},
        utterance_ends=True,
    )
    sounds = [SOUND[:160], SOUND[160:]]
    said: list[Event] = [
        *(Audio(AudioChunk(sound, TELEPHONE)) for sound in sounds),
        *(Dtmf(key) for key in "0123456789*#"),
        Mark("heard"),
        UserTurnEnded(),
        Hangup(),
    ]
    start = caller.start()
    (call, first, second, *others) = _probed(
        pipecat_python, [*start, *(m for e in said for m in caller.encode(e))]
    )

    agent = MediaStream(End.SERVER)
    ((), (ready,)) = (agent.decode(message).events for message in start)
    assert isinstance(ready, Ready)
    assert call["transport"] == "twilio"
    assert call["stream"] == ready.session
    assert call["call"] == json.loads(start[1])["start"]["callSid"]
    assert call["body"] == {"from_number": "+15550100", "name": "Jürgen"}
    assert call["from"] == "+15550100"

    for heard, sound in zip((first, second), sounds, strict=True):
        assert heard["rate"] == 8_000
        samples = np.frombuffer(base64.b64decode(heard["pcm"]), "<i2")
        assert np.array_equal(samples, expand(sound, Encoding.MULAW))
    assert [other["key"] for other in others[:12]] == list("0123456789*#")
    assert others[12:-2] == [{"frame": "NoneType"}] * 3

    sent = [caller.decode(other["sent"]).events for other in others[-2:]]
    ((echo,), cleared) = sent
    assert cleared == (Cleared(),)
    assert isinstance(echo, Audio)
    assert echo.chunk.format == TELEPHONE
    assert np.array_equal(expand(echo.chunk.data, Encoding.MULAW), expand(SOUND, Encoding.MULAW))
