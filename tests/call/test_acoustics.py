from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.chunk import INTERNAL, AudioFormat, Encoding, Samples
from voicetest.audio.g711 import over_the_phone
from voicetest.call.acoustics import Wire

FRAME = 480


def _carried(wire: Wire, sound: Samples) -> Samples:
    frames = (sound[at : at + FRAME] for at in range(0, len(sound), FRAME))
    return np.concatenate([wire.carried(frame) for frame in frames])


def test_a_line_in_our_own_format_changes_nothing(voice: Samples) -> None:
    sound = voice[: 100 * FRAME]
    assert (_carried(Wire(INTERNAL), sound) == sound).all()


@pytest.mark.parametrize("rate", [8_000, 16_000, 8_025])
def test_a_line_of_another_rate_is_recorded_as_it_sounds(voice: Samples, rate: int) -> None:
    sound = np.concatenate((voice[: 150 * FRAME], np.zeros(10 * FRAME, dtype=np.int16)))
    heard = _carried(Wire(AudioFormat(Encoding.MULAW, rate)), sound)
    assert len(heard) == len(sound)
    assert not heard[-5 * FRAME :].any()
    spectrum = np.abs(np.fft.rfft(heard.astype(float))) ** 2
    above = round(rate / 2 * 1.05 * len(heard) / INTERNAL.rate)
    assert spectrum[above:].sum() < 1e-3 * spectrum.sum()


def test_a_telephone_is_recorded_as_one(voice: Samples) -> None:
    sound = voice[: 150 * FRAME]
    heard = _carried(Wire(AudioFormat(Encoding.MULAW, 8_000)), sound)
    shift = 96  # 2 ms each way
    expected = over_the_phone(sound, INTERNAL.rate).astype(float)
    error = heard[shift:].astype(float) - expected[:-shift]
    assert np.mean(error**2) < 0.02 * np.mean(expected**2)
