from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.babble import babble
from voicetest.audio.waves import Wave

RATE = 24_000


def _random(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def _octave(wave: Wave, hertz: float) -> float:
    """Power of the octave around a frequency, in dB."""
    power = np.square(np.abs(np.fft.rfft(wave)))
    at = np.fft.rfftfreq(len(wave), 1 / RATE)
    inside = (at > hertz / 2**0.5) & (at < hertz * 2**0.5)
    return float(10 * np.log10(power[inside].sum()))


def _envelope(wave: Wave) -> Wave:
    frames = wave[: len(wave) // 240 * 240].reshape(-1, 240)
    levels: Wave = np.sqrt(np.square(frames).mean(axis=1))
    return levels


@pytest.mark.parametrize("count", [0, 1, 239, 24_001])
def test_a_crowd_speaks_as_long_as_asked_for(count: int) -> None:
    assert babble(count, 2, _random()).shape == (count,)


def test_a_crowd_has_the_spectrum_of_speech() -> None:
    crowd = babble(10 * RATE, 12, _random())
    middle = _octave(crowd, 500)
    # Byrne et al., "An international comparison of long-term average speech spectra", JASA 96.
    for hertz, below in ((250, 2), (1_000, 6), (2_000, 12), (4_000, 17)):
        assert middle - _octave(crowd, hertz) == pytest.approx(below, abs=8)


def test_a_talker_speaks_in_syllables_with_pauses() -> None:
    envelope = _envelope(babble(30 * RATE, 1, _random(3)))
    rhythm = np.abs(np.fft.rfft(envelope - envelope.mean()))
    hertz = np.fft.rfftfreq(len(envelope), 0.01)

    def strength(low: float, high: float) -> float:
        return float(np.square(rhythm[(hertz >= low) & (hertz < high)]).mean())

    assert strength(2.5, 5.5) > 5 * strength(8, 20)
    silent = envelope < envelope.max() / 100
    pauses = np.diff(np.flatnonzero(np.diff(silent.astype(np.int8), prepend=0, append=0)))[::2]
    assert (pauses >= 25).sum() >= 5
    assert 0.05 < silent.mean() < 0.5


def test_a_talker_has_a_pitch_between_90_and_250_hertz() -> None:
    for seed in range(4):
        voice = babble(4 * RATE, 1, _random(seed))
        frames = voice[: len(voice) // 960 * 960].reshape(-1, 960)
        loud = frames[np.argsort(np.square(frames).mean(axis=1))[-20:]]
        spectra = np.square(np.abs(np.fft.rfft(loud, 4_096)))
        periods = np.fft.irfft(spectra)[:, 80:300].argmax(axis=1) + 80
        assert 85 < np.median(RATE / periods) < 260


def test_a_dozen_leave_no_pause() -> None:
    envelope = _envelope(babble(10 * RATE, 12, _random()))
    assert envelope.min() > envelope.max() / 30


def test_more_talkers_are_not_louder() -> None:
    for talkers in (1, 4, 12):
        level = np.sqrt(np.square(babble(4 * RATE, talkers, _random())).mean())
        assert level == pytest.approx(1, abs=0.35)


def test_the_same_seed_gives_the_same_crowd() -> None:
    assert (babble(RATE, 3, _random(5)) == babble(RATE, 3, _random(5))).all()
    assert (babble(RATE, 3, _random(5)) != babble(RATE, 3, _random(6))).any()
