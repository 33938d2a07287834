from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from voicetest.audio.background import background
from voicetest.audio.chunk import Samples
from voicetest.audio.dtmf import COLUMNS, KEYS, LAYOUT, ROWS, DtmfDetector, Pressed, tones
from voicetest.audio.g711 import over_the_phone
from voicetest.audio.waves import Wave, to_samples, to_wave

RATE = 24_000
Speak = Callable[[str, str], Samples]
SENTENCES = (
    "Thank you for calling. Please tell me your account number, starting with the letters.",
    "Oh no, you owe nothing, do you? Who knew! Beep, boop, ooh, eee, aah, mmm.",
    "My order is four four seven one nine, and I would like to speak with a human being.",
)


def _silence(seconds: float) -> Samples:
    return np.zeros(round(RATE * seconds), dtype=np.int16)


def _heard(*sound: Samples) -> str:
    return "".join(pressed.key for pressed in DtmfDetector().feed(np.concatenate(sound)))


def _sines(*parts: tuple[float, float], seconds: float) -> Wave:
    """Sines of so many hertz and decibels below full scale."""
    times = np.arange(round(RATE * seconds)) / RATE
    return sum(
        (10 ** (db / 20) * np.sin(2 * np.pi * hertz * times) for hertz, db in parts),
        np.zeros(len(times)),
    )


def _key(
    key: str, seconds: float = 0.1, low: float = -12, high: float = -12, off: float = 1
) -> Wave:
    row = next(r for r, line in enumerate(LAYOUT) if key in line)
    frequencies = (ROWS[row] * off, low), (COLUMNS[LAYOUT[row].index(key)] * off, high)
    return _sines(*frequencies, seconds=seconds)


def test_each_key_is_heard_once_at_its_time() -> None:
    found = DtmfDetector().feed(np.concatenate((_silence(0.3), tones(KEYS))))
    assert "".join(pressed.key for pressed in found) == KEYS
    for place, pressed in enumerate(found):
        assert pressed.at_s == pytest.approx(0.3 + 0.2 * place, abs=0.01)


def test_a_key_is_a_tenth_of_a_second_and_so_is_what_follows() -> None:
    sound = tones("5w5")
    assert len(sound) == round(0.9 * RATE)
    power = np.square(to_wave(sound[240:2_160])).mean()
    assert 10 * np.log10(power) == pytest.approx(-9, abs=0.1)
    assert not sound[2_400 : 2_400 + 2_400 + 12_000].any()
    assert sound[0] == 0
    assert np.abs(sound[:24]).max() < 500
    assert np.abs(np.diff(sound.astype(np.int32))).max() < 10_000


def test_the_two_tones_of_a_key_are_equally_strong() -> None:
    spectrum = np.abs(np.fft.rfft(to_wave(tones("8"))[:2_400], RATE))
    assert spectrum[852] == pytest.approx(spectrum[1_336], rel=0.02)
    assert {697 <= f <= 1_633 for f in np.argsort(spectrum)[-10:]} == {True}


@pytest.mark.parametrize("keys", ["12 3", "d", "W", "+1"])
def test_what_no_telephone_has_is_refused(keys: str) -> None:
    with pytest.raises(ValueError, match="is not a key: expected one of 0123456789ABCD"):
        tones(keys)


def test_no_keys_are_no_sound() -> None:
    assert len(tones("")) == 0
    assert DtmfDetector().feed(_silence(0)) == []


@pytest.mark.parametrize("size", [11, 77, 480, 601, 5_000])
def test_how_the_sound_is_cut_makes_no_difference(size: int, voice: Samples) -> None:
    sound = np.concatenate((_silence(0.1111), tones("19*"), voice[:RATE], tones("#w0")))
    detector, found = DtmfDetector(), list[Pressed]()
    for at in range(0, len(sound), size):
        found += detector.feed(sound[at : at + size])
    assert found == DtmfDetector().feed(sound)
    assert [pressed.key for pressed in found] == list("19*#0")


def test_a_key_is_reported_while_it_is_still_held() -> None:
    detector = DtmfDetector()
    (pressed,) = detector.feed(to_samples(_key("7", 0.06)))
    assert pressed == Pressed("7", pressed.at_s)
    assert pressed.at_s == pytest.approx(0, abs=0.01)
    assert detector.feed(to_samples(_key("7", 2))) == []


@pytest.mark.parametrize("key", KEYS)
def test_40_ms_are_enough_and_20_are_not(key: str) -> None:
    for shift in range(0, 120, 17):
        lead = np.zeros(2_000 + shift, dtype=np.int16)
        assert _heard(lead, to_samples(_key(key, 0.04)), _silence(0.1)) == key
        assert _heard(lead, to_samples(_key(key, 0.02)), _silence(0.1)) == ""


@pytest.mark.parametrize("key", KEYS)
def test_a_gap_of_40_ms_divides_and_one_of_20_does_not(key: str) -> None:
    for shift in range(0, 120, 17):
        lead, tone = np.zeros(2_000 + shift, dtype=np.int16), to_samples(_key(key, 0.08))
        assert _heard(lead, tone, _silence(0.04), tone, _silence(0.1)) == key * 2
        assert _heard(lead, tone, _silence(0.02), tone, _silence(0.1)) == key


def test_keys_come_through_a_telephone() -> None:
    assert _heard(over_the_phone(np.concatenate((_silence(0.1), tones(KEYS))), RATE)) == KEYS


@pytest.mark.parametrize(("low", "high"), [(-9, -15), (-15, -9), (-28, -28), (-34, -28)])
def test_keys_may_be_soft_and_their_tones_unequal_by_6_db(low: float, high: float) -> None:
    for key in KEYS:
        sound = to_samples(np.pad(_key(key, 0.05, low, high), (999, 999)))
        assert _heard(over_the_phone(sound, RATE)) == key


def test_tones_that_are_more_unequal_are_no_key() -> None:
    assert _heard(to_samples(_key("5", 0.2, -6, -18)), _silence(0.1)) == ""
    assert _heard(to_samples(_key("5", 0.2, -18, -6)), _silence(0.1)) == ""


def test_frequencies_may_be_off_by_one_and_a_half_per_cent_and_not_by_five() -> None:
    for key in KEYS:
        for off in (0.985, 1.015):
            assert _heard(to_samples(_key(key, 0.1, off=off)), _silence(0.1)) == key
        for off in (0.95, 1.05):
            assert _heard(to_samples(_key(key, 0.1, off=off)), _silence(0.1)) != key


@pytest.mark.parametrize("twist", [-6.0, 0.0, 6.0])
def test_noise_15_db_below_hides_no_key_of_50_ms(twist: float) -> None:
    random = np.random.default_rng(5)
    keys = random.choice(list(KEYS), 60)
    gap = np.zeros(round(0.06 * RATE))
    wave = np.concatenate([part for key in keys for part in (_key(key, 0.05, -12 + twist), gap)])
    power = np.square(_key("5", 0.05, -12 + twist)).mean()
    noisy = wave + random.normal(0, np.sqrt(power * 10**-1.5), len(wave))
    assert _heard(to_samples(noisy), _silence(0.1)) == "".join(keys)


def test_keys_are_heard_over_a_street() -> None:
    street = to_wave(background("street", 4, np.random.default_rng(2)))
    sound = np.pad(to_wave(tones(KEYS)), (0, len(street)))[: len(street)]
    assert _heard(to_samples(sound + street / 2)) == KEYS


def test_the_next_key_needs_no_gap() -> None:
    assert _heard(to_samples(np.concatenate([_key(key, 0.06) for key in "159D"]))) == "159D"


def test_speech_is_no_key(voice: Samples, speak: Speak) -> None:
    assert _heard(voice) == ""
    for name in ("en-us", "en-us+f2", "en-us+m3"):
        for text in SENTENCES:
            line = speak(text, name)
            assert _heard(line) == ""
            assert _heard(over_the_phone(line, RATE)) == ""


@pytest.mark.parametrize(
    "hertz",
    [
        pytest.param((440, 480), id="ringback"),
        pytest.param((350, 440), id="dial tone"),
        pytest.param((480, 620), id="busy"),
        pytest.param((400, 450), id="British ringback"),
        pytest.param((1_400, 2_060, 2_450, 2_600), id="off the hook"),
        pytest.param((950,), id="intercept, first"),
        pytest.param((1_400,), id="intercept, second"),
        pytest.param((697,), id="one row"),
        pytest.param((1_336,), id="one column"),
        pytest.param((697, 770, 1_209), id="two rows"),
        pytest.param((262, 330, 392), id="C major"),
        pytest.param((523, 659, 784), id="C major, an octave up"),
        pytest.param((698, 880, 1_047, 1_319), id="F major"),
        pytest.param((740, 932, 1_245), id="F sharp minor"),
        pytest.param((2_100,), id="fax"),
    ],
)
def test_other_tones_are_no_key(hertz: tuple[float, ...]) -> None:
    wave = _sines(*((f, -15.0) for f in hertz), seconds=1)
    assert _heard(to_samples(wave), _silence(0.1)) == ""
    overtones = [(f * k, -20.0 - 6 * k) for f in hertz for k in (1, 2, 3)]
    assert _heard(to_samples(_sines(*overtones, seconds=1)), _silence(0.1)) == ""


@pytest.mark.parametrize("sound", ["cafe", "street", "office", "babble"])
def test_no_background_is_a_key(sound: str) -> None:
    assert _heard(background(sound, 10, np.random.default_rng(8))) == ""


@pytest.mark.parametrize("silence", [1, 100, 599, 600, 720, 5_000, 48_000])
def test_skipping_silence_is_hearing_it(silence: int) -> None:
    heard, skipped = DtmfDetector(), DtmfDetector()
    nothing = np.zeros(silence, dtype=np.int16)
    found = [*heard.feed(nothing), *heard.feed(tones("1")), *heard.feed(nothing)]
    other = [*skipped.skip(silence), *skipped.feed(tones("1")), *skipped.skip(silence)]
    assert found == other
    assert heard.feed(tones("23")) == skipped.feed(tones("23"))
