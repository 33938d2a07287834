"""What it costs to bring a call's sound to a telephone's format and back, and what is lost."""

from __future__ import annotations

import time

import numpy as np
import pytest

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding, Samples
from voicetest.links.conversion import Converter

pytestmark = pytest.mark.benchmark

PHONE = AudioFormat(Encoding.MULAW, 8_000)
FRAME = 480


def _there_and_back(samples: Samples) -> Samples:
    out, back = Converter(PHONE), Converter(INTERNAL)
    frames = [AudioChunk.of(samples[at : at + FRAME]) for at in range(0, len(samples), FRAME)]
    return np.concatenate([back.convert(out.convert(frame)).samples() for frame in frames])


def test_both_ways_are_many_times_faster_than_the_sound() -> None:
    random = np.random.default_rng(1)
    sound = random.normal(0, 3_000, INTERNAL.rate * 60).astype(np.int16)
    best = 0.0
    for _ in range(5):
        before = time.process_time()
        _there_and_back(sound)
        best = max(best, 60 / (time.process_time() - before))
    print(f"\nPCM16 24 kHz <-> µ-law 8 kHz, 20 ms frames: {best:.0f} x real time (goal 500)")
    assert best >= 100


@pytest.mark.parametrize("hertz", [1_000, 3_000, 5_000, 6_000])
def test_what_a_telephone_cannot_carry_is_filtered(hertz: int) -> None:
    times = np.arange(INTERNAL.rate * 2) / INTERNAL.rate
    tone = np.rint(16_000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)
    heard = _there_and_back(tone)[INTERNAL.rate // 2 : -INTERNAL.rate // 2].astype(float)
    level = 10 * np.log10(np.mean(heard**2) / (16_000**2 / 2))
    print(f"\n{hertz} Hz comes back at {level:.1f} dB (goal for 6 kHz: -40)")
    if hertz == 6_000:
        assert level <= -40
