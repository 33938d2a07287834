"""What a whole suite costs: finding its mistakes, and making its calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.benchmarks.test_startup import cpu_seconds

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
MINUTE = """\
version: 1
name: A long talk {number}
agent:
  adapter: composable
  stt: pocketsphinx/espeak
  dialogue:
    greeting: Thank you for calling. How can I help you today?
    reply_delay: 700ms
    fallback: I am sorry about that. I will look into your invoice right now and call you back.
  tts: espeak/en-us
user: {{voice: espeak/en-us+f2}}
script:
  - agent: {{says: thank you for calling}}
{exchanges}
"""
EXCHANGE = "  - user: I was charged twice, and this is line {n}.\n  - agent: {{says: invoice}}\n"


def _suite(folder: Path, count: int) -> None:
    exchanges = "".join(EXCHANGE.format(n=n) for n in range(7))
    for number in range(count):
        text = MINUTE.format(number=number, exchanges=exchanges)
        (folder / f"talk{number:03}.yaml").write_text(text, encoding="utf-8")


def _run(folder: Path, *words: str) -> tuple[float, Any]:
    """Seconds of wall time, and run.json."""
    out = folder / "runs"
    command = [sys.executable, "-m", "voicetest", "run", str(folder), "--out", str(out), *words]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    return wall, json.loads((out / "latest" / "run.json").read_text())


def test_a_thousand_scenarios_are_validated_within_ten_seconds_of_cpu(tmp_path: Path) -> None:
    text = (ROOT / "scenarios/billing.yaml").read_text()
    dialogue = ROOT / "scenarios/agents/billing.yaml"
    for number in range(1000):
        (tmp_path / f"case{number:04}.yaml").write_text(
            text.replace("agents/billing.yaml", str(dialogue))
        )
    cpu = cpu_seconds(sys.executable, "-m", "voicetest", "validate", str(tmp_path))
    print(f"\nvalidate of 1,000 scenarios: {cpu:.2f} s CPU (goal 10)")
    assert cpu <= 10.0


def test_two_hundred_calls_of_a_minute_take_four_minutes_on_two_cores(tmp_path: Path) -> None:
    _suite(tmp_path, 200)
    _run(tmp_path, "--limit", "2", "--jobs", "2")  # warm caches
    wall, summary = _run(tmp_path, "--jobs", "2")
    minutes = sum(line["duration_s"] for line in summary["scenarios"]) / 60
    cores = os.cpu_count() or 1
    print(f"\n200 calls, {minutes:.0f} min of calls: {wall:.0f} s wall, {cores} cores (goal 240)")
    assert summary["totals"] == {"passed": 200}
    assert minutes >= 190
    assert wall <= 240


def test_five_real_calls_at_once_keep_the_pace_of_one(tmp_path: Path) -> None:
    _suite(tmp_path, 5)

    def lateness(*words: str) -> float:
        """The median over the calls of the 99th percentile, in ms."""
        _, summary = _run(tmp_path, "--clock", "real", *words)
        folder = tmp_path / "runs" / "latest"
        manifests = [folder / line["folder"] / "manifest.json" for line in summary["scenarios"]]
        harness = [json.loads(path.read_text())["harness"] for path in manifests]
        return float(median(figures["lateness_p99_ms"] for figures in harness))

    alone, together = lateness("--limit", "1"), lateness("--jobs", "5")
    print(f"\nlateness p99 of frames: {alone:.2f} ms alone, {together:.2f} ms of five at once")
    assert together <= max(3 * alone, alone + 5)
