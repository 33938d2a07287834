"""How much a background under the agent's voice changes what is measured of its answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.sentences import SENTENCES
from tests.calls import Far, Telephone, hold
from tests.noisy_agents import BEDS, noisy
from voicetest.audio.chunk import Samples
from voicetest.speech.providers import Speech

pytestmark = pytest.mark.benchmark

VOICES = ("en-us", "en-us+f2", "en-us+m3", "en")
SNRS = (10.0, 20.0, 30.0, 40.0)
ANSWERS = 5
LINES = ("Where is my parcel?", "And when will it come?", "I see.", "Is that all?", "Thank you.")
SCRIPT = "script:\n  - agent\n" + "".join(f"  - user: {line}\n  - agent\n" for line in LINES)

Speak = Callable[[str, str], Samples]
Behaviour = Callable[[Far], Awaitable[None]]


def _latencies(folder: Path, speech: Speech, agent: Behaviour) -> Sequence[float] | None:
    """The latency of each answer; None if the turns are not those of the script."""
    call = hold(folder, speech, agent, SCRIPT, kind=Telephone)
    if [turn.by for turn in call.result.turns] != ["agent", *(["user", "agent"] * ANSWERS)]:
        return None
    latencies = [turn.response_latency_s for turn in call.result.turns if turn.by == "agent"][1:]
    return [latency for latency in latencies if latency is not None]


@pytest.mark.timeout(1_800)
def test_latencies_under_a_background(tmp_path: Path, speech: Speech, speak: Speak) -> None:
    texts = [text for text, _, _ in SENTENCES]
    errors: dict[tuple[str, float], list[float]] = {}
    wrong: dict[tuple[str, float], int] = {}
    for number, voice in enumerate(VOICES):
        said = [speak(text, voice) for text in texts[number * 6 : number * 6 + ANSWERS + 1]]
        clean = _latencies(tmp_path / voice, speech, noisy(said))
        assert clean is not None
        for bed in BEDS:
            for snr in SNRS:
                folder = tmp_path / f"{voice} {bed} {snr}"
                found = _latencies(folder, speech, noisy(said, bed, snr, seed=number))
                wrong[bed, snr] = wrong.get((bed, snr), 0) + (found is None)
                pairs = zip(found or (), clean, strict=found is not None)
                errors.setdefault((bed, snr), []).extend(abs(a - b) for a, b in pairs)
    print(f"\n{ANSWERS * len(VOICES)} answers each; |latency - that of the clean call|, ms")
    for (bed, snr), sizes in errors.items():
        median, most = (1_000 * np.percentile(sizes, share) for share in (50, 95))
        turns = f"wrong turns in {wrong[bed, snr]} of {len(VOICES)} calls"
        print(f"{bed:12}{snr:4.0f} dB{median:8.0f}{most:8.0f}   {turns}")
    assert sum(wrong.values()) == 0
    at_10 = [size for (_, snr), sizes in errors.items() if snr == 10.0 for size in sizes]
    print(f"10 dB, all: n = {len(at_10)}, 95 % {1_000 * np.percentile(at_10, 95):.0f} ms")
    assert np.percentile(at_10, 95) <= 0.1
