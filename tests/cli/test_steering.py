"""Whatever stands in files and in what the far side said: no command's output steers anything."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.report.runs import call, manifest, run_of, turn, unmet_check
from tests.steering import MARKER, found_in, steers
from voicetest.checks.result import CallWarning
from voicetest.report.manifest import as_json

WRITABLE = MARKER.replace("\ud83d", "")
"""YAML files are UTF-8, in which no half of a character can stand."""
_COMMANDS = re.compile(r"^::(error|warning) file=[^\n]*?::", re.MULTILINE)


def _quoted(text: str) -> str:
    """As it stands in YAML."""
    return '"' + "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in text) + '"'


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    """A scenario with the text wherever a file may hold one."""
    spoken = _quoted(WRITABLE)
    (tmp_path / "agent.yaml").write_text("greeting: Hello.\n")
    (tmp_path / "odd.yaml").write_text(
        f"version: 1\nname: {spoken}\ndescription: {spoken}\ntags: [{spoken}]\nskip: {spoken}\n"
        "agent: {adapter: composable, stt: pocketsphinx, tts: espeak/en-us, dialogue: agent.yaml}\n"
        f"matrix: {{city: [{spoken}]}}\nuser: {{voice: espeak/en-us}}\n"
        f"script:\n  - agent: {{says: {spoken}}}\n  - user: 'Hi ${{city}}.'\n",
        encoding="utf-8",
    )
    return "odd.yaml"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A run of one failed call in which nothing else was said."""
    found = manifest(
        "failed",
        MARKER,
        reason=MARKER,
        turns=(turn(0, "agent", MARKER),),
        checks=(unmet_check(actual=MARKER),),
        warnings=(CallWarning(message=MARKER, at_s=1.0),),
    )
    made = call(
        "failed", name=MARKER, found=found, folder=tmp_path / "runs/now/billing", reason=MARKER
    )
    folder = tmp_path / "runs/now"
    (folder / "billing").mkdir(parents=True)
    (folder / "billing/manifest.json").write_text(as_json(found), encoding="utf-8")
    (folder / "run.json").write_text(run_of(made).summary.as_json(), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("validate",),
        ("validate", "--json"),
        ("plan",),
        ("run", "--list"),
        ("run", "--list", "--json"),
        ("run",),
        ("run", "--json"),
    ],
    ids=" ".join,
)
def test_what_stands_in_a_scenario_steers_nothing(
    voicetest: Run, scenario: str, words: tuple[str, ...]
) -> None:
    done = voicetest(words[0], scenario, *words[1:])
    assert steers(done.stdout + done.stderr) == []
    if "--json" in words:
        json.loads(done.stdout)


def test_what_a_mistake_quotes_steers_nothing(voicetest: Run, tmp_path: Path) -> None:
    key = _quoted(WRITABLE)
    (tmp_path / "bad.yaml").write_text(
        f"version: 1\n{key}: 1\nagent: {{adapter: {key}}}\nscript: [{{{key}: 1}}]\n"
    )
    for command in ("validate", "run"):
        done = voicetest(command, "bad.yaml", "--var", "a=b")
        assert done.returncode == 2
        assert steers(done.stdout + done.stderr) == []
        assert all(line.startswith("bad.yaml:") for line in done.stderr.splitlines())
    done = voicetest("validate", "bad.yaml", "--json")
    assert json.loads(done.stdout)["problems"]
    assert steers(done.stdout) == []


@pytest.mark.parametrize("words", [("compare", "--all"), ("compare", "--json", "--all")])
def test_a_comparison_steers_nothing(voicetest: Run, stored: Path, words: tuple[str, ...]) -> None:
    done = voicetest(words[0], stored, stored, *words[1:])
    assert found_in(done.stdout)
    assert steers(done.stdout + done.stderr) == []
    if "--json" in words:
        json.loads(done.stdout)


def test_reports_of_a_run_steer_nothing(
    voicetest: Run, stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    done = voicetest("report", stored, "--junit", "a.xml", "--html", "a.html", "--json", "--github")
    assert json.loads(done.stdout)["cases"][0]["name"] == MARKER
    assert steers(done.stdout) == []
    assert "::error file=" in done.stderr
    assert steers(done.stderr, own=_COMMANDS) == []
    for file in ("a.xml", "a.html", "summary.md"):
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert found_in(text)
        assert steers(text) == []


def test_an_argument_that_is_quoted_steers_nothing(voicetest: Run, tmp_path: Path) -> None:
    odd = WRITABLE.replace("/", "")
    for words in (("validate", odd), ("report", odd), ("plan", odd), ("run", "a", "--var", odd)):
        done = voicetest(*words)
        assert done.returncode in (2, 3)
        assert steers(done.stdout + done.stderr) == []
