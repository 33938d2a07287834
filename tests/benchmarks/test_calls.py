"""How fast virtual time runs, and how much memory a long call takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.calls import Quiet
from voicetest.run import plan, run
from voicetest.speech.cache import Cache
from voicetest.speech.providers import Speech

pytestmark = pytest.mark.benchmark

BILLING = Path(__file__).parents[2] / "scenarios/billing.yaml"


def _share_of_call(folder: Path, speech: Speech) -> float:
    """Wall time of one call, planning and writing included, over its duration."""
    (folder / "segments").mkdir(parents=True)
    before = time.perf_counter()
    result = run(plan(BILLING, {}, speech), folder, Quiet())
    wall = time.perf_counter() - before
    assert result.status == "passed"
    return wall / result.duration_s


def test_virtual_time_takes_a_twentieth_of_the_call(tmp_path: Path) -> None:
    with Speech(Cache(tmp_path / "cache")) as speech:
        cold = _share_of_call(tmp_path / "cold", speech)
        warm = min(_share_of_call(tmp_path / f"warm{n}", speech) for n in range(5))
    print(f"\nbilling.yaml, wall / call: {cold:.1%} cold (goal 20 %), {warm:.1%} warm (goal 5 %)")
    assert cold <= 0.20
    assert warm <= 0.05


def test_recognition_delays_no_frame_of_calls_in_real_time(tmp_path: Path) -> None:
    calls = 3
    folders = [tmp_path / f"call{number}" for number in range(calls)]
    for folder in folders:
        (folder / "segments").mkdir(parents=True)
    # A cache each: every line is synthesised and heard anew, while the other calls go on.
    with ExitStack() as stack, ThreadPoolExecutor(calls) as threads:
        speeches = [stack.enter_context(Speech(Cache(folder / "cache"))) for folder in folders]
        jobs = [
            threads.submit(run, plan(BILLING, {}, speech, "real"), folder, Quiet())
            for speech, folder in zip(speeches, folders, strict=True)
        ]
        results = [job.result() for job in jobs]
    figures = [result.harness for result in results if result.harness is not None]
    late = [(f.lateness_p50_ms, f.lateness_p99_ms, f.lateness_max_ms) for f in figures]
    print(f"\n{calls} calls in real time, recognising and speaking; lateness p50, p99, max in ms:")
    print("; ".join(" ".join(f"{value:.1f}" for value in call) for call in late))
    assert all(p99 <= 20 for _, p99, _ in late)


LONG = """
version: 1
agent: {{adapter: composable, stt: pocketsphinx, tts: espeak/en-us, dialogue: agent.yaml}}
user: {{voice: espeak/en-us+f2}}
limits: {{max_duration: 1h}}
script:
{steps}
"""
EXCHANGE = (
    "  - user: Yes, please refund the second charge.\n  - agent: refunded\n  - silence: 20s\n"
)


def _peak_megabytes(folder: Path, exchanges: int) -> float:
    folder.mkdir()
    (folder / "agent.yaml").write_text(
        "rules:\n  - {when: refund, say: Done. The second charge is refunded. Anything else?}\n"
    )
    (folder / "long.yaml").write_text(LONG.format(steps=EXCHANGE * exchanges))
    script = (
        "import resource, sys\n"
        "from voicetest.cli import main\n"
        "if __name__ == '__main__':\n"
        "    sys.argv = ['voicetest', 'run', 'long.yaml']\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as done:\n"
        "        assert done.code == 0, done.code\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    (folder / "peak.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "peak.py"],
        cwd=folder,
        env=os.environ | {"VOICETEST_CACHE": str(folder.parent / "cache")},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return int(done.stdout.split()[-1]) / 1024


@pytest.mark.timeout(900)
def test_a_half_hour_call_takes_hardly_more_memory_than_a_minute(tmp_path: Path) -> None:
    short = _peak_megabytes(tmp_path / "short", 2)
    long = _peak_megabytes(tmp_path / "long", 62)
    ratio = long / short
    print(f"\npeak memory: {short:.0f} MB for 1 min, {long:.0f} MB for 30 min: {ratio:.2f} x (1.3)")
    assert ratio <= 1.3
