from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.chunk import Samples
from voicetest.audio.edges import clean_edges
from voicetest.audio.vad import Segment


def _tone(seconds: float, level: float) -> Samples:
    times = np.arange(round(seconds * 24_000)) / 24_000
    return (level * np.sin(2 * np.pi * 300 * times)).astype(np.int16)


@pytest.mark.parametrize(("level", "inside"), [(60, False), (110, True)])
def test_edges_are_where_the_sound_comes_within_forty_decibels_of_its_peak(
    level: float, inside: bool
) -> None:
    line = np.concatenate(
        (_tone(0.5, 0), _tone(0.2, level), _tone(1.0, 8000), _tone(0.3, level), _tone(0.4, 0))
    )
    found = clean_edges(line)
    assert found.start == pytest.approx(0.5 if inside else 0.7, abs=0.011)
    assert found.end == pytest.approx(2.0 if inside else 1.7, abs=0.011)


def test_a_silent_line_is_taken_whole() -> None:
    assert clean_edges(_tone(0.5, 0)) == Segment(0.0, 0.5)


def test_an_edge_never_lies_outside_the_line() -> None:
    line = _tone(0.505, 8000)
    assert clean_edges(line).end == pytest.approx(0.505)
