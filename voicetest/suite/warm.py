"""What a process computes once and keeps, before its first frames are due."""

from __future__ import annotations

from voicetest.audio.chunk import INTERNAL
from voicetest.audio.dtmf import tones
from voicetest.audio.resample import StreamingResampler
from voicetest.audio.vad import Activity

__all__ = ["warm_up"]

_RATES = (8_000, 16_000)
"""Of the lines that most agents have, in hertz."""


def warm_up() -> None:
    """Make the filters of the usual lines, and load the model by which speech is found."""
    for rate in _RATES:
        StreamingResampler(rate, INTERNAL.rate)
        StreamingResampler(INTERNAL.rate, rate)
    Activity().feed(tones("1"))
