from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from voicetest.audio.containers import container_of

MPEG = b"\xff\xfb\x90\x64" + bytes(413)
"""One frame of 128 kbit/s at 44,100 Hz."""
ADTS = b"\xff\xf1\x50\x80\x02\x9f\xfc" + bytes(13)
"""One frame of 20 bytes."""


def a_wav(rate: int, channels: int = 1) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(400))
    return written.getvalue()


def test_a_wav_file_says_what_is_in_it() -> None:
    assert str(container_of(a_wav(16_000))) == "a WAV file (16 bits, 16000 Hz, 1 channel)"
    assert str(container_of(a_wav(24_000, 2))) == "a WAV file (16 bits, 24000 Hz, 2 channels)"
    assert str(container_of(b"RIFF\xff\xff\xff\xffWAVE")) == "a WAV file"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"ID3\x04\x00\x00\x00\x00\x01\x7f" + bytes(20), "an MP3 file"),
        (MPEG * 2, "an MP3 file"),
        (ADTS * 2, "an AAC file"),
        (b"OggS\x00\x02" + bytes(20), "an Ogg file"),
        (b"fLaC\x00\x00\x00\x22", "a FLAC file"),
        (b"FORM\x00\x00\x10\x00AIFFCOMM", "an AIFF file"),
        (b".snd\x00\x00\x00\x18", "an AU file"),
        (b"\x1aE\xdf\xa3\x01\x00", "a WebM file"),
        (b"\x00\x00\x00\x20ftypM4A ", "an MP4 file"),
    ],
)
def test_a_file_is_known_by_its_first_bytes(data: bytes, kind: str) -> None:
    assert str(container_of(data)) == kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFF\x00\x00\x00\x00AVI ",
        b"ID3 tags",
        MPEG,
        ADTS,
        bytes(400),
        b"\xff\xfb" * 200,
        b"\xff\xf1" * 200,
    ],
)
def test_what_only_begins_like_a_file_is_none(data: bytes) -> None:
    assert container_of(data) is None


def test_frames_of_mpeg_are_samples_later_in_a_call() -> None:
    assert container_of(MPEG * 2, first=False) is None


def test_samples_are_no_file() -> None:
    random = np.random.default_rng(1)
    noise = random.integers(-32_768, 32_767, 400_000).astype("<i2").tobytes()
    assert not any(container_of(noise[at : at + 1_000]) for at in range(0, len(noise), 1_000))
