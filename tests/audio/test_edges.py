from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import Speak
from voicetest.audio.chunk import Samples
from voicetest.audio.edges import Found, clean_edges, edges
from voicetest.audio.levels import levels
from voicetest.audio.segment import Segment

Wave = NDArray[np.float64]


def _tone(seconds: float, level: float) -> Wave:
    times = np.arange(round(seconds * 24_000)) / 24_000
    return np.asarray(level * np.sin(2 * np.pi * 300 * times))


def _line(*pieces: Wave) -> Samples:
    return np.concatenate(pieces).astype(np.int16)


def _noise(seconds: float, dbfs: float) -> Wave:
    samples = round(seconds * 24_000)
    return np.random.default_rng(1).normal(0, 32_768 * 10 ** (dbfs / 20), samples)


@pytest.mark.parametrize(("level", "inside"), [(40, False), (55, True), (110, True)])
def test_edges_are_where_the_sound_comes_within_45_decibels_of_its_loudest(
    level: float, inside: bool
) -> None:
    line = _line(_tone(0.5, 0), _tone(1.0, 8000), _tone(0.3, level), _tone(0.4, 0))
    for found in (clean_edges(line), _reversed(clean_edges(line[::-1]), 2.2)):
        assert found.start == pytest.approx(0.5, abs=0.0051)
        assert found.end == pytest.approx(1.8 if inside else 1.5, abs=0.0051)


def _reversed(found: Segment, length: float) -> Segment:
    return Segment(length - found.end, length - found.start)


def test_a_silent_line_is_taken_whole() -> None:
    assert clean_edges(_line(_tone(0.5, 0))) == Segment(0.0, 0.5)
    assert clean_edges(_line(np.full(12_000, 700.0))) == Segment(0.0, 0.5)


def test_an_edge_never_lies_outside_the_line() -> None:
    assert clean_edges(_line(_tone(0.503, 8000))).end == pytest.approx(0.503)


@pytest.mark.parametrize("offset", [0, 328, -2_000])
def test_an_offset_of_the_sound_card_is_no_speech(offset: float) -> None:
    line = _line(_tone(0.5, 0), _tone(1.0, 8000), _tone(0.5, 0)) + np.int16(offset)
    found = clean_edges(line)
    assert (found.start, found.end) == pytest.approx((0.5, 1.5), abs=0.0051)


def test_a_click_is_no_speech() -> None:
    click = np.zeros(2_400)
    click[1_200:1_224] = 12_000
    found = clean_edges(_line(click, _tone(0.3, 0), _tone(1.0, 8000), _tone(0.3, 0), click))
    assert (found.start, found.end) == pytest.approx((0.4, 1.4), abs=0.0051)


def test_noise_below_speech_is_none() -> None:
    quiet = _tone(0.5, 0)
    line = _line(quiet, _tone(0.4, 8000), _tone(0.1, 0), _tone(0.4, 8000), quiet)
    found = clean_edges((line + _noise(1.9, -62)).astype(np.int16))
    assert (found.start, found.end) == pytest.approx((0.5, 1.4), abs=0.0051)


LINES = [
    "In the last month.",
    "It costs one half.",
    "That is the truth.",
    "I need some help.",
    "On the roof.",
    "Thanks.",
    "No.",
    "I was charged twice for my March invoice.",
    "Please stop it.",
    "I live in Bath.",
    "That was the fifth.",
    "Yes.",
]


def test_the_edges_of_espeaks_lines_are_those_of_another_rule(speak: Speak) -> None:
    """The same level by 5 ms that move by single samples, and energy as it is."""
    onsets, ends = [], []
    for voice in ("en-us", "en-us+f2", "en-us+m3", "en", "en+f4", "de"):
        for text in LINES:
            line = speak(text, voice)
            power = np.convolve(line.astype(np.float64) ** 2, np.ones(120) / 120, mode="valid")
            heard = np.flatnonzero(power >= power.max() * 10**-4.5)
            found = clean_edges(line)
            onsets.append(abs(found.start - heard[0] / 24_000))
            ends.append(abs(found.end - (heard[-1] + 120) / 24_000))
    assert len(ends) == 72
    assert max(onsets) <= 0.010
    # A consonant that is just as loud as the limit is heard by one rule and not by the other.
    assert sum(error > 0.010 for error in ends) <= 2
    assert np.median(ends) <= 0.005


def test_speech_that_noise_drowns_keeps_the_edges_of_whoever_found_it() -> None:
    sound = levels(_noise(2.0, -30).astype(np.int16))
    assert edges(sound, Found(150, 150, 160, 240, 250)) == (150, 250)
