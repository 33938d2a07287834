"""Files whose names are not UTF-8: everything is written, said and found again."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 here"),
]

SCENARIO = """\
version: 1
agent: {adapter: composable, stt: pocketsphinx/espeak, dialogue: agent.yaml, tts: espeak/en-us}
user: {voice: espeak/en-us+f2}
script:
  - agent: goodbye
limits: {patience: 1s}
"""


def test_a_scenario_and_a_folder_with_such_names_are_run_and_read_again(
    voicetest: Run, tmp_path: Path
) -> None:
    scenario, runs = (os.fsdecode(name) for name in (b"b\xff.yaml", b"runs-\xfe"))
    (tmp_path / scenario).write_text(SCENARIO)
    (tmp_path / "agent.yaml").write_text("greeting: Thank you.\n")
    reports = ["--html", "page.html", "--junit", "junit.xml"]
    assert voicetest("run", scenario, "--out", runs, *reports).returncode == 1
    run = (tmp_path / runs / "latest").resolve()
    summary = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert summary["scenarios"][0]["file"] == r"b\xff.yaml"
    assert summary["scenarios"][0]["name"] == r"b\xff"
    assert r"runs-\xfe" in summary["folder"]
    (manifest,) = run.glob("*/manifest.json")
    assert json.loads(manifest.read_text())["scenario"]["file"] == r"b\xff.yaml"
    assert 'src="runs-%FE/' in (tmp_path / "page.html").read_text()
    assert r"b\xff" in (tmp_path / "junit.xml").read_text()
    assert voicetest("rescore", run).returncode == 1
    assert voicetest("report", run).returncode == 0
    assert voicetest("run", "--failed", "--out", runs, "--list").returncode == 0
    assert voicetest("validate", scenario, "--json").returncode == 0
