from __future__ import annotations

import pytest

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.links.identity import Identity
from voicetest.protocols.base import Unworkable

PCM = AudioFormat(Encoding.PCM16, 8_000)


def test_a_file_in_place_of_samples_is_an_error_that_names_both() -> None:
    data = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20)
    with pytest.raises(Unworkable, match=r"a WAV file .*samples of pcm16/8000 are expected"):
        list(Identity().look(AudioChunk(data, PCM), 0.0, paced=False))


def test_a_file_in_small_pieces_is_found_as_well() -> None:
    mulaw = AudioFormat(Encoding.MULAW, 8_000)
    frame = b"\xff\xfb\x90\x64" + bytes(413)
    identity = Identity()
    pieces = [(frame * 4)[at : at + 160] for at in (0, 160, 320)]
    for piece in pieces[:2]:
        assert list(identity.look(AudioChunk(piece, mulaw), 0.0, paced=False)) == []
    with pytest.raises(Unworkable, match="an MP3 file"):
        list(identity.look(AudioChunk(pieces[2], mulaw), 0.0, paced=False))


def test_what_looks_like_a_frame_amid_a_call_are_samples() -> None:
    identity = Identity()
    frames = (b"\xff\xfb\x90\x64" + bytes(413)) * 2 + bytes(2)
    assert list(identity.look(AudioChunk(bytes(5_000), PCM), 0.0, paced=False)) == []
    assert list(identity.look(AudioChunk(frames, PCM), 1.0, paced=False)) == []


def test_the_pace_says_something_on_a_paced_line_alone() -> None:
    for paced, count in ((True, 1), (False, 0)):
        identity = Identity()
        told = [
            warned
            for number in range(200)
            for warned in identity.look(AudioChunk(bytes(640), PCM), number * 0.02, paced=paced)
        ]
        assert len(told) == count
        assert all(warned.unclean for warned in told)
