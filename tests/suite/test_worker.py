"""Calls in several processes: the same bytes, the same secrets kept, an end to everything."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from voicetest.checks.result import Result
from voicetest.report.console import Console
from voicetest.report.stored import load_run
from voicetest.report.summary import RunSummary
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite
from voicetest.suite.rescore import rescore

pytestmark = pytest.mark.process

WORD = "xylophone-4711"
SCENARIO = """\
version: 1
agent:
  adapter: composable
  stt: pocketsphinx/espeak
  dialogue: {greeting: Thank you for calling., fallback: "I can help you with ${env.SAID_BY}."}
  tts: espeak/en-us
user: {background: {sound: cafe, snr: 20dB}}
line: {uplink: {loss: 5%}}
matrix: {city: [Rome, Oslo]}
script:
  - agent
  - user: Take me to ${city}.
  - agent: {says: help}
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario with two cases, chance, and a secret."""
    monkeypatch.setenv("SAID_BY", WORD)
    file = tmp_path / "city.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    return file


def _run(path: Path, jobs: int, verbose: bool = False) -> RunSummary:
    options = RunOptions(jobs=jobs, repeat=2)
    return run_suite([path], path.parent / "runs", Console(verbose=verbose), options)


def test_several_processes_give_the_bytes_that_one_gives(path: Path) -> None:
    alone, together = _run(path, 1), _run(path, 4)
    assert together.totals == {"passed": 2}
    folders = [call.folder for call in load_run(Path(alone.folder)).calls]
    assert len(folders) == 4
    for folder in folders:
        assert folder is not None
        twin = Path(together.folder) / folder.name
        for name in ("recording.wav", "events.jsonl", "transcript.txt"):
            assert (folder / name).read_bytes() == (twin / name).read_bytes()
    one, other = folders[:2]
    assert one is not None
    assert other is not None
    assert (one / "recording.wav").read_bytes() != (other / "recording.wav").read_bytes()


def test_no_secret_leaves_a_process(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = _run(path, 2, verbose=True)
    output = capsys.readouterr()
    assert '"type": "transcript"' in output.err
    assert WORD not in output.out + output.err
    for file in Path(summary.folder).rglob("*"):
        assert file.is_dir() or WORD.encode() not in file.read_bytes(), file.name


def test_a_call_is_judged_again_as_it_was(path: Path) -> None:
    run = load_run(Path(_run(path, 2).folder))
    for call, again in zip(run.calls, rescore(run), strict=True):
        assert call.manifest is not None
        for name in ("status", "reason", "turns", "metrics", "termination", "messages"):
            assert getattr(again.after, name) == getattr(call.manifest, name), name
        assert _texts(again.after) == _texts(call.manifest)


def _texts(result: Result) -> list[tuple[str, str, bool]]:
    return [(check.name, check.actual, check.passed) for check in result.checks]


def _begun(out: Path, scenario: str, *words: str) -> subprocess.Popen[str]:
    """A run in a process of its own, as soon as its first call is under way."""
    process = subprocess.Popen(
        [sys.executable, "-m", "voicetest", "run", scenario, "--out", str(out), *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if re.search(r"agent is speaking|: calling", line):
            return process
    raise AssertionError("no call began")


def _children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("clock", ["real", "auto"])
def test_ctrl_c_keeps_what_there_is_and_a_second_one_leaves_at_once(
    path: Path, tmp_path: Path, clock: str
) -> None:
    text = SCENARIO.replace("  - user", "  - silence: 590s\n  - user")
    path.write_text(text.replace("${env.SAID_BY}", "that"))
    process = _begun(tmp_path / "out", str(path), "--jobs", "2", "--clock", clock)
    children = _children(process)
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Ctrl-C again leaves at once" in error
    assert psutil.wait_procs(children, timeout=20)[1] == []
    written = json.loads((tmp_path / "out" / "latest" / "run.json").read_text())
    assert written["exit_code"] == 130
    for line in written["scenarios"]:
        if line["status"] == "error":
            folder = tmp_path / "out" / "latest" / line["folder"]
            assert (folder / "recording.wav").stat().st_size >= 44


def test_a_second_ctrl_c_leaves_at_once_with_all_its_processes(path: Path, tmp_path: Path) -> None:
    path.write_text(SCENARIO.replace("${env.SAID_BY}", "that"))
    process = _begun(tmp_path / "out", str(path), "--jobs", "2", "--clock", "real")
    children = _children(process)
    assert process.stderr is not None
    os.kill(process.pid, signal.SIGINT)
    for line in process.stderr:
        if "again leaves at once" in line:
            break
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert psutil.wait_procs(children, timeout=20)[1] == []


def test_a_process_that_dies_ends_its_call_and_is_told(path: Path, tmp_path: Path) -> None:
    text = SCENARIO.replace("  - user", "  - silence: 590s\n  - user")
    path.write_text(text.replace("${env.SAID_BY}", "that"))
    words = ("--jobs", "2", "--limit", "2")
    process = _begun(tmp_path / "out", str(path), *words)
    for child in _children(process):
        if child.ppid() != process.pid and "forkserver" in " ".join(child.cmdline()):
            child.kill()
    process.communicate(timeout=100)
    written = json.loads((tmp_path / "out" / "latest" / "run.json").read_text())
    assert process.returncode == written["exit_code"] == 3
    assert "the process of this call died" in str([case["reason"] for case in written["cases"]])
    assert written["totals"] == {"error": 2}
