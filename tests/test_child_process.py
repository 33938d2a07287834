from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM

import psutil

from voicetest.child_process import begin, context, held_back


def child(pipe, environment):
    with begin(environment):
        held = signals("SigBlk", os.getpid())
    ignored = signals("SigIgn", os.getpid())
    blocked = signals("SigBlk", os.getpid())
    pipe.send((held, ignored, blocked, os.environ.get("SAID"), os.environ.get("GONE")))


def signals(which, process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (mask,) = (int(line.split()[1], 16) for line in lines if line.startswith(which))
    return [number.name for number in (SIGHUP, SIGINT, SIGTERM) if mask >> number - 1 & 1]


if __name__ == "__main__":
    os.environ["GONE"] = "before"
    how = context("voicetest.version")
    for said in ("one", "two"):
        os.environ["SAID"] = said
        ours, its = how.Pipe()
        process = how.Process(target=child, args=(its, dict(os.environ)))
        with held_back():
            process.start()
        print(*ours.recv(), signals("SigBlk", os.getpid()))
        process.join()
        os.environ.pop("GONE", None)
    (server,) = [p for p in psutil.Process().children() if "forkserver" in p.cmdline()[-1]]
    print(signals("SigBlk", server.pid))
"""


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_signal_for_a_group_ends_what_is_started_and_each_has_the_environment_of_now(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=60
    )
    every = "['SIGHUP', 'SIGINT', 'SIGTERM']"
    one, two, server = done.stdout.splitlines()
    assert one == f"{every} {every} [] one before []"
    assert two == f"{every} {every} [] two None []"
    assert server == every
