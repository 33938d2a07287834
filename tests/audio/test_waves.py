from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.chunk import Samples
from voicetest.audio.waves import band, fast_size, mix, noise, room, shaped, to_samples, to_wave

RATE = 24_000


def test_a_wave_of_samples_gives_the_same_samples(voice: Samples) -> None:
    extremes = np.array([-32_768, -1, 0, 1, 32_767], dtype=np.int16)
    assert (to_samples(to_wave(extremes)) == extremes).all()
    assert (to_samples(to_wave(voice)) == voice).all()


def test_what_is_too_loud_is_clipped() -> None:
    assert list(to_samples(np.array([1.5, -1.5, 1.0]))) == [32_767, -32_768, 32_767]


def test_a_band_is_flat_inside_and_nothing_outside() -> None:
    gain = band(300, 3_400, 0.5)(np.array([0.0, 200, 300, 1_000, 3_400, 4_900, 12_000]))
    assert list(gain) == pytest.approx([0, 0, 1, 1, 1, 0, 0], abs=1e-9)
    assert 0 < band(300, 3_400, 0.5)(np.array([260.0]))[0] < 1


@pytest.mark.parametrize("size", [0, 1, 4_799, 24_001])
def test_shaping_with_a_gain_of_one_changes_nothing(size: int) -> None:
    wave = np.random.default_rng(1).standard_normal(size)
    assert shaped(wave, np.ones_like) == pytest.approx(wave)


def test_the_end_does_not_leak_into_the_beginning() -> None:
    wave = np.zeros(RATE)
    wave[-1] = 1
    assert np.abs(shaped(wave, band(300, 3_400, 0.25))[: RATE // 2]).max() < 1e-3


def test_noise_has_the_gain_that_was_asked_for() -> None:
    wave = noise(4 * RATE, band(500, 1_000, 0.5), np.random.default_rng(1))
    assert np.square(wave).mean() == pytest.approx(1)
    power = np.square(np.abs(np.fft.rfft(wave)))
    hertz = np.fft.rfftfreq(len(wave), 1 / RATE)
    assert power[(hertz > 350) & (hertz < 1_420)].sum() > 0.999 * power.sum()
    assert len(noise(0, np.ones_like, np.random.default_rng(1))) == 0


def test_a_room_falls_off_by_60_db_in_its_time() -> None:
    click = np.zeros(RATE)
    click[0] = 1
    heard = room(click, 0.5, 1.0, np.random.default_rng(1))
    tail = np.square(heard[1:])
    assert tail.sum() == pytest.approx(1, rel=0.01)
    early, late = tail[:1_200].mean(), tail[10_799:12_000].mean()
    assert 10 * np.log10(early / late) == pytest.approx(60 * 0.9, abs=3)
    assert not np.round(heard[12_000:], 9).any()


def test_mixing_leaves_off_what_sticks_out() -> None:
    into = np.zeros(4)
    for at in (-2, 0, 3, 9, -9):
        mix(into, at, np.array([1.0, 2, 3]))
    assert list(into) == [4, 2, 3, 1]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 384, 385, 512, 513])
def test_a_fast_size_is_large_enough_and_not_much_more(size: int) -> None:
    assert size <= fast_size(size) <= max(4, 1.5 * size)
