from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicetest.audio.chunk import Samples
from voicetest.audio.resample import StreamingResampler, resample

RATES = [(24_000, 8_000), (8_000, 24_000), (24_000, 16_000), (22_050, 24_000), (48_000, 44_100)]


def _tone(hertz: float, rate: int, seconds: float = 1.0) -> Samples:
    times = np.arange(round(rate * seconds)) / rate
    wave: Samples = np.rint(20_000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)
    return wave


def _decibels(samples: Samples) -> float:
    power = float(np.mean(np.square(samples.astype(float))))
    return 10 * math.log10(power / (20_000**2 / 2) + 1e-12)


@pytest.mark.parametrize("rates", RATES)
@settings(max_examples=25)
@given(data=st.data())
def test_sound_in_pieces_comes_out_as_sound_at_once(
    rates: tuple[int, int], data: st.DataObject
) -> None:
    seed = data.draw(st.integers(0, 1000))
    sizes = data.draw(st.lists(st.integers(0, 700), max_size=12))
    # Steps of odd height put exact halves between two samples, where rounding could go either way.
    steps = np.random.default_rng(seed).integers(-3, 4, sum(sizes)).astype(np.int16)
    pieces = np.split(steps, np.cumsum(sizes)[:-1]) if sizes else []
    resampler = StreamingResampler(*rates)
    streaming = [resampler.process(piece) for piece in pieces]
    whole = StreamingResampler(*rates).process(steps)
    assert np.array_equal(np.concatenate([*streaming, steps[:0]]), whole)


@pytest.mark.parametrize("rates", RATES)
def test_no_sample_is_lost_over_time(rates: tuple[int, int]) -> None:
    resampler = StreamingResampler(*rates)
    frame = np.zeros(rates[0] // 50, dtype=np.int16)
    for number in range(1, 200):
        resampler_out = len(resampler.process(frame))
        expected = math.ceil(number * len(frame) * rates[1] / rates[0])
        before = math.ceil((number - 1) * len(frame) * rates[1] / rates[0])
        assert resampler_out == expected - before


def test_silence_takes_its_time_and_the_sound_after_it_is_the_same() -> None:
    sound = np.random.default_rng(1).integers(-9_000, 9_000, 2_000).astype(np.int16)
    silence = np.zeros(4_321, np.int16)
    whole = np.concatenate((silence, sound, silence, silence, sound))
    at_once = StreamingResampler(24_000, 16_000).process(whole)
    piecewise = StreamingResampler(24_000, 16_000)
    parts = np.split(whole, [1_000, 4_321, 6_321, 10_642, 14_963])
    assert np.array_equal(np.concatenate([piecewise.process(part) for part in parts]), at_once)


def test_what_the_lower_rate_cannot_hold_is_filtered_out() -> None:
    lowered = StreamingResampler(24_000, 8_000).process(_tone(6_000, 24_000))
    assert _decibels(lowered[800:]) < -50


@pytest.mark.parametrize("hertz", [200, 1_000, 3_300])
def test_the_telephone_band_passes(hertz: int) -> None:
    lowered = StreamingResampler(24_000, 8_000).process(_tone(hertz, 24_000))
    raised = StreamingResampler(8_000, 24_000).process(lowered)
    assert _decibels(raised[2_400:]) == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("rates", RATES)
def test_the_delay_is_what_it_says(rates: tuple[int, int]) -> None:
    resampler = StreamingResampler(*rates)
    click = np.zeros(rates[0] // 10, dtype=np.int16)
    click[400] = 30_000
    peak = int(np.argmax(resampler.process(click))) / rates[1]
    assert resampler.delay == pytest.approx(0.002, abs=1e-5)
    assert peak == pytest.approx(400 / rates[0] + resampler.delay, abs=0.6 / rates[1])


def test_equal_rates_change_nothing() -> None:
    sound = _tone(440, 24_000)
    resampler = StreamingResampler(24_000, 24_000)
    assert resampler.delay == 0
    assert np.array_equal(resampler.process(sound), sound)
    assert np.array_equal(resample(sound, 24_000, 24_000), sound)


def test_full_scale_is_clipped_and_does_not_wrap() -> None:
    square = np.where(np.arange(2_400) // 60 % 2, 32_767, -32_768).astype(np.int16)
    assert (
        abs(np.diff(StreamingResampler(24_000, 48_000).process(square).astype(int))).max() < 65_535
    )
    steps = resample(square, 24_000, 48_000).astype(int)
    assert steps.max() == 32_767
    assert steps.min() == -32_768


def test_a_recording_keeps_its_length_its_phase_and_its_bytes() -> None:
    sound = _tone(440, 22_050)
    changed = resample(sound, 22_050, 24_000)
    assert len(changed) == 24_000
    middle = slice(1_000, 23_000)
    error = changed[middle].astype(int) - _tone(440, 24_000)[middle]
    assert abs(error).max() < 25
    assert np.array_equal(changed, resample(sound, 22_050, 24_000))


def test_a_ratio_that_needs_a_huge_table_is_refused() -> None:
    with pytest.raises(ValueError, match="24001"):
        StreamingResampler(24_001, 24_000)
