from __future__ import annotations

import numpy as np
import pytest

from tests.audio.lines import LINES, Line, at_rate, heard, rate_of
from tests.conftest import Speak
from voicetest.audio.chunk import Samples
from voicetest.audio.dtmf import tones
from voicetest.audio.repeats import find_repeats


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("milliseconds", [80, 100, 333])
def test_a_piece_sent_twice_is_found_wherever_it_begins(
    voice: Samples, line: Line, milliseconds: int
) -> None:
    sound, rate = at_rate(voice, 24_000, line), rate_of(line)
    right = 0
    for start in (rate // 2 + 1, rate + 3, rate * 2 + 7):
        end = start + milliseconds * rate // 1000 + 1
        looped = np.concatenate((sound[:end], sound[start:end], sound[end:]))
        found = find_repeats(heard(looped, line))
        right += any(abs(at - end / rate) < 0.03 for at in found)
    assert right >= 2  # a synthetic voice may be as much like itself after another time


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("name", ["en-us", "en-us+f2", "en", "de"])
def test_a_voice_does_not_repeat_itself(speak: Speak, name: str, line: Line) -> None:
    sound = speak("Please hold the line, I am looking for your invoice of the third of May.", name)
    assert find_repeats(heard(at_rate(sound, 24_000, line), line)) == []


def test_tones_are_no_loops() -> None:
    assert find_repeats(np.concatenate((tones("1"), tones("5")))) == []
    wave = 9_000 * np.sin(2 * np.pi * 425 * np.arange(48_000) / 24_000)
    assert find_repeats(wave.astype(np.int16)) == []


def test_nothing_has_no_loops() -> None:
    assert find_repeats(np.zeros(0, dtype=np.int16)) == []
    assert find_repeats(np.zeros(48_000, dtype=np.int16)) == []


@pytest.mark.parametrize("length", [0, 1, 239, 240, 480, 1_000, 2_000, 2_880, 3_000, 6_000])
def test_a_short_piece_has_no_loops(voice: Samples, length: int) -> None:
    assert find_repeats(voice[12_000 : 12_000 + length]) == []
