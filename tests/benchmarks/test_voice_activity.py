"""How exactly speech is found, against what espeak says of its own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.benchmarks.sentences import SENTENCES
from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.edges import clean_edges
from voicetest.audio.g711 import over_the_phone
from voicetest.audio.vad import Segment, detect
from voicetest.speech.voices.espeak_library import speak

pytestmark = pytest.mark.benchmark

RATE = INTERNAL.rate
VOICES = ("gmw/en-US", "gmw/en-US+f2", "gmw/en-US+m3", "gmw/en", "gmw/en+f4")
GAP_S = 2.0
ALOUD = 6_000.0
Wave = NDArray[np.float64]


@dataclass
class Line:
    """Some utterances with silence around them, and the truth about where each one is."""

    sound: Wave
    truth: Sequence[Segment]


@dataclass
class Errors:
    """Detected minus true times in seconds, and what was found where nobody spoke."""

    onsets: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    missed: int = 0
    false: int = 0

    def add(self, truth: Sequence[Segment], found: Sequence[Segment]) -> None:
        """Count one line."""
        for true in truth:
            over = [s for s in found if s.start < true.end and s.end > true.start]
            self.missed += not over
            if over:
                self.onsets.append(over[0].start - true.start)
                self.ends.append(over[-1].end - true.end)
        self.false += sum(
            all(s.start >= true.end or s.end <= true.start for true in truth) for s in found
        )

    def __str__(self) -> str:
        columns = [f"{1000 * value:5.0f}" for value in (*_spread(self.onsets), *_spread(self.ends))]
        return "".join(f"{column} ms" for column in columns) + f"{self.missed:7}{self.false:7}"


def _spread(errors: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile of the absolute error."""
    sizes = np.abs(errors)
    return float(np.median(sizes)), float(np.percentile(sizes, 95))


def _line(voice: str) -> Line:
    """Every third sentence in one voice."""
    pieces: list[Samples] = []
    truth: list[Segment] = []
    at = 0
    silence = np.zeros(round(GAP_S * RATE), dtype=np.int16)
    for text, _, _ in SENTENCES[::3]:
        spoken = speak(voice, text, 165)
        utterance = np.frombuffer(spoken.data, dtype="<i2")
        at += len(silence)
        start = at / RATE
        truth.append(
            Segment(start + spoken.words[0].onset, start + clean_edges(utterance).end),
        )
        pieces += [silence, utterance]
        at += len(utterance)
    return Line(np.concatenate([*pieces, silence]).astype(np.float64), truth)


def _clean(line: Line, random: np.random.Generator) -> Wave:
    return line.sound


def _with_background(line: Line, random: np.random.Generator) -> Wave:
    """Noise with the long-term spectrum of speech, 10 dB below its active level."""
    spectrum = np.abs(np.fft.rfft(line.sound))
    smooth = np.convolve(spectrum, np.ones(2_001) / 2_001, mode="same")
    phases = np.exp(2j * np.pi * random.random(len(smooth)))
    noise = np.fft.irfft(smooth * phases, len(line.sound))
    active = np.concatenate(
        [line.sound[round(s.start * RATE) : round(s.end * RATE)] for s in line.truth]
    )
    level = np.sqrt(np.mean(active**2)) * 10 ** (-10 / 20)
    return np.asarray(line.sound + noise * level / np.sqrt(np.mean(noise**2)))


def _by_phone(line: Line, random: np.random.Generator) -> Wave:
    return over_the_phone(_samples(line.sound), RATE).astype(np.float64)


def _with_ringback(line: Line, random: np.random.Generator) -> Wave:
    return _in_gaps(line, _tones(440, 480))


def _with_keys(line: Line, random: np.random.Generator) -> Wave:
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    silence = np.zeros(round(0.1 * RATE))
    keys = [
        piece
        for _ in range(6)
        for piece in (_tones(random.choice(rows), random.choice(columns))[: len(silence)], silence)
    ]
    return _in_gaps(line, np.concatenate(keys))


def _with_music(line: Line, random: np.random.Generator) -> Wave:
    """Hold music: three harmonics of a melody with vibrato above a chord, 12 dB below."""
    return line.sound + _melody(len(line.sound), random) * 0.25


def _melody(length: int, random: np.random.Generator) -> Wave:
    beat = RATE // 2
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    notes = scale[random.integers(0, len(scale), length // beat + 1)]
    pitch = np.repeat(notes, beat)[:length]
    times = np.arange(length) / RATE
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.005 * np.sin(2 * np.pi * 5 * times))) / RATE
    envelope = np.exp(-3 * (times % 0.5))
    voice = sum((np.sin(n * phase) / n for n in (1, 2, 3)), start=np.zeros(length))
    chord = sum((np.sin(2 * np.pi * f * times) for f in (110, 165, 220)), start=np.zeros(length))
    return np.asarray(ALOUD * 0.5 * (envelope * voice + 0.4 * chord))


def _tones(*hertz: float) -> Wave:
    times = np.arange(round(1.2 * RATE)) / RATE
    return np.asarray(sum(ALOUD * np.sin(2 * np.pi * f * times) for f in hertz))


def _in_gaps(line: Line, sound: Wave) -> Wave:
    """The sound in the pause before each utterance, over 0.4 s before it begins."""
    mixed = line.sound.copy()
    for true in line.truth:
        end = round((true.start - 0.4) * RATE)
        mixed[end - len(sound) : end] += sound
    return mixed


def _samples(sound: Wave) -> Samples:
    return np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)


CONDITIONS: dict[str, Callable[[Line, np.random.Generator], Wave]] = {
    "clean": _clean,
    "background at 10 dB": _with_background,
    "µ-law": _by_phone,
    "ringback before": _with_ringback,
    "keys before": _with_keys,
    "music under it": _with_music,
}


def _nobody_speaks() -> Iterator[tuple[str, Wave]]:
    random = np.random.default_rng(1)
    silence = np.zeros(RATE)
    yield "ringback", np.concatenate([_tones(440, 480), silence] * 20)
    yield "British ringback", np.concatenate([_tones(400, 450)[: RATE // 2], silence] * 20)
    yield (
        "keys",
        np.concatenate(
            [
                np.concatenate((_tones(row, column)[: round(length * RATE)], silence[: RATE // 10]))
                for row in (697, 770, 852, 941)
                for column in (1209, 1336, 1477, 1633)
                for length in (0.06, 0.1, 0.25, 1.0)
            ]
        ),
    )
    yield "music", _melody(60 * RATE, random)


@pytest.mark.timeout(900)
def test_speech_is_found_where_it_is() -> None:
    lines = [_line(voice) for voice in VOICES]
    count = sum(len(line.truth) for line in lines)
    print(f"\n{count} utterances, {len(VOICES)} voices; |error| median and 95 %")
    print(f"{'':22}{'onset':^16}{'end':^16}{'missed':>7}{'false':>7}")
    measured: dict[str, Errors] = {}
    for name, condition in CONDITIONS.items():
        errors = measured[name] = Errors()
        for number, line in enumerate(lines):
            sound = _samples(condition(line, np.random.default_rng(number)))
            errors.add(line.truth, detect(sound))
        print(f"{name:22}{errors}")
    clean = measured["clean"]
    for sizes in (clean.onsets, clean.ends):
        median, most = _spread(sizes)
        assert median <= 0.020
        assert most <= 0.060
    assert (clean.missed, clean.false) == (0, 0)
    assert measured["ringback before"].false == measured["keys before"].false == 0


def test_nobody_speaks_in_ringback_or_keys() -> None:
    found = {name: detect(_samples(sound)) for name, sound in _nobody_speaks()}
    for name, segments in found.items():
        print(f"\n{name}: {len(segments)} segments of speech", end="")
    print()
    assert not any(found[name] for name in ("ringback", "British ringback", "keys"))
