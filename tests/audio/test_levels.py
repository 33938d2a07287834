from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.levels import FRAME, SILENT, levels


def test_a_square_wave_of_full_scale_is_0_dbfs() -> None:
    square = np.where(np.arange(FRAME * 4) % 60 < 30, 32_767, -32_767).astype(np.int16)
    assert levels(square) == pytest.approx([0.0] * 4, abs=0.01)


def test_a_constant_offset_is_silence() -> None:
    assert levels(np.full(FRAME * 2, 12_000, np.int16)) == pytest.approx([SILENT] * 2)
    assert levels(np.zeros(FRAME, np.int16)) == pytest.approx([SILENT])


def test_only_whole_steps_have_a_level() -> None:
    noise = np.random.default_rng(1).integers(-900, 900, FRAME * 3 - 1).astype(np.int16)
    assert len(levels(noise)) == 2
    assert len(levels(noise[:0])) == 0
