from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from aiortc.rtp import compute_audio_level_dbov
from av import AudioFrame

from voicetest.audio.chunk import Samples
from voicetest.links.prompt_media import audio_level


def _frame(samples: Samples) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
    return frame


@pytest.mark.parametrize("loudest", [0, 1, 2, 30, 1_000, 32_767])
@pytest.mark.parametrize("length", [160, 480, 960])
def test_a_level_is_that_which_aiortc_tells(loudest: int, length: int) -> None:
    random = np.random.default_rng(loudest + length)
    for _ in range(20):
        sound = random.integers(-loudest, loudest + 1, length).astype(np.int16)
        assert audio_level(_frame(sound)) == compute_audio_level_dbov(_frame(sound))


def test_the_loudest_sound_has_level_0() -> None:
    assert audio_level(_frame(np.full(960, -32_768, np.int16))) == 0
