"""Whole runs: the same bytes each time, what is left when killed, and third-party adapters."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calls import Quiet
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.run import plan, run
from voicetest.speech.providers import Speech

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[1]
BILLING = ROOT / "scenarios/billing.yaml"


def _run(speech: Speech, folder: Path) -> Result:
    (folder / "segments").mkdir(parents=True)
    return run(plan(BILLING, {}, speech), folder, Quiet())


@pytest.fixture(scope="module")
def billing(tmp_path_factory: pytest.TempPathFactory, speech: Speech) -> Path:
    """The folder of one run of the demo."""
    folder = tmp_path_factory.mktemp("runs") / "billing"
    result = _run(speech, folder)
    assert result.status == "passed", result.checks
    return folder


def _manifest(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return loaded


def test_two_runs_with_one_seed_give_the_same_bytes(
    tmp_path: Path, billing: Path, speech: Speech
) -> None:
    again = tmp_path / "again"
    _run(speech, again)
    for name in ("recording.wav", "events.jsonl", "transcript.txt"):
        assert (again / name).read_bytes() == (billing / name).read_bytes(), name
    first, second = _manifest(billing), _manifest(again)
    for manifest in (first, second):
        del manifest["started_at"], manifest["sha256"]
    assert first == second


def test_the_recording_is_stereo_with_both_parties_and_as_long_as_the_call(billing: Path) -> None:
    with wave.open(str(billing / "recording.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 24_000, 2)
        duration = file.getnframes() / file.getframerate()
    assert duration == _manifest(billing)["duration_s"]
    both = read_span(billing / "recording.wav", 0, -1)
    assert np.abs(both[:, 0].astype(int)).max() > 5000
    assert np.abs(both[:, 1].astype(int)).max() > 5000


def test_offsets_in_the_manifest_point_at_speech(billing: Path) -> None:
    both = read_span(billing / "recording.wav", 0, -1).astype(float)
    for turn in _manifest(billing)["turns"]:
        track = both[:, 0 if turn["by"] == "user" else 1]
        start, end = round(turn["start_s"] * 24_000), round(turn["end_s"] * 24_000)
        inside = np.sqrt(np.mean(track[start:end] ** 2))
        before = np.sqrt(np.mean(track[max(start - 1200, 0) : start] ** 2)) if start > 0 else 0.0
        after = np.sqrt(np.mean(track[end : end + 1200] ** 2))
        assert inside > 500, turn
        assert before < inside / 20, turn
        assert after < inside / 20, turn


def test_the_conversation_is_the_one_that_was_scripted(billing: Path) -> None:
    manifest = _manifest(billing)
    assert [turn["by"] for turn in manifest["turns"]] == ["agent", "user"] * 4 + ["agent"]
    assert manifest["clock"] == "virtual"
    assert manifest["termination"]["by"] == "agent"
    (tool,) = manifest["tool_calls"]
    assert (tool["name"], json.loads(tool["arguments"])) == ("lookup_invoice", {"number": "4521"})
    assert manifest["metrics"]["response_latency"]["n"] == 4
    assert all(turn["understood"] for turn in manifest["turns"] if turn["by"] == "user")


def test_a_killed_run_leaves_a_playable_recording_and_every_event(
    tmp_path: Path, cache_folder: Path, billing: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "voicetest", "run", BILLING, "--clock", "real"],
        cwd=tmp_path,
        env=os.environ | {"VOICETEST_CACHE": str(cache_folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    log = tmp_path / "runs/latest/billing/events.jsonl"
    deadline = time.monotonic() + 60
    while "user_start_speaking" not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    with wave.open(str(log.with_name("recording.wav"))) as file:
        recorded = file.getnframes() / 24_000
        assert len(file.readframes(file.getnframes())) == file.getnframes() * 4
    assert recorded >= events[-1]["at"] - 0.2
    assert recorded > 3


def test_an_interrupted_run_writes_what_there_is(tmp_path: Path, cache_folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "voicetest", "run", BILLING, "--clock", "real"],
        cwd=tmp_path,
        env=os.environ | {"VOICETEST_CACHE": str(cache_folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    log = tmp_path / "runs/latest/billing/events.jsonl"
    deadline = time.monotonic() + 60
    while "agent_start_speaking" not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in output
    manifest = _manifest(log.parent)
    assert (manifest["status"], manifest["errors"][0]["kind"]) == ("error", "interrupted")
    summary = json.loads((tmp_path / "runs/latest/run.json").read_text())
    assert summary["exit_code"] == 130


PLUGIN = '''
from contextlib import asynccontextmanager
from voicetest.adapters.base import Adapter
from voicetest.adapters.composable import ComposableVoiceAgent


class Polite(ComposableVoiceAgent):
    """An agent of somebody else."""

    summary = "somebody else's agent"
'''


def test_an_adapter_of_another_package_is_listed_and_runs(
    tmp_path: Path, cache_folder: Path
) -> None:
    site = tmp_path / "site"
    information = site / "polite_voice-1.0.dist-info"
    information.mkdir(parents=True)
    (site / "polite_voice.py").write_text(PLUGIN)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: polite-voice\nVersion: 1\n")
    (information / "entry_points.txt").write_text(
        "[voicetest.adapters]\npolite = polite_voice:Polite\n"
    )
    (tmp_path / "agent.yaml").write_text("greeting: Good morning to you.\n")
    (tmp_path / "polite.yaml").write_text(
        "version: 1\n"
        "agent: {adapter: polite, stt: pocketsphinx, tts: espeak/en-us, dialogue: agent.yaml}\n"
        "script:\n  - agent: good morning\n"
    )
    environment = os.environ | {"VOICETEST_CACHE": str(cache_folder), "PYTHONPATH": str(site)}

    def voicetest(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "voicetest", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    assert "somebody else's agent" in voicetest("list-adapters").stdout
    done = voicetest("run", "polite.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
