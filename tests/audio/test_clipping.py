from __future__ import annotations

import numpy as np
import pytest

from tests.audio.lines import LINES, Line, at_rate, heard
from tests.conftest import Speak
from voicetest.audio.chunk import Samples
from voicetest.audio.clipping import find_clipping


def louder(sound: Samples, over: float) -> Samples:
    """As loud that the highest sample is so many times beyond the limit."""
    scaled = sound.astype(np.float64) * over * 32_768 / np.abs(sound.astype(np.int32)).max()
    clipped: Samples = np.clip(scaled, -32_768, 32_767).astype(np.int16)
    return clipped


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("over", [4, 12])
def test_tops_that_are_cut_off_are_found_on_every_line(
    voice: Samples, line: Line, over: float
) -> None:
    assert find_clipping(heard(louder(at_rate(voice, 24_000, line), over), line))


def test_tops_cut_off_before_sound_was_made_softer_are_found(voice: Samples) -> None:
    assert find_clipping((louder(voice, 4).astype(np.float64) * 0.4).astype(np.int16))


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("name", ["en-us", "en-us+f2", "en", "de"])
def test_a_voice_as_loud_as_can_be_is_not_clipped(speak: Speak, name: str, line: Line) -> None:
    sound = speak("Please hold the line, I am looking for your invoice of the third of May.", name)
    assert find_clipping(heard(louder(at_rate(sound, 24_000, line), 0.9), line)) == []


def test_a_tone_is_not_clipped() -> None:
    tone = 20_000 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)
    assert find_clipping(tone.astype(np.int16)) == []


def test_nothing_is_not_clipped() -> None:
    assert find_clipping(np.zeros(0, dtype=np.int16)) == []
    assert find_clipping(np.zeros(24_000, dtype=np.int16)) == []
