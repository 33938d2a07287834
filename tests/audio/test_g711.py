from __future__ import annotations

import warnings

import numpy as np
import pytest

from voicetest.audio.chunk import Encoding, Samples
from voicetest.audio.g711 import compress, expand, over_the_phone

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import audioop

G711 = (Encoding.MULAW, Encoding.ALAW)
COMPRESS = {Encoding.MULAW: audioop.lin2ulaw, Encoding.ALAW: audioop.lin2alaw}
EXPAND = {Encoding.MULAW: audioop.ulaw2lin, Encoding.ALAW: audioop.alaw2lin}
ALL = np.arange(-32_768, 32_768).astype(np.int16)


@pytest.mark.parametrize("encoding", G711)
def test_every_sample_is_compressed_as_audioop_does(encoding: Encoding) -> None:
    assert compress(ALL, encoding) == COMPRESS[encoding](ALL.tobytes(), 2)


@pytest.mark.parametrize("encoding", G711)
def test_every_byte_is_expanded_as_audioop_does(encoding: Encoding) -> None:
    every = bytes(range(256))
    assert expand(every, encoding).tobytes() == EXPAND[encoding](every, 2)


@pytest.mark.parametrize("encoding", G711)
def test_what_came_over_the_line_once_is_not_changed_again(encoding: Encoding) -> None:
    once = expand(compress(ALL, encoding), encoding)
    assert (expand(compress(once, encoding), encoding) == once).all()


def test_silence_is_the_byte_that_the_standard_says() -> None:
    silence = np.zeros(3, dtype=np.int16)
    assert compress(silence, Encoding.MULAW) == b"\xff" * 3
    assert compress(silence, Encoding.ALAW) == b"\xd5" * 3
    assert compress(silence[:0], Encoding.MULAW) == b""


def test_other_encodings_are_refused() -> None:
    with pytest.raises(ValueError, match=r"pcm16 is not a G\.711 encoding"):
        compress(ALL, Encoding.PCM16)
    with pytest.raises(ValueError, match=r"pcm16 is not a G\.711 encoding"):
        expand(b"", Encoding.PCM16)


@pytest.mark.parametrize("size", [0, 1, 479, 480, 24_001])
def test_a_telephone_keeps_length_and_place(voice: Samples, size: int) -> None:
    assert len(over_the_phone(voice[:size], 24_000)) == size


def test_a_telephone_passes_what_is_below_4_khz() -> None:
    times = np.arange(24_000) / 24_000

    def level(hertz: float) -> float:
        tone = np.rint(8_000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)
        heard = over_the_phone(tone, 24_000).astype(np.float64)
        middle, sent = heard[2_000:-2_000], tone.astype(np.float64)[2_000:-2_000]
        return float(np.dot(middle, sent) / np.dot(sent, sent))

    assert level(1_000) == pytest.approx(1, abs=0.02)
    assert abs(level(5_000)) < 0.01
