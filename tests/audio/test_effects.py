from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from voicetest import registry
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.audio.effects import Echo, Gain, Phone, Robotic, amplify, chain, custom
from voicetest.errors import SetupError

RATE = 24_000
SIZES = [0, 1, 479, 480, 24_001]


def _random() -> np.random.Generator:
    return np.random.default_rng(1)


def _level(samples: Samples) -> float:
    return float(10 * np.log10(np.square(samples.astype(np.float64)).mean()))


def _tone(hertz: float, seconds: float = 1.0, level: float = 8_000) -> Samples:
    times = np.arange(round(RATE * seconds)) / RATE
    return np.rint(level * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


def test_six_decibels_are_twice_as_loud() -> None:
    audio = AudioChunk.of(np.array([100, -1000, 0], np.int16))
    assert list(amplify(audio, 6.0206).samples()) == [200, -2000, 0]
    assert list(amplify(audio, -6.0206).samples()) == [50, -500, 0]
    assert amplify(audio, 0) is audio


def test_what_is_too_loud_is_clipped_and_does_not_wrap() -> None:
    audio = AudioChunk.of(np.array([30_000, -30_000], np.int16))
    assert list(amplify(audio, 20).samples()) == [32_767, -32_768]
    assert list(Gain(20)(audio.samples(), _random())) == [32_767, -32_768]


def test_a_gain_does_what_amplify_does(voice: Samples) -> None:
    amplified = amplify(AudioChunk.of(voice), -7.5).samples()
    assert (Gain(-7.5)(voice, _random()) == amplified).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("effect", [Phone(), Robotic(), Gain(-3)])
def test_a_line_stays_as_long_as_it_was(
    voice: Samples, effect: Phone | Robotic | Gain, size: int
) -> None:
    heard = effect(voice[:size], _random())
    assert heard.dtype == np.int16
    assert heard.shape == (size,)


@pytest.mark.parametrize(
    ("hertz", "kept"), [(100, False), (200, False), (300, True), (1_000, True), (3_200, True)]
)
def test_a_telephone_keeps_only_its_band(hertz: float, kept: bool) -> None:
    sent = _tone(hertz)
    lost = _level(sent) - _level(Phone()(sent, _random()))
    assert abs(lost) < 0.5 if kept else lost > 25


def test_a_telephone_adds_no_delay(voice: Samples) -> None:
    heard = Phone()(voice, _random()).astype(np.float64)
    sent = voice.astype(np.float64)
    shifts = range(-24, 25)
    likeness = [float(np.dot(np.roll(heard, -shift), sent)) for shift in shifts]
    assert shifts[int(np.argmax(likeness))] == 0


def test_a_telephone_is_heard_to_be_one_by_its_quantisation() -> None:
    heard = Phone()(_tone(1_013, level=16_000), _random())[RATE // 4 : -RATE // 4].astype(float)
    spectrum = np.square(np.abs(np.fft.rfft(heard * np.hanning(len(heard)))))
    signal = spectrum[490:524].sum()
    assert 30 < 10 * np.log10(signal / (spectrum.sum() - signal)) < 45


def test_a_robot_has_no_tone_at_its_pitch() -> None:
    spectrum = np.abs(np.fft.rfft(Robotic()(_tone(1_000), _random()).astype(float)))
    assert set(np.argsort(spectrum)[-2:]) == {950, 1_050}
    assert spectrum[1_000] < spectrum[950] / 50


@pytest.mark.parametrize("decibels", [-30.0, 0.0, 20.0])
def test_a_robot_is_as_loud_as_the_voice_and_not_the_same(voice: Samples, decibels: float) -> None:
    line = Gain(decibels)(voice, _random())
    heard = Robotic()(line, _random())
    assert _level(heard) == pytest.approx(_level(line), abs=1)
    assert abs(np.corrcoef(heard, line)[0, 1]) < 0.3


def test_silence_stays_silent() -> None:
    silence = np.zeros(4_800, dtype=np.int16)
    for effect in (Phone(), Robotic(), Gain(6), Echo(0.1)):
        assert not effect(silence, _random()).any()


def test_an_echo_comes_later_and_softer() -> None:
    line = np.zeros(480, dtype=np.int16)
    line[0] = 10_000
    heard = Echo(0.25, -20)(line, _random())
    assert len(heard) == 480 + 6_000
    assert list(np.flatnonzero(heard)) == [0, 6_000]
    assert list(heard[[0, 6_000]]) == [10_000, 1_000]


def test_an_echo_that_would_clip_makes_all_of_it_softer() -> None:
    line = np.full(1_000, 30_000, dtype=np.int16)
    heard = Echo(0.01, 0)(line, _random()).astype(int)
    assert heard.max() == 32_767
    assert heard[0] == pytest.approx(16_384, abs=1)


def test_an_echo_needs_a_delay() -> None:
    with pytest.raises(ValueError, match="more than 0 s, not 0 s"):
        Echo(0)


def test_effects_come_one_after_the_other(voice: Samples) -> None:
    both = chain([Gain(-6), Echo(0.1)], voice, _random())
    assert (both == Echo(0.1)(Gain(-6)(voice, _random()), _random())).all()
    assert chain([], voice, _random()) is voice


def crackle(samples: Samples, random: np.random.Generator) -> Samples:
    """A third party's effect."""
    samples += random.integers(-100, 100, len(samples)).astype(np.int16)
    return samples


def shorten(samples: Samples, random: np.random.Generator) -> Samples:
    """One that takes something away."""
    return samples[1:]


def widen(samples: Samples, random: np.random.Generator) -> object:
    """One that forgets to go back to int16."""
    return samples * 0.5


def stack(samples: Samples, random: np.random.Generator) -> object:
    """One that thinks in channels."""
    return np.stack((samples, samples))


def forget(samples: Samples, random: np.random.Generator) -> None:
    """One without a return."""


nothing = None


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Registers one of the names above as an effect."""
    found: list[EntryPoint] = []

    def add(name: str) -> None:
        found.append(EntryPoint(name, f"{__name__}:{name}", registry.EFFECTS))

    registry.forget()
    monkeypatch.setattr(registry, "entry_points", lambda group: found)
    yield add
    registry.forget()


def test_an_effect_of_a_third_party_is_found_by_name(
    register: Callable[[str], None], voice: Samples
) -> None:
    register("crackle")
    before = voice.copy()
    first, second = (custom("crackle")(voice, _random()) for _ in range(2))
    assert (first == second).all()
    assert (first != voice).any()
    assert (voice == before).all()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shorten", r"array of int16 of shape \(479,\): expected .* n at least 480"),
        ("widen", r"array of float64 of shape \(480,\): expected an int16 array"),
        ("stack", r"array of int16 of shape \(2, 480\)"),
        ("forget", "of type NoneType"),
    ],
)
def test_what_an_effect_returns_is_checked(
    register: Callable[[str], None], voice: Samples, name: str, said: str
) -> None:
    register(name)
    with pytest.raises(SetupError, match=f"the effect '{name}' returned .*{said}"):
        custom(name)(voice[:480], _random())


def test_what_cannot_be_called_is_no_effect(register: Callable[[str], None]) -> None:
    register("nothing")
    with pytest.raises(SetupError, match="'nothing' is of type NoneType: expected a function"):
        custom("nothing")


def test_an_effect_that_nobody_registers_is_told_the_nearest(
    register: Callable[[str], None],
) -> None:
    register("crackle")
    with pytest.raises(registry.UnknownName, match=r"unknown effect 'crackel'.*'crackle'"):
        custom("crackel")
