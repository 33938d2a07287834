from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from tests.limits import files_up_to
from voicetest.audio.wav import WavWriter, read_blocks, read_span, write_wav


def _ramp(frames: int) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    left = np.arange(frames, dtype=np.int16)
    return np.column_stack((left, -left))


def test_the_file_is_playable_after_every_write(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with WavWriter(path, channels=2) as writer:
        for number in range(1, 6):
            writer.write(_ramp(480))
            with wave.open(str(path)) as file:
                assert file.getnframes() == writer.frames == number * 480
                assert (file.getnchannels(), file.getframerate()) == (2, 24_000)
                assert len(file.readframes(1 << 20)) == number * 480 * 4


def test_an_empty_file_is_a_valid_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    WavWriter(path, channels=2).close()
    assert read_span(path, 0, 10).shape == (0, 2)
    assert list(read_blocks(path)) == []


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    write_wav(path, np.zeros(10, dtype=np.int16))
    with pytest.raises(FileExistsError):
        write_wav(path, np.zeros(10, dtype=np.int16))


def test_blocks_and_spans_give_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    samples = _ramp(1000)
    with WavWriter(path, channels=2) as writer:
        writer.write(samples[:333])
        writer.write(samples[333:])
    assert np.array_equal(np.concatenate(list(read_blocks(path, 128))), samples)
    assert np.array_equal(np.concatenate(list(read_blocks(path, 100, 250, 777))), samples[250:777])
    assert np.array_equal(read_span(path, 990, 100), samples[990:])
    assert read_span(path, 5000, 10).shape == (0, 2)


@pytest.mark.parametrize("room", [44, 45, 1000, 1963, 1964, 1965, 3000])
def test_a_header_never_promises_more_than_there_is(tmp_path: Path, room: int) -> None:
    path = tmp_path / "call.wav"
    with files_up_to(room), WavWriter(path, channels=2) as writer:
        for _ in range((room - 44) // 1920):
            writer.write(_ramp(480))
        with pytest.raises(OSError, match=r"call\.wav"):
            writer.write(_ramp(480))
        assert writer.full
        writer.write(_ramp(480))  # is left out
    whole = (room - 44) // 1920 * 480
    with wave.open(str(path)) as file:
        assert file.getnframes() == writer.frames == whole
        assert len(file.readframes(1 << 20)) == whole * 4
    assert path.stat().st_size == 44 + whole * 4


def test_a_file_without_room_for_its_header_is_none(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with files_up_to(43), pytest.raises(OSError, match=r"call\.wav"):
        WavWriter(path, channels=2)
    assert not path.exists()
