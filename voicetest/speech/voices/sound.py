"""The sound in a provider's answer."""

from __future__ import annotations

import io
import re
import wave

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.speech.refusal import Cause, Refusal

__all__ = ["sound_of"]

_PCM = frozenset({"", "audio/pcm", "audio/l16", "audio/raw", "application/octet-stream"})
_WAV = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"})
_RATE = re.compile(r"rate=(\d+)")
_RATES = range(8_000, 48_001)


def sound_of(data: bytes, media_type: str) -> AudioChunk:
    """PCM16 or a WAV file, mono, as 24 kHz; bare samples are little-endian, at 24 kHz unless said.

    Half a sample at the end is dropped. Raises Refusal for no sound at all, or what is none.
    """
    kind, _, parameters = media_type.lower().partition(";")
    kind = kind.strip()
    if kind in _WAV or (kind in _PCM and data.startswith(b"RIFF")):
        data, rate = _wav(data)
    elif kind in _PCM:
        found = _RATE.search(parameters)
        rate = int(found[1]) if found else INTERNAL.rate
    else:
        raise Refusal(Cause.NONSENSE, f"it sends {kind}, and no sound that was asked for")
    data = data[: len(data) // 2 * 2]
    if not data:
        raise Refusal(Cause.BROKEN, "no sound came")
    if rate not in _RATES:
        raise Refusal(Cause.NONSENSE, f"it sends sound at {rate} Hz")
    if rate == INTERNAL.rate:
        return AudioChunk(data)
    # Slow to import, and most sound comes as it is needed.
    import numpy as np

    from voicetest.audio.resample import resample

    return AudioChunk.of(resample(np.frombuffer(data, "<i2"), rate, INTERNAL.rate))


def _wav(data: bytes) -> tuple[bytes, int]:
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            if (file.getsampwidth(), file.getnchannels()) != (2, 1):
                raise Refusal(Cause.NONSENSE, "it sends a WAV file that is not PCM16 mono")
            return file.readframes(file.getnframes()), file.getframerate()
    except (wave.Error, EOFError) as error:
        raise Refusal(
            Cause.NONSENSE, f"it sends a WAV file that cannot be read: {error}"
        ) from error
