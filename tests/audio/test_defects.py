from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import Speak
from voicetest.audio.chunk import Samples
from voicetest.audio.defects import find_defects
from voicetest.audio.dtmf import tones
from voicetest.audio.g711 import over_the_phone

RATE = 24_000


@pytest.mark.parametrize("name", ["en-us", "en-us+f2", "en", "en-us+m3"])
def test_nothing_is_wrong_with_a_voice_clean_or_by_phone(speak: Speak, name: str) -> None:
    line = speak("Please hold the line, I am looking for your invoice of the third of May.", name)
    assert find_defects(line) == []
    assert find_defects(over_the_phone(line, RATE)) == []


def test_clipping_is_found_where_it_is(voice: Samples) -> None:
    loud = voice.astype(np.int32)
    loud[RATE : RATE + 2_400] *= 12
    found = find_defects(np.clip(loud, -32_768, 32_767).astype(np.int16))
    clipped = [defect.at_s for defect in found if defect.kind == "clipping"]
    assert clipped
    assert 1.0 <= clipped[0] < 1.1


def test_one_sample_at_the_limit_is_no_clipping(voice: Samples) -> None:
    touched = voice.copy()
    touched[RATE] = 32_767
    assert find_defects(touched) == []


@pytest.mark.parametrize("milliseconds", [20, 60, 120])
def test_a_drop_out_inside_speech_is_found(voice: Samples, milliseconds: int) -> None:
    loudest = int(np.argmax(np.convolve(np.abs(voice.astype(float)), np.ones(4_800), "same")))
    at = loudest - milliseconds * 12
    broken = voice.copy()
    broken[at : at + milliseconds * 24] = 0
    (found,) = find_defects(broken)
    assert found.kind == "drop-out"
    assert found.at_s == pytest.approx(at / RATE, abs=0.002)


def test_a_pause_is_no_drop_out(voice: Samples) -> None:
    pause = np.zeros(RATE // 2, dtype=np.int16)
    assert find_defects(np.concatenate((voice, pause, voice))) == []


@pytest.mark.parametrize("milliseconds", [80, 100, 333])
def test_a_loop_is_found(voice: Samples, milliseconds: int) -> None:
    size = milliseconds * 24
    looped = np.concatenate((voice[: RATE + size], voice[RATE : RATE + size], voice[RATE + size :]))
    found = find_defects(looped)
    assert {defect.kind for defect in found} == {"loop"}
    assert found[0].at_s == pytest.approx(1.0 + milliseconds / 1000, abs=0.02)


def test_nothing_is_nothing() -> None:
    assert find_defects(np.zeros(0, dtype=np.int16)) == []
    assert find_defects(tones("1")[:100]) == []
