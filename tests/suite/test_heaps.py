from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

THREADS = """
import sys, threading
from voicetest.suite.heaps import share_heaps

shared = share_heaps() if "share" in sys.argv else None
barrier = threading.Barrier(10)

def work():
    for _ in range(4):
        kept = [bytes(size) for size in (4_000_000, 9_000_000, 200_000, 300) * 5]
        barrier.wait()
        del kept

threads = [threading.Thread(target=work) for _ in range(10)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
pages = int(open("/proc/self/statm").read().split()[1])
print(shared, pages * 4_096 >> 20)
"""


def _held(*options: str) -> tuple[str, int]:
    """Whether heaps are shared, and the megabytes that are held when all is freed."""
    done = subprocess.run(
        [sys.executable, "-c", THREADS, *options], check=True, capture_output=True, text=True
    )
    shared, held = done.stdout.split()
    return shared, int(held)


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_threads_that_share_their_heaps_give_back_what_is_free() -> None:
    (_, alone), (shared, together) = _held(), _held("share")
    assert shared == "True"
    assert together < alone / 2
