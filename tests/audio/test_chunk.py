from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding


def test_samples_come_back_as_they_went_in() -> None:
    samples = np.array([0, 1, -1, 32_767, -32_768], np.int16)
    assert np.array_equal(AudioChunk.of(samples).samples(), samples)


def test_a_chunk_knows_how_long_it_is() -> None:
    assert AudioChunk(b"\0" * 4800).duration == pytest.approx(0.1)
    assert AudioChunk(b"\0" * 800, AudioFormat(Encoding.MULAW, 8000)).duration == pytest.approx(0.1)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes are not whole samples of pcm16/24000"):
        AudioChunk(b"\0\0\0")


def test_only_mono_pcm_has_samples() -> None:
    with pytest.raises(ValueError, match="mulaw/8000 is not PCM16"):
        AudioChunk(b"\0", AudioFormat(Encoding.MULAW, 8000)).samples()
    with pytest.raises(ValueError, match="pcm16/48000/2 is not PCM16 mono"):
        AudioChunk(bytes(4), AudioFormat(Encoding.PCM16, 48_000, 2)).samples()


def test_stereo_has_two_samples_to_a_frame() -> None:
    stereo = AudioFormat(Encoding.PCM16, 48_000, 2)
    assert (stereo.sample_bytes, stereo.frame_bytes) == (2, 4)
    assert AudioChunk(bytes(4 * 4800), stereo).frames == 4800
    assert AudioChunk(bytes(4 * 4800), stereo).duration == pytest.approx(0.1)
    with pytest.raises(ValueError, match="6 bytes are not whole samples"):
        AudioChunk(bytes(6), stereo)


def test_a_format_reads_as_people_write_it() -> None:
    assert str(INTERNAL) == "pcm16/24000"
    assert str(AudioFormat(Encoding.MULAW, 8000, 2)) == "mulaw/8000/2"
