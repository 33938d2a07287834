"""A recording as a small file that browsers play."""

from __future__ import annotations

import io
from pathlib import Path

from voicetest.audio.chunk import INTERNAL
from voicetest.audio.recording import UnreadableRecording, extent, read_blocks

__all__ = ["MEDIA_TYPE", "compressed"]

MEDIA_TYPE = "audio/ogg"
_LEVEL = 0.9
"""Of Vorbis, from 0 (best) to 1: about 45 kbit/s for two people on two channels at 24 kHz."""


def compressed(recording: Path) -> bytes:
    """Ogg Vorbis with every sample at its time, some 8 MB for half an hour.

    Raises OSError or UnreadableRecording.
    """
    from soundfile import SoundFile

    _, channels, rate = extent(recording)
    if (channels, rate) != (2, INTERNAL.rate):
        # libsndfile 1.2.2 does not refuse what Vorbis cannot hold: it ends the process.
        raise UnreadableRecording(f"{channels} channels at {rate} Hz are no recording of a call")
    data = io.BytesIO()
    with SoundFile(
        data, "w", rate, channels, format="OGG", subtype="VORBIS", compression_level=_LEVEL
    ) as file:
        for block in read_blocks(recording):
            file.write(block)
    return data.getvalue()
