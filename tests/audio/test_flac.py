"""FLAC holds every sample of the WAV it was made of, or it is not there."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from voicetest.audio import recording
from voicetest.audio.flac import NoFlac, extent, read_blocks, read_span, write_flac
from voicetest.audio.wav import WavWriter


def _wav(path: Path, frames: int) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    samples = np.random.default_rng(frames).integers(-32768, 32767, (frames, 2), endpoint=True)
    whole = samples.astype(np.int16)
    with WavWriter(path, channels=2) as writer:
        writer.write(whole)
    return whole


@pytest.mark.parametrize("frames", [1, 4096, 24_000, 100_001])
def test_every_sample_is_given_back(tmp_path: Path, frames: int) -> None:
    samples = _wav(tmp_path / "a.wav", frames)
    write_flac(tmp_path / "a.wav", tmp_path / "a.flac")
    assert extent(tmp_path / "a.flac") == (frames, 2, 24_000)
    found = list(read_blocks(tmp_path / "a.flac", 1000))
    assert np.array_equal(np.concatenate(found), samples)
    middle = frames // 2
    assert np.array_equal(read_span(tmp_path / "a.flac", middle, 50), samples[middle:][:50])
    assert read_span(tmp_path / "a.flac", frames + 5, 50).shape == (0, 2)


@contextmanager
def _no_file_grows_beyond(size: int) -> Iterator[None]:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_a_file_that_there_is_no_room_for_is_not_left_half_written(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav", 100_000)
    with _no_file_grows_beyond(50_000), pytest.raises(NoFlac, match=r"a\.flac"):
        write_flac(tmp_path / "a.wav", tmp_path / "a.flac")
    assert not (tmp_path / "a.flac").exists()


@pytest.mark.parametrize("content", [b"", b"no sound", b"fLaC" + bytes(100)])
def test_what_is_no_recording_is_told_of(tmp_path: Path, content: bytes) -> None:
    for name in recording.NAMES:
        path = tmp_path / name
        path.write_bytes(content)
        for read in (
            lambda path: recording.extent(path),
            lambda path: recording.read_span(path, 0, 10),
            lambda path: list(recording.read_blocks(path)),
        ):
            with pytest.raises(recording.UnreadableRecording):
                read(path)


def test_a_flac_file_that_was_cut_is_told_of(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav", 100_000)
    write_flac(tmp_path / "a.wav", tmp_path / "a.flac")
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(recording.UnreadableRecording, match=r"a\.flac cannot be read"):
        list(recording.read_blocks(tmp_path / "a.flac"))
