"""The commands that help before a run: init, plan, doctor, validate --json, completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]


def test_init_plan_validate_follow_each_other(voicetest: Run, tmp_path: Path) -> None:
    done = voicetest("init", "--adapter", "openai_realtime")
    assert done.returncode == 0
    assert "written  scenarios/openai-realtime.yaml" in done.stdout
    assert "next: voicetest plan scenarios/openai-realtime.yaml" in done.stdout
    assert voicetest("validate", "scenarios").returncode == 0
    planned = voicetest("plan", "scenarios/openai-realtime.yaml", "--offline")
    assert planned.returncode == 0
    assert "The agent speaks first" in planned.stdout
    again = voicetest("init", "--adapter", "openai_realtime")
    assert (again.returncode, "nothing is overwritten" in again.stderr) == (3, True)


def test_plan_of_a_file_with_mistakes_is_exit_2(voicetest: Run) -> None:
    done = voicetest("plan", "nowhere.yaml")
    assert (done.returncode, done.stderr) == (2, "nowhere.yaml: there is no such file\n")


def test_the_doctor_prints_every_topic(voicetest: Run) -> None:
    done = voicetest("doctor")
    topics = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert topics == [
        "python",
        "packages",
        "adapters",
        "keys",
        "programs",
        "ports",
        "cache",
        "leftovers",
    ]
    assert done.returncode == 0


def test_the_doctor_exits_with_3_when_something_is_wrong(
    voicetest: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.delenv("VOICETEST_CACHE")
    assert voicetest("doctor").returncode == 3


def test_problems_can_be_had_as_json(voicetest: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "version: 1\nagent: {adapter: composible}\nscript: [agent]\n"
    )
    done = voicetest("validate", "--json", "bad.yaml", ROOT / "scenarios" / "billing.yaml")
    assert done.returncode == 2
    found = json.loads(done.stdout)
    assert found["files"] == 2
    (problem,) = found["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("bad.yaml", 2, 18)
    assert "did you mean 'composable'" in problem["message"]


def test_no_problem_is_valid_json_too(voicetest: Run) -> None:
    done = voicetest("validate", "--json", ROOT / "scenarios" / "billing.yaml")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"files": 1, "problems": [], "notes": []}


@pytest.mark.process
def test_the_shell_completes_adapters() -> None:
    asked = {
        "_VOICETEST_COMPLETE": "complete_bash",
        "COMP_WORDS": "voicetest init --adapter open",
        "COMP_CWORD": "3",
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("voicetest")],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["openai_realtime"]
