from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from voicetest.audio.chunk import Samples
from voicetest.audio.vad import Activity, detect, voiced

RATE = 24_000
Speak = Callable[[str, str], Samples]


def _tones(
    *hertz: float, seconds: float = 3.0, level: float = 6_000
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    times = np.arange(round(RATE * seconds)) / RATE
    waves: np.ndarray[tuple[int], np.dtype[np.float64]] = sum(
        (level * np.sin(2 * np.pi * f * times) for f in hertz), start=np.zeros(len(times))
    )
    return waves


def _silence(seconds: float) -> Samples:
    return np.zeros(round(RATE * seconds), dtype=np.int16)


def _pulsed(sound: np.ndarray[tuple[int], np.dtype[np.float64]], on: float, off: float) -> Samples:
    times = np.arange(len(sound)) / RATE
    return np.where(times % (on + off) < on, sound, 0).astype(np.int16)


@pytest.mark.parametrize("voice", ["en-us", "en-us+f2", "en", "en-us+m3"])
@pytest.mark.parametrize("text", ["Hello.", "I was charged twice for my March invoice.", "Stop."])
def test_edges_of_clean_speech_are_found_within_20_ms(speak: Speak, voice: str, text: str) -> None:
    line = speak(text, voice)
    found = detect(np.concatenate((_silence(1.234), line, _silence(1))))
    assert len(found) == 1
    # A line begins and ends with 10 ms of silence.
    assert found[0].start == pytest.approx(1.244, abs=0.02)
    assert found[0].end == pytest.approx(1.234 + len(line) / RATE - 0.01, abs=0.06)


def test_a_pause_divides_and_a_closure_does_not(speak: Speak) -> None:
    line = speak("Six sheep sat.", "en")
    assert len(detect(np.concatenate((line, _silence(0.05), line)))) == 1
    assert len(detect(np.concatenate((line, _silence(0.5), line)))) == 2


def test_blocks_of_any_size_give_the_same_segments(speak: Speak) -> None:
    sound = np.concatenate((_silence(0.7), speak("How long does it take?", "en-us"), _silence(0.7)))
    expected = detect(sound)
    for size in (77, 480, 777, 100_000):
        activity = Activity()
        for at in range(0, len(sound), size):
            activity.feed(sound[at : at + size])
        assert activity.segments() == expected


def test_what_was_heard_before_has_no_influence(speak: Speak) -> None:
    line = speak("When will I get the money?", "en-us")
    alone = detect(np.concatenate((_silence(3.2), line, _silence(1))))
    later = detect(np.concatenate((line, _silence(9.6 - len(line) / RATE), line, _silence(1))))
    assert len(alone) == 1
    assert later[-1].start - 6.4 == pytest.approx(alone[0].start)
    assert later[-1].end - 6.4 == pytest.approx(alone[0].end)


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(_pulsed(_tones(440, 480), 2, 1), id="ringback"),
        pytest.param(_pulsed(_tones(400, 450, seconds=4), 0.4, 0.2), id="British ringback"),
        pytest.param(_pulsed(_tones(480, 620), 0.5, 0.5), id="busy"),
        pytest.param(_pulsed(_tones(262, 330, 392), 0.5, 0.1), id="chord"),
        pytest.param(
            np.random.default_rng(1).normal(0, 2_000, RATE * 2).astype(np.int16), id="hiss"
        ),
        pytest.param(
            np.where(np.arange(RATE * 2) % RATE < 50, 20_000, 0).astype(np.int16), id="clicks"
        ),
        pytest.param(np.zeros(RATE, dtype=np.int16), id="silence"),
        pytest.param(np.zeros(0, dtype=np.int16), id="nothing"),
    ],
)
def test_what_is_not_speech_is_not_found(sound: Samples) -> None:
    assert detect(np.concatenate((_silence(0.5), sound, _silence(0.2)))) == []


@pytest.mark.parametrize(("on", "off"), [(0.05, 0.05), (0.1, 0.1), (0.2, 0.1)])
def test_keys_are_not_speech(on: float, off: float) -> None:
    keys = [_pulsed(_tones(r, c, seconds=0.8), on, off) for r in (697, 852) for c in (1_209, 1_477)]
    assert detect(np.concatenate((_silence(1), *keys, _silence(0.2)))) == []


def test_speech_after_keys_is_still_found(speak: Speak) -> None:
    keys = _pulsed(_tones(770, 1_336, seconds=1), 0.1, 0.1)
    found = detect(np.concatenate((keys, _silence(0.5), speak("Hello there.", "en-us"))))
    assert len(found) == 1
    assert found[0].start == pytest.approx(1.51, abs=0.03)


def test_a_live_listener_knows_when_speech_began_and_how_long_it_is_over(speak: Speak) -> None:
    line = speak("Just the refund please.", "en-us")
    sound = np.concatenate((_silence(1), line, _silence(1)))
    activity, began, over = Activity(), 0.0, 0.0
    for at in range(0, len(sound), 480):
        assert activity.silence <= activity.duration
        activity.feed(sound[at : at + 480])
        if activity.speaking and not began:
            began = activity.duration
            assert activity.latest is not None
            assert activity.latest.start == pytest.approx(1.01, abs=0.02)
        if began and not over and activity.silence >= 0.5:
            over = activity.duration
    assert 1 < began < 1.25
    assert over == pytest.approx(1 + len(line) / RATE + 0.5, abs=0.06)
    assert activity.latest == activity.segments()[-1]
    assert not activity.speaking


def test_before_any_speech_all_is_silence() -> None:
    activity = Activity()
    activity.feed(_silence(0.504))
    assert (activity.speaking, activity.latest, activity.segments()) == (False, None, [])
    assert activity.silence == activity.duration == 0.5


def test_voiced_is_energy_only() -> None:
    quiet, loud = np.full(480, 90, dtype=np.int16), np.full(480, 120, dtype=np.int16)
    assert not voiced(quiet)
    assert voiced(loud)
    assert voiced(np.concatenate((quiet, loud[:240])))
    assert not voiced(quiet[:0])
    assert voiced(np.full(100, -32_768, dtype=np.int16))
