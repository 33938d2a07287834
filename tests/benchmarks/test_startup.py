"""What it costs to start: processes timed by the operating system's own accounting."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

pytestmark = pytest.mark.benchmark

ROOT = Path(__file__).parents[2]


def cpu_seconds(*command: str) -> float:
    """User and system time of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def test_help_starts_within_two_and_a_half_times_an_import_of_typer() -> None:
    pairs = [
        (
            cpu_seconds(sys.executable, "-m", "voicetest", "--help"),
            cpu_seconds(sys.executable, "-c", "import typer"),
        )
        for _ in range(7)
    ]
    ratio = median(ours / theirs for ours, theirs in pairs)
    print(f"\nvoicetest --help / import typer: {ratio:.2f} x CPU (goal 2.5)")
    assert ratio <= 2.5


def test_a_hundred_files_are_validated_within_a_second_of_cpu(tmp_path: Path) -> None:
    text = (ROOT / "scenarios/billing.yaml").read_text()
    dialogue = ROOT / "scenarios/agents/billing.yaml"
    for number in range(100):
        (tmp_path / f"case{number:03}.yaml").write_text(
            text.replace("agents/billing.yaml", str(dialogue)).replace(
                "name: A double", f"name: Case {number} a double"
            )
        )

    def validate(target: Path) -> float:
        command = (sys.executable, "-m", "voicetest", "validate", str(target))
        return median(cpu_seconds(*command) for _ in range(5))

    whole, start = validate(tmp_path), validate(tmp_path / "case000.yaml")
    print(f"\nvalidate of 100 files: {whole:.2f} s CPU, {start:.2f} s of it for start and one file")
    print(f"99 files more: {whole - start:.2f} s CPU (goal 1)")
    assert whole - start <= 1.0
