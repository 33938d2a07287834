"""The outline of a recording is that of its samples, however it is cut into blocks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from voicetest.audio.peaks import peaks
from voicetest.audio.wav import WavWriter


@pytest.mark.parametrize("frames", [1, 7, 24_000, 24_001, 100_000])
@pytest.mark.parametrize("columns", [1, 3, 600])
def test_each_column_has_the_largest_amplitude_of_its_span(
    tmp_path: Path, frames: int, columns: int
) -> None:
    random = np.random.default_rng(frames)
    samples = random.integers(-32768, 32767, (frames, 2), endpoint=True).astype(np.int16)
    with WavWriter(tmp_path / "a.wav", 2) as writer:
        writer.write(samples)
    found = peaks(tmp_path / "a.wav", columns)
    count = min(columns, frames)
    edges = [index * frames // count for index in range(count + 1)]
    whole = np.abs(samples.astype(np.int32))
    spans = [whole[a:b].max(axis=0) for a, b in pairwise(edges)]
    np.testing.assert_array_equal(found, spans)


def test_an_empty_recording_has_no_columns(tmp_path: Path) -> None:
    WavWriter(tmp_path / "a.wav", 2).close()
    assert peaks(tmp_path / "a.wav", 600).shape == (0, 2)
