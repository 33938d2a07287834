"""A recording is drawn to scale."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import numpy as np

from voicetest.audio.wav import WavWriter
from voicetest.report.waveform import COLUMNS, HEIGHT, waveform


def _write(path: Path, seconds: int) -> Path:
    """Silence, and then at the last second full level on the agent's side."""
    with WavWriter(path, 2) as writer:
        for at in range(seconds):
            level = 32767 if at == seconds - 1 else 0
            writer.write(np.full((24_000, 2), (0, level), dtype=np.int16))
    return path


def _columns(path: str) -> list[tuple[int, int]]:
    """Widths and heights of the columns above the middle line."""
    above = path.split(f"V{HEIGHT // 2}h-")[0]
    return [(int(width), int(high)) for high, width in re.findall(r"V(\d+)h(\d+)", above)]


def test_sound_stands_where_it_is_in_the_call(tmp_path: Path) -> None:
    drawn = waveform(_write(tmp_path / "a.wav", 4), 4.0)
    assert drawn is not None
    assert drawn.columns == 80
    assert _columns(drawn.agent) == [(60, HEIGHT // 2), (20, 0)]
    assert _columns(drawn.user) == [(80, HEIGHT // 2)]


def test_a_long_call_takes_no_more_room_and_no_more_memory(tmp_path: Path) -> None:
    long = _write(tmp_path / "long.wav", 300)
    tracemalloc.start()
    drawn = waveform(long, 300.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert drawn is not None
    assert drawn.columns == COLUMNS
    assert len(drawn.user) < 100
    assert peak < 3_000_000


def test_no_sound_is_not_drawn(tmp_path: Path) -> None:
    WavWriter(tmp_path / "empty.wav", 2).close()
    (tmp_path / "text.wav").write_text("text")
    with WavWriter(tmp_path / "mono.wav", 1) as writer:
        writer.write(np.zeros(100, dtype=np.int16))
    names = ["empty.wav", "text.wav", "mono.wav", "none.wav"]
    assert [waveform(tmp_path / name, 1.0) for name in names] == [None] * 4
