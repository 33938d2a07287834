from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.chunk import Samples
from voicetest.audio.vad import Segment
from voicetest.call.sounds import Sound, Sounds

RATE = 24_000
FRAME = 480


def _hear(sound: Samples) -> Sounds:
    sounds = Sounds()
    for at in range(0, len(sound), FRAME):
        frame = sound[at : at + FRAME]
        if frame.any():
            sounds.hear(frame)
        else:
            sounds.silence()
    return sounds


def _tone(*hertz: float, seconds: float) -> Samples:
    times = np.arange(round(RATE * seconds)) / RATE
    waves = sum((3_000 * np.sin(2 * np.pi * f * times) for f in hertz), start=np.zeros(len(times)))
    return np.asarray(waves).astype(np.int16)


def _noise(level: float, seconds: float) -> Samples:
    return np.random.default_rng(1).normal(0, level, round(RATE * seconds)).astype(np.int16)


def _silence(seconds: float) -> Samples:
    return np.zeros(round(RATE * seconds), np.int16)


@pytest.mark.parametrize(
    ("sound", "kind"),
    [
        pytest.param(_tone(440, 480, seconds=2), "tones", id="ringback"),
        pytest.param(_tone(1_000, seconds=2), "tones", id="beep"),
        pytest.param(_noise(300, 2), "noise", id="hiss"),
    ],
)
def test_what_sounds_is_named(sound: Samples, kind: str) -> None:
    heard = _hear(np.concatenate((_silence(1), sound, _silence(1)))).besides((), 0.0, 4.0)
    assert heard is not None
    assert heard.kind == kind
    assert heard.seconds == pytest.approx(2.0, abs=0.05)
    assert str(Sound("tones", 2.0)) == "tones for 2.0 s"


def test_speech_and_what_is_near_it_is_nothing_else() -> None:
    sounds = _hear(_noise(300, 3))
    assert sounds.besides([Segment(0.2, 2.8)], 0.0, 3.0) is None
    heard = sounds.besides([Segment(0.0, 1.0)], 0.0, 3.0)
    assert heard is not None
    assert heard.seconds == pytest.approx(1.7, abs=0.03)


def test_only_what_sounds_between_two_moments_counts() -> None:
    sounds = _hear(np.concatenate((_noise(300, 2), _silence(2))))
    assert sounds.besides((), 2.0, 4.0) is None
    heard = sounds.besides((), 1.0, 4.0)
    assert heard is not None
    assert heard.seconds == pytest.approx(1.0, abs=0.03)


def test_a_line_without_a_pause_for_ten_seconds_is_endless() -> None:
    assert _hear(_noise(100, 10.1)).endless
    assert not _hear(np.concatenate((_noise(100, 9), _silence(0.1), _noise(100, 9)))).endless
    assert not _hear(_silence(20)).endless
