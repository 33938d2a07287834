from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COUNTS = """
import os
from pathlib import Path

import voicetest.suite.parallel  # whatever loads numpy first
import numpy as np
from voicetest.audio.resample import StreamingResampler
from voicetest.audio.vad import Activity

def threads():
    return len(list(Path("/proc/self/task").iterdir()))

np.dot(np.ones((500, 500)), np.ones((500, 500)))
sound = np.random.default_rng(1).normal(0, 3000, 240_000).astype(np.int16)
StreamingResampler(24_000, 8_000).process(sound)
Activity().feed(sound)
print(threads(), os.environ.get("OPENBLAS_NUM_THREADS"))
"""


def counted(**environment: str) -> list[str]:
    """The threads of a process that resampled and searched ten seconds, and its environment."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", COUNTS],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.split()


linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="they are counted in /proc")


@linux
def test_arithmetic_on_sound_has_no_threads_of_its_own() -> None:
    assert counted() == ["1", "None"]


@linux
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there are threads for processors")
def test_who_says_how_many_threads_there_are_to_be_has_them() -> None:
    threads, said = counted(OPENBLAS_NUM_THREADS="2")
    assert (int(threads) > 1, said) == (True, "2")
