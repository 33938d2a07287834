"""How exactly speech is found in recordings of people, and what listening to it costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.prompts import CLEAN_DB, LANGUAGES, Prompt, after_silence, installed, prompts
from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.edges import clean_edges
from voicetest.audio.g711 import over_the_phone
from voicetest.audio.vad import Activity, detect
from voicetest.speech.voices.espeak_library import speak

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not installed("en"), reason="asterisk-core-sounds-en-wav is not installed"),
]

MOST = 120
"""Recordings of a language."""
SPEAKERS = tuple(language for language in LANGUAGES if installed(language))


@dataclass
class Errors:
    """Found minus true times in seconds."""

    onsets: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    missed: int = 0

    def __str__(self) -> str:
        figures = (*_sizes(self.onsets), *_sizes(self.ends))
        columns = "".join(f"{1000 * value:7.0f}" for value in figures)
        return f"{len(self.onsets):5}{columns}{self.missed:8}"


def _sizes(errors: Sequence[float]) -> tuple[float, float, float]:
    """Median, 95th percentile and largest of the absolute error."""
    sizes = np.abs(errors)
    return float(np.median(sizes)), float(np.percentile(sizes, 95)), float(sizes.max())


def _noise(sound: Samples, dbfs: float) -> Samples:
    random = np.random.default_rng(len(sound))
    return sound + random.normal(0, 32_768 * 10 ** (dbfs / 20), len(sound)).astype(np.int16)


CONDITIONS: dict[str, Callable[[Samples], Samples]] = {
    "as it is": lambda sound: sound,
    "µ-law": lambda sound: over_the_phone(sound, INTERNAL.rate),
    "noise at -65 dBFS": lambda sound: _noise(sound, -65.0),
    "noise at -50 dBFS": lambda sound: _noise(sound, -50.0),
}


def _recordings(clean: bool) -> Iterator[Prompt]:
    for language in SPEAKERS:
        for recorded in prompts(language, MOST):
            if (recorded.noise_db >= CLEAN_DB) == clean:
                yield recorded


def _errors(recordings: Sequence[Prompt], condition: Callable[[Samples], Samples]) -> Errors:
    errors = Errors()
    for number, recorded in enumerate(recordings):
        lead = 1 + 0.0137 * (number % 50)
        found = detect(condition(after_silence(recorded, lead)))
        if not found:
            errors.missed += 1
            continue
        errors.onsets.append(found[0].start - lead - recorded.speech.start)
        errors.ends.append(found[-1].end - lead - recorded.speech.end)
    return errors


def test_people_are_found_where_energy_alone_finds_them() -> None:
    print(f"\n{', '.join(SPEAKERS)}: |error| median, 95 %, worst in ms")
    print(f"{'':36}{'n':>5}{'onset':^21}{'end':^21}{'missed':>8}")
    measured: dict[str, Errors] = {}
    for clean in (True, False):
        recordings = list(_recordings(clean))
        for name, condition in CONDITIONS.items():
            if clean or name == "as it is":
                title = f"{'clean' if clean else 'noisy'} recordings, {name}"
                measured[title] = _errors(recordings, condition)
                print(f"{title:36}{measured[title]}")
    for name in ("as it is", "µ-law"):
        errors = measured[f"clean recordings, {name}"]
        assert len(errors.onsets) >= 100 or len(SPEAKERS) < 2
        assert _sizes(errors.onsets)[0] <= 0.005
        assert _sizes(errors.onsets)[1] <= 0.025
        assert _sizes(errors.ends)[0] <= 0.005
        assert _sizes(errors.ends)[1] <= 0.050


def test_lines_end_where_energy_ends() -> None:
    texts = ["In the last month.", "It costs one half.", "Thanks.", "That is the truth.", "No."]
    texts += ["I need some help.", "On the roof.", "I live in Bath.", "Please stop it.", "Yes."]
    texts += ["That was the fifth.", "I was charged twice for my March invoice."]
    onsets, ends = [], []
    for voice in ("gmw/en-US", "gmw/en-US+f2", "gmw/en-US+m3", "gmw/en", "gmw/en+f4", "gmw/de"):
        for text in texts:
            line = np.frombuffer(speak(voice, text, 165).data, dtype="<i2")
            power = np.convolve(line.astype(np.float64) ** 2, np.ones(120) / 120, mode="valid")
            heard = np.flatnonzero(power >= power.max() * 10**-4.5)
            found = clean_edges(line)
            onsets.append(found.start - heard[0] / INTERNAL.rate)
            ends.append(found.end - (heard[-1] + 120) / INTERNAL.rate)
    figures = "".join(f"{1000 * v:7.1f}" for v in (*_sizes(onsets), *_sizes(ends)))
    print(
        f"\nespeak's lines, n={len(ends)}: onset, end; |error| median, 95 %, worst in ms{figures}"
    )
    assert _sizes(onsets)[2] <= 0.010
    assert _sizes(ends)[1] <= 0.010


def test_listening_live_costs_little() -> None:
    sound = np.concatenate([after_silence(recorded, 0.0) for recorded in prompts("en", 8)])
    activity = Activity()
    activity.feed(sound[:4_800])
    started = time.process_time()
    frames = range(4_800, len(sound), 480)
    for at in frames:
        activity.feed(sound[at : at + 480])
        assert activity.latest is None or activity.latest.end <= activity.duration
    cost = (time.process_time() - started) / len(frames)
    print(f"\nthe detector, live: {1e6 * cost:.0f} µs of CPU for each 20 ms")
    assert cost < 0.002
