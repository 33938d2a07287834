"""Audio values and the arithmetic on them; nothing here waits."""

import os
from importlib import import_module

_THREADS = "OPENBLAS_NUM_THREADS"


def _load_numpy() -> None:
    """Load numpy such that its matrix products run in the thread of who asks for them.

    By itself its OpenBLAS has a thread for each processor, and wakes them for 0.1 ms of work. It
    reads the environment when it is loaded; where that says how many, so many there are. Programs
    that are started later find the environment as it was.
    """
    said = _THREADS in os.environ
    os.environ.setdefault(_THREADS, "1")
    try:
        import_module("numpy")
    finally:
        if not said:
            del os.environ[_THREADS]


_load_numpy()
