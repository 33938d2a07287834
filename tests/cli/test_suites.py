"""Many scenarios from the command line: choosing, bad choices, comparing, judging again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

SCENARIO = """\
version: 1
name: Greeting
tags: [smoke]
vars: {who: Ada}
agent:
  adapter: composable
  stt: pocketsphinx/espeak
  dialogue: {greeting: Thank you for calling.}
  tts: espeak/en-us
matrix: {word: [calling, thank]}
script:
  - agent: {says: "${word}"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one scenario of two cases."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "greeting.yaml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path / "scenarios"


def test_what_would_be_run_is_listed(voicetest: Run, folder: Path) -> None:
    done = voicetest("run", folder, "--list")
    lines = [line.split("  ", 1)[1] for line in done.stdout.splitlines()]
    assert lines == [
        "Greeting  [word=calling]  (composable, smoke)",
        "Greeting  [word=thank]  (composable, smoke)",
    ]
    listed = json.loads(voicetest("run", folder, "--list", "--json", "--limit", "1").stdout)
    assert [case["case"] for case in listed] == ["word=calling"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--shard", "3/2"], 2, "there is no part 3 of 2: write 1/2 to 2/2"),
        (["--timeout", "5"], 2, "5 has no unit: write 5s"),
        (["--jobs", "0"], 2, "--jobs"),
        (["--repeat", "0"], 2, "--repeat"),
        (["--var", "whom=x"], 2, "this file defines no such variable"),
        (["--env-file", "none"], 2, "none: cannot be read: No such file"),
        (["--tag", "slow"], 5, "no scenario was selected"),
        (["--skip-tag", "smoke", "--list"], 5, ""),
        (["--failed"], 3, "there is no run runs/latest"),
    ],
)
def test_a_choice_that_cannot_be_made_is_explained(
    voicetest: Run, folder: Path, words: list[str], code: int, message: str
) -> None:
    done = voicetest("run", folder, *words)
    assert done.returncode == code
    assert message in done.stderr


def test_without_a_path_there_is_nothing_to_run(voicetest: Run) -> None:
    done = voicetest("run")
    assert done.returncode == 2
    assert "name scenario files" in done.stderr


def test_a_suite_is_run_again_compared_and_judged_again(voicetest: Run, folder: Path) -> None:
    first = voicetest("run", folder, "--fail-fast", "--json")
    assert first.returncode == 0
    summary = json.loads(first.stdout)
    assert [line["folder"] for line in summary["scenarios"]] == [
        "greeting--word=calling",
        "greeting--word=thank",
    ]
    text = SCENARIO.replace("[calling, thank]", "[calling, thank, goodbye]")
    (folder / "greeting.yaml").write_text(text, encoding="utf-8")
    assert voicetest("run", folder).returncode == 1
    again = voicetest("run", "--failed", "--json")
    assert [case["case"] for case in json.loads(again.stdout)["cases"]] == ["word=goodbye"]
    same = voicetest("compare", summary["folder"], summary["folder"])
    assert (same.returncode, same.stdout.split(" ")[1]) == (0, "same\n")
    judged = voicetest("rescore", summary["folder"])
    assert judged.returncode == 0
    assert judged.stdout.endswith("2 calls judged again, 0 changed\n")
    assert voicetest("compare", summary["folder"], "nowhere").returncode == 3
