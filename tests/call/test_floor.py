from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.chunk import Samples
from voicetest.call.floor import Floor

RATE = 24_000
FRAME = 480


def _noise(level_dbfs: float, seconds: float, seed: int = 1) -> Samples:
    random = np.random.default_rng(seed)
    return random.normal(0, 32_768 * 10 ** (level_dbfs / 20), round(RATE * seconds)).astype(
        np.int16
    )


@pytest.mark.parametrize("level", [-55, -50, -45, -35, -25])
def test_steady_noise_does_not_stand_out_once_it_is_known(level: float) -> None:
    floor = Floor()
    floor.feed(_noise(level, 1.5))
    later = _noise(level, 5.0, seed=2)
    assert not any(floor.stands_out(later[at : at + FRAME]) for at in range(0, len(later), FRAME))


def test_a_voice_stands_out_of_noise_10_db_below(voice: Samples) -> None:
    floor = Floor()
    power = float(np.square(voice.astype(float)).mean())
    noise_dbfs = 10 * np.log10(power / 32_768**2) - 10
    floor.feed(_noise(noise_dbfs, 1.5))
    noisy = voice + _noise(noise_dbfs, len(voice) / RATE, seed=2)
    frames = [noisy[at : at + FRAME].astype(np.int16) for at in range(0, len(noisy), FRAME)]
    assert sum(floor.stands_out(frame) for frame in frames) > 0.4 * len(frames)


def test_on_a_line_that_is_not_known_yet_all_that_is_audible_stands_out() -> None:
    floor = Floor()
    loud = _noise(-45, 0.02)
    assert floor.stands_out(loud)
    assert not floor.stands_out(_noise(-56, 0.02))
    assert not floor.stands_out(loud[:0])


def test_a_line_that_was_loud_is_known_to_be_quiet_after_one_pause(voice: Samples) -> None:
    floor = Floor()
    floor.feed(_noise(-30, 3.0))
    assert not floor.stands_out(_noise(-40, 0.02))
    floor.feed(np.zeros(RATE // 5, np.int16))
    assert floor.stands_out(_noise(-40, 0.02))
