"""A damaged run is refused with what is wrong with it, by every command that reads one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.damages import DAMAGES, JUDGED

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here"),
]

SCENARIO = """\
version: 1
agent: {adapter: composable, stt: pocketsphinx/espeak, dialogue: agent.yaml, tts: espeak/en-us}
user: {voice: espeak/en-us+f2}
script:
  - agent: thank you
  - user: Hello.
  - agent: {says: goodbye}
limits: {patience: 1s}
"""
AGENT = "greeting: Thank you.\nfallback: I see.\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is filled once with a scenario and a run of it."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def runs(voicetest: Run, made: Path, tmp_path: Path) -> Path:
    """Two runs of one failed call: `whole`, and `run` that is to be damaged."""
    (tmp_path / f"{JUDGED}.yaml").write_text(SCENARIO)
    (tmp_path / "agent.yaml").write_text(AGENT)
    if not (made / "run.json").exists():
        words = ("run", f"{JUDGED}.yaml", "--out", "first", "--segments")
        assert voicetest(*words).returncode == 1
        (first,) = (path for path in (tmp_path / "first").iterdir() if not path.is_symlink())
        shutil.copytree(first, made, dirs_exist_ok=True)
    for name in ("whole", "run"):
        shutil.copytree(made, tmp_path / "runs" / name)
    return tmp_path / "runs"


def _commands(runs: Path) -> list[list[str | Path]]:
    run, whole = runs / "run", runs / "whole"
    return [
        ["report", run, "--json", "--junit", runs / "junit.xml"],
        ["report", run, "--html", runs / "page.html"],
        ["compare", run, whole],
        ["compare", whole, run],
        ["rescore", run],
    ]


def test_a_whole_run_is_read_by_every_command(voicetest: Run, runs: Path) -> None:
    done = [voicetest(*words) for words in _commands(runs)]
    assert [one.returncode for one in done] == [0, 0, 0, 0, 1]
    assert not any("ignored" in one.stderr for one in done)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_refused(voicetest: Run, runs: Path, damage: str) -> None:
    DAMAGES[damage](runs / "run" / JUDGED)
    for words in _commands(runs):
        done = voicetest(*words)
        assert done.returncode == 3, words
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        assert str(runs / "run") in done.stderr
        assert _named(damage) in done.stderr
    assert not (runs / "page.html").exists()
    assert not (runs / "junit.xml").exists()


@pytest.mark.parametrize("damage", [name for name in DAMAGES if not name.startswith("run.json")])
def test_with_force_it_is_told_what_was_ignored(voicetest: Run, runs: Path, damage: str) -> None:
    DAMAGES[damage](runs / "run" / JUDGED)
    for words in (["rescore", runs / "run"], ["report", runs / "run", "--embed"]):
        done = voicetest(*words, "--force")
        # Of the only call without a recording nothing is left to be judged, or put into a page.
        lost = {3} if damage.startswith("recording.wav") else set()
        assert done.returncode in {0, 1, 4, 5} | lost, (words, done.stderr)
        assert "Traceback" not in done.stderr
        assert "ignored: " in done.stderr
        assert _named(damage) in done.stderr


def _named(damage: str) -> str:
    """What the message has to name."""
    words = damage.removeprefix("the ").removeprefix("a ").split()
    return {"call": JUDGED, "segment": "segments", "segments": "segments"}.get(words[0], words[0])
