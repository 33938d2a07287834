from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from tests.limits import files_up_to
from voicetest.audio.wav import read_span
from voicetest.call.recorder import AGENT, USER, Recorder


def test_each_party_is_on_its_own_channel(tmp_path: Path) -> None:
    path = tmp_path / "recording.wav"
    with Recorder(path) as recorder:
        for number in range(20):
            recorder.write(np.full(480, number, np.int16), np.full(480, -number, np.int16))
        assert recorder.duration == 0.4
        assert np.array_equal(np.unique(recorder.read(USER, 0.1, 0.14)), [5, 6])
        assert np.array_equal(np.unique(recorder.read(AGENT, 0.1, 0.14)), [-6, -5])
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 24_000, 9_600)


def test_at_most_a_tenth_of_a_second_is_not_on_disk_yet(tmp_path: Path) -> None:
    path = tmp_path / "recording.wav"
    with Recorder(path) as recorder:
        for _ in range(57):
            recorder.write(np.ones(480, np.int16), np.ones(480, np.int16))
            with wave.open(str(path)) as file:
                assert recorder.duration - file.getnframes() / 24_000 < 0.1


def test_reading_outside_the_recording_gives_what_there_is(tmp_path: Path) -> None:
    with Recorder(tmp_path / "recording.wav") as recorder:
        recorder.write(np.ones(480, np.int16), np.ones(480, np.int16))
        assert len(recorder.read(AGENT, -1.0, 5.0)) == 480
        assert len(recorder.read(AGENT, 5.0, 6.0)) == 0
    assert read_span(recorder.path, 0, 480).shape == (480, 2)


def test_what_has_no_room_ends_the_recording_where_it_still_plays(tmp_path: Path) -> None:
    path = tmp_path / "recording.wav"
    silence = np.zeros(2_400, np.int16)
    with files_up_to(20_000), Recorder(path) as recorder:
        recorder.write(silence, silence)
        recorder.write(silence, silence)
        with pytest.raises(OSError, match=r"recording\.wav"):
            recorder.write(silence, silence)
        recorder.write(silence, silence)  # is left out: a call that ends may still say something
        assert recorder.duration == 0.2
    assert read_span(path, 0, 9_600).shape == (4_800, 2)


def test_what_has_no_room_at_the_end_is_told_too(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "recording.wav")
    recorder.write(np.zeros(480, np.int16), np.zeros(480, np.int16))
    with files_up_to(1_000), pytest.raises(OSError, match=r"recording\.wav"):
        recorder.__exit__(None, None, None)
    assert recorder.duration == 0.0
