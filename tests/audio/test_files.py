from __future__ import annotations

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
