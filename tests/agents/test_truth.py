from __future__ import annotations

import math

import numpy as np

from voicetest.agents.truth import Spoke, spoken
from voicetest.audio.chunk import AudioChunk

SOUND = AudioChunk.of(
    np.concatenate((np.zeros(2400), np.resize([9000, -9000], 24_000), np.zeros(4800))).astype(
        np.int16
    )
)
"""A second of sound after 0.1 s of silence and before 0.2 s."""


def test_the_silence_around_speech_does_not_count() -> None:
    assert spoken(SOUND, 5.0, math.inf) == Spoke(5.1, 6.1)


def test_it_ends_where_it_was_stopped() -> None:
    assert spoken(SOUND, 5.0, 5.5) == Spoke(5.1, 5.5)
    assert spoken(SOUND, 5.0, 6.2) == Spoke(5.1, 6.1)


def test_what_was_stopped_before_the_first_word_was_not_spoken() -> None:
    assert spoken(SOUND, 5.0, 5.05) is None
