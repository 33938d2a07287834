from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COUNTS = """
from pathlib import Path
import sys
before = "numpy" in sys.modules
import voicetest.suite.preloaded
import numpy as np
np.dot(np.ones((500, 500)), np.ones((500, 500)))
print(before, len(list(Path("/proc/self/task").iterdir())))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="they are counted in /proc")
def test_what_all_processes_begin_with_has_no_threads_for_arithmetic() -> None:
    kept = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    done = subprocess.run(
        [sys.executable, "-c", COUNTS],
        env=kept,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    # Whoever loads numpy before voicetest.audio does has a thread for each processor.
    assert done.stdout.split() == ["False", "1"]
