"""Compressed sound has everything at its time."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicetest.audio.compressed import compressed
from voicetest.audio.recording import UnreadableRecording
from voicetest.audio.wav import WavWriter


def test_a_click_stands_where_it_was_on_its_own_channel(tmp_path: Path) -> None:
    samples = np.zeros((24_000 * 5, 2), dtype=np.int16)
    tone = (9000 * np.sin(np.arange(2400) / 8)).astype(np.int16)
    samples[24_000 : 24_000 + 2400, 0] = tone
    samples[72_000 : 72_000 + 2400, 1] = tone
    with WavWriter(tmp_path / "a.wav", channels=2) as writer:
        writer.write(samples)
    data = compressed(tmp_path / "a.wav")
    assert len(data) < samples.nbytes / 10
    found, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert (len(found), rate) == (len(samples), 24_000)
    for channel, start in ((0, 24_000), (1, 72_000)):
        loud = np.flatnonzero(np.abs(found[:, channel]) > 3000)
        assert abs(loud[0] - start) < 48
        assert abs(loud[-1] - start - 2400) < 48


@pytest.mark.parametrize(("channels", "rate"), [(1, 24_000), (2, 8_000), (3, 24_000)])
def test_what_is_no_recording_of_a_call_is_refused(
    tmp_path: Path, channels: int, rate: int
) -> None:
    with WavWriter(tmp_path / "a.wav", channels, rate) as writer:
        writer.write(np.zeros((100, channels), dtype=np.int16))
    with pytest.raises(UnreadableRecording, match="no recording of a call"):
        compressed(tmp_path / "a.wav")
