from __future__ import annotations

import numpy as np

from voicetest.audio.chunk import AudioChunk
from voicetest.audio.effects import amplify


def test_six_decibels_are_twice_as_loud() -> None:
    audio = AudioChunk.of(np.array([100, -1000, 0], np.int16))
    assert list(amplify(audio, 6.0206).samples()) == [200, -2000, 0]
    assert list(amplify(audio, -6.0206).samples()) == [50, -500, 0]
    assert amplify(audio, 0) is audio


def test_what_is_too_loud_is_clipped_and_does_not_wrap() -> None:
    audio = AudioChunk.of(np.array([30_000, -30_000], np.int16))
    assert list(amplify(audio, 20).samples()) == [32_767, -32_768]
