from __future__ import annotations

import time

import numpy as np
import pytest

from voicetest.audio.background import SOUNDS, Bed, active_level, background
from voicetest.audio.chunk import Samples
from voicetest.audio.waves import to_wave
from voicetest.registry import UnknownName

RATE = 24_000


def _made(sound: str, seconds: float = 6.0, seed: int = 1) -> Samples:
    return background(sound, seconds, np.random.default_rng(seed))


def _level(samples: Samples) -> float:
    return float(10 * np.log10(np.square(to_wave(samples)).mean()))


def _share(samples: Samples, low: float, high: float) -> float:
    """Share of the power between two frequencies in hertz."""
    power = np.square(np.abs(np.fft.rfft(to_wave(samples))))
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_bed_is_as_loud_as_the_others_and_does_not_clip(sound: str, seed: int) -> None:
    bed = _made(sound, seed=seed)
    assert bed.dtype == np.int16
    assert bed.shape == (6 * RATE,)
    assert _level(bed) == pytest.approx(-26, abs=0.05)
    assert np.abs(bed.astype(int)).max() < 32_000


@pytest.mark.parametrize("sound", SOUNDS)
def test_the_same_seed_gives_the_same_bed(sound: str) -> None:
    assert (_made(sound, 1.5, seed=4) == _made(sound, 1.5, seed=4)).all()
    assert (_made(sound, 1.5, seed=4) != _made(sound, 1.5, seed=5)).any()


@pytest.mark.parametrize("sound", SOUNDS)
def test_the_loop_has_no_seam(sound: str) -> None:
    for seed in range(3):
        wave = to_wave(_made(sound, 3, seed=seed))
        # What is new at a sample, given the two before it: a click would stand out.
        news = np.abs(np.diff(np.concatenate((wave[-1_200:], wave[:1_200])), 2))
        usual = np.percentile(np.abs(np.diff(wave, 2)), 99.5)
        assert news[1_196:1_202].max() < 2 * usual


def test_the_crossfade_is_no_hole() -> None:
    for sound in ("babble", "office"):
        wave = to_wave(_made(sound, 12))
        fading = 10 * np.log10(np.square(wave[:RATE]).mean())
        assert fading == pytest.approx(-26, abs=3)


@pytest.mark.parametrize("sound", SOUNDS)
def test_twenty_seconds_take_about_two_at_most(sound: str) -> None:
    start = time.thread_time()
    _made(sound, 20)
    assert time.thread_time() - start < 4  # with room for a slower machine than ours


def test_each_place_has_its_own_sound() -> None:
    share = {
        sound: (_share(bed, 0, 150), _share(bed, 300, 3_400), _share(bed, 3_400, 12_000))
        for sound in SOUNDS
        for bed in [_made(sound, 10)]
    }
    assert max(share, key=lambda sound: share[sound][0]) == "street"
    assert max(share, key=lambda sound: share[sound][1]) == "babble"
    assert share["babble"][0] < 0.2
    assert share["cafe"][2] > 0.005


def test_air_conditioning_hums() -> None:
    bed = _made("office", 10)
    hum = sum(_share(bed, 60 * k - 0.5, 60 * k + 0.5) for k in range(1, 6))
    assert hum > 0.05


def test_another_place_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"unknown background 'caffe'.*'cafe'.*street, office"):
        _made("caffe")


def test_less_than_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 1 s long, not 0\.5 s"):
        _made("street", 0.5)


def test_pauses_do_not_count_for_the_level_of_speech(voice: Samples) -> None:
    alone = active_level(voice)
    pause = np.zeros(len(voice), dtype=np.int16)
    padded = active_level(np.concatenate((pause, voice, pause, pause)))
    assert padded == pytest.approx(alone, abs=0.1)
    assert _level(voice) - 0.1 < alone < _level(voice) + 3


def test_the_level_of_speech_follows_its_gain(voice: Samples) -> None:
    softer = np.rint(voice / 10).astype(np.int16)
    assert active_level(softer) == pytest.approx(active_level(voice) - 20, abs=0.1)


def test_noise_far_below_speech_does_not_count(voice: Samples) -> None:
    alone = active_level(voice)
    hiss = np.random.default_rng(1).normal(0, 32_768 * 10 ** ((alone - 30) / 20), 4 * len(voice))
    both = np.concatenate((hiss.astype(np.int16), voice))
    assert active_level(both) == pytest.approx(alone, abs=0.1)


def test_levels_are_relative_to_a_full_square_wave() -> None:
    square = np.tile(np.array([32_767, -32_767], np.int16), 2_400)
    assert active_level(square) == pytest.approx(0, abs=0.01)
    assert active_level(np.zeros(4_800, np.int16)) == -100
    assert active_level(square[:100]) == -100


def test_a_bed_plays_for_ever_at_its_level() -> None:
    sound = _made("cafe", 1)
    bed = Bed(sound, -40)
    played = np.concatenate([bed.take(480) for _ in range(125)])
    assert (played[:RATE] == played[RATE : 2 * RATE]).all()
    assert (played[2 * RATE :] == played[: len(played) - 2 * RATE]).all()
    assert _level(played[:RATE]) == pytest.approx(-40, abs=0.05)


def test_a_bed_may_be_taken_in_any_pieces() -> None:
    sound = np.arange(1, 1_001, dtype=np.int16)
    one, other = Bed(sound, -50), Bed(sound, -50)
    pieces = [one.take(size) for size in (1, 0, 999, 2_500, 7)]
    assert [len(piece) for piece in pieces] == [1, 0, 999, 2_500, 7]
    assert (np.concatenate(pieces) == other.take(3_507)).all()


def test_a_bed_of_nothing_is_refused_and_of_silence_is_not() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        Bed(np.zeros(0, np.int16), -40)
    assert not Bed(np.zeros(10, np.int16), -40).take(25).any()
