from __future__ import annotations

import os
import shutil
import struct
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from voicetest.audio.chunk import INTERNAL
from voicetest.audio.files import UnreadableAudio, read_audio


def _write(path: Path, width: int, rate: int, channels: int) -> None:
    times = np.arange(rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * 440 * times)
    if width == 1:
        data = np.rint(tone * 127 + 128).astype(np.uint8)[:, None]
    else:
        scaled = np.rint(tone * (2 ** (8 * width - 1) - 1)).astype("<i4")[:, None]
        data = scaled.view(np.uint8)[:, :width]
    frames = np.repeat(data[:, None, :], channels, axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames.tobytes())


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_pcm_wav_becomes_our_own_format(
    tmp_path: Path, width: int, rate: int, channels: int
) -> None:
    path = tmp_path / "tone.wav"
    _write(path, width, rate, channels)
    audio = read_audio(path)
    assert audio.format == INTERNAL
    assert audio.frames == 24_000
    expected = 16_383 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)
    assert np.abs(audio.samples() - expected)[1_000:-1_000].max() < (400 if width == 1 else 20)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "ffmpeg|not a sound"), (b"hello, this is text", "ffmpeg|not a sound")],
)
def test_a_file_that_is_not_sound_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "cough.mp3"
    path.write_bytes(content)
    with pytest.raises(UnreadableAudio, match=said) as caught:
        read_audio(path)
    assert "cough.mp3" in str(caught.value)


def _wav(channels: int = 1, rate: int = 8_000, bits: int = 16, size: int = 16_000) -> bytes:
    """A second of silence in PCM, with a header that may say anything."""
    frame = channels * bits // 8
    layout = (1, channels, rate, rate * frame & 0xFFFF_FFFF, frame & 0xFFFF, bits)
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, *layout)
    return b"RIFF" + struct.pack("<I", 16_036) + head + b"data" + struct.pack("<I", size)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a sound file"),
        (b"\0" * 5_000, "is not a sound file"),
        (_wav()[:11], "is not a sound file"),
        (_wav()[:30], "is not a sound file"),
        (_wav()[:36] + bytes(16_000), "is not a sound file"),
        (_wav(channels=0) + bytes(16_000), "is not a sound file"),
        (_wav(bits=0) + bytes(16_000), "is not a sound file"),
        (_wav(rate=0) + bytes(16_000), "0 samples a second by its header"),
        (_wav(rate=1) + bytes(16_000), "1 samples a second by its header"),
        (_wav(rate=2**32 - 1) + bytes(16_000), "samples a second by its header"),
        (_wav(channels=65_535) + bytes(16_000), "no sound in it"),
        (_wav(size=0) + bytes(16_000), "no sound in it"),
        (_wav(size=2**24) + bytes(16_000), "by its header it holds 1048.58 s, and 1.00 s are"),
        (_wav() + bytes(9_000), "is cut: by its header it holds 1.00 s, and 0.56 s are there"),
        (_wav(rate=2_000, size=2**24) + bytes(2**24), "more than an hour: cut it"),
        (b"fLaC" + bytes(100), "is not a sound file"),
        (b"OggS" + b"\xff" * 100, "is not a sound file"),
    ],
)
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "line.wav"
    path.write_bytes(content)
    with pytest.raises(UnreadableAudio, match=said):
        read_audio(path)


@pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x7FFF_FFFF])
def test_a_wav_written_as_a_stream_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    path = tmp_path / "stream.wav"
    header = _wav(size=size)
    path.write_bytes(header[:4] + b"\xff\xff\xff\xff" + header[8:] + bytes(16_000))
    assert read_audio(path).frames == 24_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "line.wav"
    os.mkfifo(path)
    with pytest.raises(UnreadableAudio, match="it is a pipe and not a file"):
        read_audio(path)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("kind", ["flac", "mp3", "wav"])
def test_other_formats_are_read_through_ffmpeg(tmp_path: Path, kind: str) -> None:
    source, path = tmp_path / "tone.wav", tmp_path / f"other.{kind}"
    _write(source, 2, 24_000, 1)
    codec = ["-c:a", "pcm_mulaw"] if kind == "wav" else []
    command = ["ffmpeg", "-v", "error", "-i", str(source), *codec, str(path)]
    subprocess.run(command, check=True, timeout=60)
    heard = read_audio(path).samples().astype(float)[2_000:22_000]
    assert 0.9 < np.abs(heard).max() / 16_383 < 1.1


def test_a_missing_ffmpeg_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "song.ogg"
    path.write_bytes(b"OggS" + bytes(100))
    with pytest.raises(UnreadableAudio, match="install ffmpeg, or convert"):
        read_audio(path)


def test_a_wav_without_a_sample_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
    with pytest.raises(UnreadableAudio, match="no sound"):
        read_audio(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudio, match=r"gone\.wav"):
        read_audio(tmp_path / "gone.wav")
