"""Makes many calls for a long time and says what grows: memory, descriptors, threads, files.

    python -m tests.soak [--minutes 60] [--calls 20] [--virtual 2000] [--hours 2]

Exits with 1 when something grows beyond its bound. 0 leaves a part out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.parts import Bounds, many_calls, one_long_call, real_clock


def main() -> int:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="of calls on the real clock")
    parser.add_argument("--calls", type=int, default=20, help="so many of them at once")
    parser.add_argument("--virtual", type=int, default=2000, help="calls on virtual time")
    parser.add_argument("--hours", type=float, default=2.0, help="of one call on virtual time")
    asked = parser.parse_args()
    bounds = Bounds()
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="voicetest-soak-") as name:
        folder = Path(name)
        if asked.minutes:
            failed += real_clock(folder / "real", asked.minutes * 60, asked.calls, bounds)
        if asked.virtual:
            failed += many_calls(folder / "virtual", asked.virtual, bounds)
        if asked.hours:
            failed += one_long_call(folder / "long", asked.hours * 3600, bounds)
    for line in failed:
        print(f"FAILED: {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
