from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding, Samples
from voicetest.audio.g711 import compress, expand
from voicetest.audio.resample import StreamingResampler
from voicetest.links.conversion import Converter

TELEPHONE = AudioFormat(Encoding.MULAW, 8_000)
RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000]
ENCODINGS = list(Encoding)


def _tone(hertz: float, rate: int, seconds: float, height: float = 8_000) -> Samples:
    times = np.arange(round(rate * seconds)) / rate
    wave: Samples = np.rint(height * np.sin(2 * np.pi * hertz * times)).astype(np.int16)
    return wave


def _level(samples: Samples) -> float:
    """Decibels below a sine of height 8000."""
    return float(10 * np.log10(np.mean(samples.astype(float) ** 2) / (8_000**2 / 2) + 1e-12))


def _silence(source: AudioFormat, frames: int) -> AudioChunk:
    return AudioChunk(
        (compress(np.zeros(1, np.int16), source.encoding) if source.sample_bytes == 1 else bytes(2))
        * source.channels
        * frames,
        source,
    )


def test_sound_in_the_right_format_is_passed_on_as_it_is() -> None:
    chunk = AudioChunk(b"\1\0" * 480)
    assert Converter(INTERNAL).convert(chunk) is chunk


@pytest.mark.parametrize("target", [INTERNAL, TELEPHONE, AudioFormat(Encoding.PCM16, 48_000, 2)])
def test_nothing_gives_nothing(target: AudioFormat) -> None:
    converter = Converter(target)
    for source in (TELEPHONE, INTERNAL):
        assert converter.convert(AudioChunk(b"", source)) == AudioChunk(b"", target)


def test_nothing_of_another_rate_does_not_disturb_what_is_under_way() -> None:
    sound = compress(_tone(440, 8_000, 0.1), Encoding.MULAW)
    one, other = Converter(INTERNAL), Converter(INTERNAL)
    whole = one.convert(AudioChunk(sound, TELEPHONE)).data
    first = other.convert(AudioChunk(sound[:333], TELEPHONE)).data
    other.convert(AudioChunk(b"", AudioFormat(Encoding.PCM16, 16_000)))
    assert first + other.convert(AudioChunk(sound[333:], TELEPHONE)).data == whole


@given(data=st.data())
def test_sound_in_pieces_comes_out_as_the_whole_through_the_same_filter(
    data: st.DataObject,
) -> None:
    source = data.draw(st.builds(AudioFormat, st.sampled_from(ENCODINGS), st.sampled_from(RATES)))
    target = data.draw(st.sampled_from([INTERNAL, TELEPHONE]))
    noise = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 256, 2_000)
    sound = noise.astype(np.uint8).tobytes()
    cuts = sorted(data.draw(st.lists(st.integers(0, 1_000), max_size=8)))
    edges = [2 * cut for cut in (0, *cuts, 1_000)]
    converter = Converter(target)
    pieces = [converter.convert(AudioChunk(sound[a:b], source)).data for a, b in pairwise(edges)]
    samples = (
        np.frombuffer(sound, "<i2")
        if source.encoding is Encoding.PCM16
        else expand(sound, source.encoding)
    )
    if source.rate != target.rate:
        samples = StreamingResampler(source.rate, target.rate).process(samples)
    expected = samples.tobytes() if target == INTERNAL else compress(samples, target.encoding)
    assert b"".join(pieces) == (sound if source == target else expected)


def test_a_very_long_piece_comes_out_as_its_parts_do() -> None:
    sound = compress(_tone(440, 8_000, 10.0), Encoding.MULAW)
    whole = Converter(INTERNAL).convert(AudioChunk(sound, TELEPHONE)).data
    converter = Converter(INTERNAL)
    parts = [
        converter.convert(AudioChunk(sound[at : at + 160], TELEPHONE)).data
        for at in range(0, len(sound), 160)
    ]
    assert b"".join(parts) == whole


@given(data=st.data())
def test_as_much_comes_out_as_went_in_however_often_the_format_changes(data: st.DataObject) -> None:
    target = data.draw(st.sampled_from([INTERNAL, TELEPHONE, AudioFormat(Encoding.PCM16, 44_100)]))
    formats = st.builds(
        AudioFormat, st.sampled_from(ENCODINGS), st.sampled_from(RATES), st.sampled_from([1, 2])
    )
    converter = Converter(target)
    given, due = 0, Fraction(0)
    for source, frames in data.draw(
        st.lists(st.tuples(formats, st.integers(0, 700)), min_size=1, max_size=40)
    ):
        given += converter.convert(_silence(source, frames)).frames
        due += Fraction(frames * target.rate, source.rate)
        assert abs(given - due) < 1


def test_a_hundred_changes_of_rate_do_not_add_up() -> None:
    converter = Converter(INTERNAL)
    given, due = 0, Fraction(0)
    for number in range(100):
        source = AudioFormat(Encoding.PCM16, [11_025, 22_050, 44_100][number % 3])
        given += converter.convert(_silence(source, 7)).frames
        due += Fraction(7 * 24_000, source.rate)
    assert abs(given - due) < 1


def test_a_tone_goes_on_without_a_gap_when_its_rate_changes() -> None:
    converter = Converter(INTERNAL)
    heard = []
    for index, rate in enumerate([8_000, 16_000, 48_000, 8_000]):
        whole = _tone(500, rate, 2.0)
        part = whole[round(rate * index * 0.5) : round(rate * (index + 1) * 0.5)]
        heard.append(converter.convert(AudioChunk.of(part, rate)).samples())
    late = round(0.002 * 24_000)
    sound, expected = np.concatenate(heard)[late:].astype(int), _tone(500, 24_000, 2.0)
    assert abs(sound - expected[: len(sound)])[100:].max() < 500


def test_the_encoding_may_change_without_a_trace() -> None:
    sound = _tone(500, 8_000, 0.5)
    converter = Converter(INTERNAL)
    first = AudioChunk(compress(sound[:2_000], Encoding.MULAW), TELEPHONE)
    second = AudioChunk(compress(sound[2_000:], Encoding.ALAW), AudioFormat(Encoding.ALAW, 8_000))
    heard = [converter.convert(chunk).samples() for chunk in (first, second)]
    expected = Converter(INTERNAL).convert(AudioChunk.of(sound, 8_000)).samples()
    assert abs(np.concatenate(heard).astype(int) - expected).max() < 300


def test_stereo_is_averaged() -> None:
    stereo = np.array([[100, 300], [-1, -3], [32_767, 32_767], [-32_768, -32_768]], "<i2")
    chunk = AudioChunk(stereo.tobytes(), AudioFormat(Encoding.PCM16, 24_000, 2))
    heard = Converter(INTERNAL).convert(chunk)
    assert heard.format == INTERNAL
    assert list(heard.samples()) == [200, -2, 32_767, -32_768]


def test_mono_sounds_the_same_in_both_channels() -> None:
    stereo = AudioFormat(Encoding.PCM16, 24_000, 2)
    heard = Converter(stereo).convert(AudioChunk.of(np.array([5, -7], np.int16)))
    assert heard.format == stereo
    assert list(np.frombuffer(heard.data, "<i2")) == [5, 5, -7, -7]


def test_what_a_telephone_cannot_carry_is_filtered_out_and_the_rest_is_not() -> None:
    def over_the_line(hertz: float) -> float:
        narrow = Converter(TELEPHONE).convert(AudioChunk.of(_tone(hertz, 24_000, 1.0)))
        return _level(Converter(INTERNAL).convert(narrow).samples()[1_000:])

    assert over_the_line(6_000) < -45
    assert over_the_line(1_000) == pytest.approx(0, abs=0.2)


def test_a_rate_that_needs_a_huge_table_is_refused() -> None:
    with pytest.raises(ValueError, match="24001"):
        Converter(INTERNAL).convert(AudioChunk(b"\0\0", AudioFormat(Encoding.PCM16, 24_001)))
