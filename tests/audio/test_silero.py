from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from voicetest.audio.chunk import Samples
from voicetest.audio.silero import Silero

COUNTS = """
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
print(threads() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
def test_the_model_runs_in_the_thread_that_asks_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNTS], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]


def test_what_one_hears_is_nothing_to_the_others(voice: Samples) -> None:
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
    for told, wanted in zip(heard, alone, strict=True):
        assert np.array(told) == pytest.approx(np.array(wanted), abs=1e-5)
    assert max(p for _, p in alone[0]) > 0.5
