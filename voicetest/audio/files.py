"""Sound files of any format into the one we work in."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import wave
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.audio.resample import resample
from voicetest.regular_file import open_regular

__all__ = ["NeedsFfmpeg", "UnreadableAudio", "read_audio"]

_LONGEST_S = 3600
_RATES = range(2_000, 768_001)
_UNKNOWN_LENGTH = 0x7F00_0000
"""Who writes a WAV as a stream puts a size like 0x7FFFFFFF or 0xFFFFFFFF into its header."""
_MISSED_S = 0.1
"""So much of a recording may be missing: headers are often off by a few bytes."""
_FFMPEG_S = 60.0
_Sound = tuple[NDArray[np.float64], int]


class UnreadableAudio(ValueError):
    """A file whose sound cannot be read; the text says what to do."""


class NeedsFfmpeg(UnreadableAudio):
    """Only ffmpeg could read it, and that is not installed."""


def read_audio(path: Path) -> AudioChunk:
    """All of a file as PCM16 mono at 24 kHz; stereo is averaged, other rates are converted.

    PCM WAV is read as it is, every other format through ffmpeg. Raises UnreadableAudio.
    """
    try:
        with open_regular(path) as file:
            found = _read_wav(file, os.fstat(file.fileno()).st_size, path)
    except OSError as error:
        raise UnreadableAudio(f"{path} cannot be read: {error.strerror}") from error
    samples, rate = _read_other(path) if found is None else found
    if not len(samples):
        raise UnreadableAudio(f"{path} has no sound in it")
    pcm = np.clip(np.rint(samples.mean(axis=1) * 32_768), -32_768, 32_767).astype(np.int16)
    return AudioChunk.of(resample(pcm, rate, INTERNAL.rate))


def _read_wav(content: BinaryIO, size: int, path: Path) -> _Sound | None:
    """The sound of a PCM WAV file of `size` bytes; None for any other file."""
    try:
        with wave.open(content, "rb") as file:
            width, rate, channels = file.getsampwidth(), file.getframerate(), file.getnchannels()
            promised = file.getnframes()
            frames = min(promised, size // (width * channels))
            _check_extent(path, frames, rate)
            data = file.readframes(frames)
    # RuntimeError: a chunk that reaches beyond the one around it.
    except (wave.Error, EOFError, RuntimeError):
        return None
    if width not in (1, 2, 3, 4):
        return None
    whole = len(data) // (width * channels)
    if promised * width * channels < _UNKNOWN_LENGTH and promised - whole > _MISSED_S * rate:
        raise UnreadableAudio(
            f"{path} is cut: by its header it holds {promised / rate:.2f} s, and "
            f"{whole / rate:.2f} s are there"
        )
    return _floats(data[: whole * width * channels], width).reshape(-1, channels), rate


def _check_extent(path: Path, frames: int, rate: int) -> None:
    """Raises UnreadableAudio for a rate that no sound has, or more than an hour."""
    if rate not in _RATES:
        raise UnreadableAudio(
            f"{path} has {rate:,} samples a second by its header; {_RATES.start:,} to "
            f"{_RATES.stop - 1:,} are read"
        )
    if frames > _LONGEST_S * rate:
        raise UnreadableAudio(f"{path} holds more than an hour: cut it")


def _floats(data: bytes, width: int) -> NDArray[np.float64]:
    """PCM of 1 to 4 bytes a sample as floats within ±1; 8 bits are unsigned in WAV."""
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float64) - 128) / 128
    if width == 3:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return padded.view("<i4")[:, 0].astype(np.float64) / 2**31
    return np.frombuffer(data, f"<i{width}").astype(np.float64) / 2.0 ** (8 * width - 1)


def _read_other(path: Path) -> _Sound:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise NeedsFfmpeg(
            f"{path} is not a PCM WAV file, and ffmpeg, which reads other formats, is not "
            "installed: install ffmpeg, or convert the file to WAV"
        )
    source = ["-protocol_whitelist", "file", "-i", f"file:{path}", "-t", str(_LONGEST_S + 1)]
    target = ["-map", "0:a:0", "-c:a", "pcm_s16le", "-f", "wav", "-"]
    try:
        done = subprocess.run(  # noqa: S603  # ffmpeg, with a file that a scenario names
            [ffmpeg, "-nostdin", "-v", "error", *source, *target],
            capture_output=True,
            timeout=_FFMPEG_S,
            check=True,
        )
        found = _read_wav(io.BytesIO(done.stdout), len(done.stdout), path)
    except subprocess.TimeoutExpired as error:
        raise UnreadableAudio(f"ffmpeg took more than {_FFMPEG_S:g} s to read {path}") from error
    except subprocess.CalledProcessError:
        found = None
    if found is None:
        raise UnreadableAudio(f"{path} is not a sound file that ffmpeg can read")
    return found
