"""Samples that a peer has split between messages."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.protocols.framing import Framing

MONO = AudioFormat(Encoding.PCM16, 16_000)
STEREO = AudioFormat(Encoding.PCM16, 16_000, 2)
PHONE = AudioFormat(Encoding.ALAW, 8_000)


def test_whole_samples_are_given_at_once_in_the_format_of_the_wire() -> None:
    assert Framing(MONO).join(b"\1\2\3\4") == AudioChunk(b"\1\2\3\4", MONO)


def test_the_first_half_of_a_sample_waits_for_the_second() -> None:
    framing = Framing(MONO)
    assert framing.join(b"\1") is None
    assert framing.join(b"") is None
    assert framing.join(b"\2\3") == AudioChunk(b"\1\2", MONO)
    assert framing.join(b"\4") == AudioChunk(b"\3\4", MONO)


def test_a_telephones_sample_is_never_split() -> None:
    assert Framing(PHONE).join(b"\1") == AudioChunk(b"\1", PHONE)


@pytest.mark.parametrize("wire", [MONO, STEREO, PHONE])
@given(data=st.binary(max_size=40), cuts=st.lists(st.integers(0, 40), max_size=9))
def test_wherever_sound_is_cut_no_byte_moves(
    wire: AudioFormat, data: bytes, cuts: list[int]
) -> None:
    framing = Framing(wire)
    ends = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    joined = [framing.join(data[a:b]) for a, b in pairwise(ends)]
    chunks = [chunk for chunk in joined if chunk is not None]
    assert all(chunk.data and chunk.format == wire for chunk in chunks)
    whole = len(data) - len(data) % wire.frame_bytes
    assert b"".join(chunk.data for chunk in chunks) == data[:whole]
