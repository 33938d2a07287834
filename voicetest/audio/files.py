"""Sound files of any format into the one we work in."""

from __future__ import annotations

import shutil
import warnings
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.audio.resample import resample

__all__ = ["NeedsFfmpeg", "UnreadableAudio", "read_audio"]


class UnreadableAudio(ValueError):
    """A file whose sound cannot be read; the text says what to do."""


class NeedsFfmpeg(UnreadableAudio):
    """Only ffmpeg could read it, and that is not installed."""


def read_audio(path: Path) -> AudioChunk:
    """All of a file as PCM16 mono at 24 kHz; stereo is averaged, other rates are converted.

    PCM WAV is read as it is, every other format through ffmpeg. Raises UnreadableAudio.
    """
    try:
        samples, rate = _read_wav(path)
    except (wave.Error, EOFError, ValueError):
        samples, rate = _read_other(path)
    except OSError as error:
        raise UnreadableAudio(f"{path} cannot be read: {error.strerror}") from error
    if not len(samples):
        raise UnreadableAudio(f"{path} has no sound in it")
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    pcm = np.clip(np.rint(mono * 32_768), -32_768, 32_767).astype(np.int16)
    return AudioChunk.of(resample(pcm, rate, INTERNAL.rate))


def _read_wav(path: Path) -> tuple[NDArray[np.float64], int]:
    with wave.open(str(path), "rb") as file:
        width, rate = file.getsampwidth(), file.getframerate()
        channels = file.getnchannels()
        data = file.readframes(file.getnframes())
    whole = len(data) // (width * channels) * width * channels
    return _floats(data[:whole], width).reshape(-1, channels), rate


def _floats(data: bytes, width: int) -> NDArray[np.float64]:
    """PCM of 1 to 4 bytes a sample as floats within ±1; 8 bits are unsigned in WAV."""
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float64) - 128) / 128
    if width == 3:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return padded.view("<i4")[:, 0].astype(np.float64) / 2**31
    return np.frombuffer(data, f"<i{width}").astype(np.float64) / 2.0 ** (8 * width - 1)


def _read_other(path: Path) -> tuple[NDArray[np.float64], int]:
    with warnings.catch_warnings():
        # It warns at import when ffmpeg is absent; that is said below where it matters.
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
        from pydub.exceptions import CouldntDecodeError

    if shutil.which("ffmpeg") is None:
        raise NeedsFfmpeg(
            f"{path} is not a PCM WAV file, and ffmpeg, which reads other formats, is not "
            "installed: install ffmpeg, or convert the file to WAV"
        )
    try:
        segment = AudioSegment.from_file(path)
    except (CouldntDecodeError, IndexError, KeyError) as error:
        raise UnreadableAudio(f"{path} is not a sound file that ffmpeg can read") from error
    samples = _floats(segment.raw_data, segment.sample_width)
    return samples.reshape(-1, segment.channels), segment.frame_rate
