"""Files of sound, known by their first bytes, where only samples are expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Container", "container_of"]

_MAGIC = (
    (0, b"OggS", "an Ogg file"),  # RFC 3533 §6
    (0, b"fLaC", "a FLAC file"),  # RFC 9639 §6
    (0, b".snd", "an AU file"),
    (0, b"caff", "a CAF file"),
    (0, b"#!AMR", "an AMR file"),  # RFC 4867 §5.1
    (4, b"ftyp", "an MP4 file"),  # ISO/IEC 14496-12 §4.3
    (0, b"\x1aE\xdf\xa3", "a WebM file"),  # RFC 8794 §11.2
)
_BEGINNING = re.compile(
    rb"OggS|fLaC|\.snd|caff|#!AMR|.{4}ftyp|\x1aE\xdf\xa3|RIFF|RF64|FORM|ID3", re.DOTALL
)
"""How every file begins but MP3 without a tag and AAC, which begin with eleven ones."""
_BITRATES = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits a second of layer III, of MPEG-1 and of MPEG-2 and 2.5 (ISO/IEC 11172-3, 13818-3)."""
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


@dataclass(frozen=True)
class Container:
    """What kind of file it is, in words with an article, and of what sound if it says so."""

    kind: str
    sound: str = ""

    def __str__(self) -> str:
        return f"{self.kind} ({self.sound})" if self.sound else self.kind


def container_of(data: bytes, *, first: bool = True) -> Container | None:
    """The file that begins with these bytes; None for anything else, samples among it.

    Only the `first` bytes of a line are taken for MP3 without a tag or AAC: samples may look alike.
    """
    if _BEGINNING.match(data) is None and not (first and data[:1] == b"\xff"):
        return None
    for offset, magic, kind in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            return Container(kind)
    match data[:4], data[8:12]:
        case (b"RIFF" | b"RF64", b"WAVE"):
            return Container("a WAV file", _of_wav(data))
        case (b"FORM", b"AIFF" | b"AIFC"):
            return Container("an AIFF file")
        case _:
            pass
    # ID3v2.2 to 2.4: a tag of no flags but the upper four, its size in four bytes of seven bits.
    tag = data[:3] == b"ID3" and len(data) > 9 and data[3] in {2, 3, 4}
    if tag and not data[5] & 0x0F and max(data[6:10]) < 0x80:
        return Container("an MP3 file")
    if first and _is_twice(data, _mpeg_frame):
        return Container("an MP3 file")
    return Container("an AAC file") if first and _is_twice(data, _adts_frame) else None


def _of_wav(data: bytes) -> str:
    if data[12:16] != b"fmt " or len(data) < 36:
        return ""
    channels, rate, bits = (
        int.from_bytes(data[at : at + size], "little") for at, size in ((22, 2), (24, 4), (34, 2))
    )
    return f"{bits} bits, {rate} Hz, {channels} channel{'s' if channels > 1 else ''}"


def _is_twice(data: bytes, frame: Callable[[bytes], int | None]) -> bool:
    """Whether a frame begins here with another after it: two bytes may be samples."""
    length = frame(data)
    return length is not None and frame(data[length:]) is not None


def _mpeg_frame(data: bytes) -> int | None:
    """The length of the frame of layer III that begins here, in bytes."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE6 != 0xE2:
        return None
    rates = _RATES.get(data[1] >> 3 & 3)
    bitrate, rate = data[2] >> 4, data[2] >> 2 & 3
    if rates is None or bitrate in {0, 15} or rate == 3:
        return None
    first = data[1] >> 3 & 3 == 3
    samples = 144 if first else 72
    return samples * _BITRATES[first][bitrate] * 1_000 // rates[rate] + (data[2] >> 1 & 1)


def _adts_frame(data: bytes) -> int | None:
    """The length of the frame of AAC that begins here, in bytes (ISO/IEC 13818-7 §6.2)."""
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0 or data[2] >> 2 & 15 > 12:
        return None
    length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    return length if length > 7 else None
