#!/usr/bin/env bash
# Dask: what a worker did when it died is done again elsewhere, also with retries=0.
#
# Guess: retries=0, the default, means that a task runs once; a task that has side effects, such as
# telephone calls that cost money, is safe then.
# Seen (distributed 2026.8.0): retries counts exceptions only. A task whose worker is killed is run
# again on another worker, silently, and its future ends well: it ran twice. That is governed by
# distributed.scheduler.allowed-failures (3 by default), which only the scheduler knows: with 0
# there the task runs once, and its future raises KilledWorker.
# So: ask the scheduler for it before such a task is submitted, and refuse to go on without.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check distributed==2026.8.0
cat > "$work/seen.py" <<'PY'
import os
import signal
import sys
import time

import dask
from distributed import Client, LocalCluster


def work(journal: str) -> str:
    with open(journal, "a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(4)
    return "done"


def runs(allowed: int | None, journal: str) -> tuple[int, str]:
    settings = {} if allowed is None else {"distributed.scheduler.allowed-failures": allowed}
    with dask.config.set(settings), LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster, Client(cluster) as client:
        future = client.submit(work, journal, retries=0)
        while not os.path.exists(journal):
            time.sleep(0.1)
        time.sleep(0.5)
        os.kill(int(open(journal).read()), signal.SIGKILL)
        error = future.exception()
        end = future.result() if error is None else type(error).__name__
    return len(open(journal).readlines()), end


if __name__ == "__main__":
    folder = sys.argv[1]
    seen = {name: runs(allowed, f"{folder}/{name}") for name, allowed in (("usual", None), ("none", 0))}
    print("times it ran, and how its future ended:", seen)
    expected = {"usual": (2, "done"), "none": (1, "KilledWorker")}
    raise SystemExit(0 if seen == expected else f"changed: expected {expected}")
PY
"$work/venv/bin/python" "$work/seen.py" "$work"
