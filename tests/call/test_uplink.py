from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding, Samples
from voicetest.audio.g711 import over_the_phone
from voicetest.call.uplink import Carried, Uplink
from voicetest.links.conversion import Converter

FRAME = 480
TELEPHONE = AudioFormat(Encoding.MULAW, 8_000)


def _carried(uplink: Uplink, sound: Samples, *, ahead: bool = False) -> list[Carried]:
    carried = []
    for at in range(0, len(sound), FRAME):
        if ahead and not uplink.ready:
            uplink.make_ready(sound[at:])
        carried.append(uplink.frame(sound[at : at + FRAME]))
    return carried


def _heard(carried: list[Carried]) -> Samples:
    return np.concatenate([frame.heard for frame in carried])


def _with_silence(voice: Samples, frames: int = 150) -> Samples:
    return np.concatenate((voice[: frames * FRAME], np.zeros(10 * FRAME, dtype=np.int16)))


def test_a_line_in_our_own_format_changes_nothing(voice: Samples) -> None:
    sound = voice[: 100 * FRAME]
    carried = _carried(Uplink(INTERNAL), sound)
    assert (_heard(carried) == sound).all()
    assert b"".join(frame.sent.data for frame in carried) == sound.tobytes()


@pytest.mark.parametrize("rate", [8_000, 16_000, 8_025])
def test_a_line_of_another_rate_is_recorded_as_it_sounds(voice: Samples, rate: int) -> None:
    sound = _with_silence(voice)
    heard = _heard(_carried(Uplink(AudioFormat(Encoding.MULAW, rate)), sound, ahead=True))
    assert len(heard) == len(sound)
    assert not heard[-5 * FRAME :].any()
    spectrum = np.abs(np.fft.rfft(heard.astype(float))) ** 2
    above = round(rate / 2 * 1.05 * len(heard) / INTERNAL.rate)
    assert spectrum[above:].sum() < 1e-3 * spectrum.sum()


def test_a_telephone_is_recorded_as_one(voice: Samples) -> None:
    sound = voice[: 150 * FRAME]
    heard = _heard(_carried(Uplink(TELEPHONE), sound, ahead=True))
    shift = 96  # 2 ms each way
    expected = over_the_phone(sound, INTERNAL.rate).astype(float)
    error = heard[shift:].astype(float) - expected[:-shift]
    assert np.mean(error**2) < 0.02 * np.mean(expected**2)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 8_025, 11_025])
@pytest.mark.parametrize("encoding", [Encoding.PCM16, Encoding.ALAW])
def test_what_is_known_ahead_changes_not_one_byte(
    voice: Samples, rate: int, encoding: Encoding
) -> None:
    wire = AudioFormat(encoding, rate)
    sound = np.concatenate((_with_silence(voice, 120), _with_silence(voice, 7)))
    slowly = _carried(Uplink(wire, wire), sound)
    ahead = _carried(Uplink(wire, wire), sound, ahead=True)
    assert [frame.sent for frame in ahead] == [frame.sent for frame in slowly]
    assert (_heard(ahead) == _heard(slowly)).all()
    converter = Converter(wire)
    frames = np.split(sound, range(FRAME, len(sound), FRAME))
    bare = [converter.convert(AudioChunk.of(frame)) for frame in frames]
    assert b"".join(frame.sent.data for frame in ahead) == b"".join(one.data for one in bare)


def test_a_line_that_converts_by_itself_is_handed_the_sound_as_it_is(voice: Samples) -> None:
    sound = voice[: 60 * FRAME]
    carried = _carried(Uplink(AudioFormat(Encoding.PCM16, 48_000)), sound, ahead=True)
    assert b"".join(frame.sent.data for frame in carried) == sound.tobytes()
