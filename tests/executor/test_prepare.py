"""Lines are made before anyone is called."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.calls import Far, hold
from voicetest.speech.providers import Speech


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("script:\n  - user: '...'\n", "scenario.yaml:4:11: espeak/en-us makes no sound of '...'"),
        (
            "user: {rate: 4}\nscript:\n  - user: Hello.\n",
            "scenario.yaml:5:11: espeak/en-us speaks at a rate of 0.48 to 2.73, not 4",
        ),
    ],
)
def test_what_a_voice_cannot_say_is_told_at_its_line_and_nobody_is_called(
    tmp_path: Path, speech: Speech, script: str, message: str
) -> None:
    called = []

    async def pick_up(line: Far) -> None:
        called.append(line)
        await asyncio.sleep(1000)

    call = hold(tmp_path, speech, pick_up, script)
    (fault,) = call.result.errors
    assert (fault.kind, fault.where) == ("scenario", "preparing")
    assert message in fault.message
    assert called == []
