"""A whole run: its folder, its run.json, its exit code, and nobody called before all is sound."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.suite.agents import CALLED
from tests.suite.conftest import WriteScenario
from voicetest.errors import ScenarioError, SetupError
from voicetest.report.console import Console
from voicetest.report.github import workflow_commands
from voicetest.report.html import html
from voicetest.report.junit import junit
from voicetest.report.stored import load_run
from voicetest.report.summary import RunSummary
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite

Capture = pytest.CaptureFixture[str]
WORD = "xylophone-4711"


def _run(out: Path, *paths: Path, verbose: bool = False) -> RunSummary:
    return run_suite(paths, out, Console(verbose=verbose))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where runs go."""
    return tmp_path / "runs"


def _run_json(out: Path) -> Any:
    return json.loads((out / "latest" / "run.json").read_text(encoding="utf-8"))


def test_a_run_leaves_a_folder_with_one_folder_per_call(out: Path, scenario: WriteScenario) -> None:
    summary = _run(out, scenario("one.yaml"), scenario("two.yaml", says="goodbye"))
    folder = Path(summary.folder)
    found = sorted(path.name for path in folder.iterdir())
    assert found == ["begun.jsonl", "one", "run.json", "two"]
    assert (out / "latest").resolve() == folder.resolve()
    for line in summary.scenarios:
        manifest = json.loads((folder / str(line.folder) / "manifest.json").read_text())
        assert manifest["status"] == line.status
        assert manifest["duration_s"] == line.duration_s
        assert manifest["reason"] == line.reason


def test_run_json_is_the_summary(out: Path, scenario: WriteScenario) -> None:
    summary = _run(out, scenario("one.yaml"), scenario("two.yaml", says="goodbye"))
    assert _run_json(out) == json.loads(summary.as_json())
    assert summary.totals == {"passed": 1, "failed": 1}
    assert [(line.name, line.exit_code) for line in summary.scenarios] == [("one", 0), ("two", 1)]
    assert summary.exit_code == 1


def test_a_second_run_leaves_the_first_alone(out: Path, scenario: WriteScenario) -> None:
    path = scenario("one.yaml")
    first = Path(_run(out, path).folder)
    before = {file: file.read_bytes() for file in first.rglob("*") if file.is_file()}
    second = Path(_run(out, path).folder)
    assert second != first
    assert before == {file: file.read_bytes() for file in first.rglob("*") if file.is_file()}
    assert (out / "latest").resolve() == second.resolve()


def test_files_of_one_stem_have_folders_of_their_own(out: Path, scenario: WriteScenario) -> None:
    summary = _run(out, scenario("a/hello.yaml"), scenario("b/hello.yaml"))
    assert [line.folder for line in summary.scenarios] == ["a-hello", "b-hello"]


@pytest.mark.parametrize(
    ("plays", "codes", "code"),
    [
        (["greeting"], [0], 0),
        (["greeting", "crash"], [0, 70], 70),
        (["crash", "greeting"], [70, 0], 70),
    ],
)
def test_a_crash_ends_its_call_and_not_the_run(
    out: Path, scenario: WriteScenario, plays: list[str], codes: list[int], code: int
) -> None:
    paths = [scenario(f"{n}.yaml", agent=f"  plays: {play}\n") for n, play in enumerate(plays)]
    summary = _run(out, *paths)
    assert [line.exit_code for line in summary.scenarios] == codes
    assert summary.exit_code == code
    assert plays == CALLED


def test_an_interrupted_run_stops_and_keeps_what_it_has(out: Path, scenario: WriteScenario) -> None:
    paths = [
        scenario("a.yaml"),
        scenario("b.yaml", agent="  plays: interrupt\n"),
        scenario("c.yaml"),
    ]
    summary = _run(out, *paths)
    assert CALLED == ["greeting", "interrupt"]
    assert [line.exit_code for line in summary.scenarios] == [0, 130, 5]
    assert summary.scenarios[2].reason == "not run: interrupted"
    assert summary.exit_code == 130
    assert _run_json(out)["exit_code"] == 130
    manifest = json.loads((Path(summary.folder) / "b" / "manifest.json").read_text())
    assert (manifest["status"], manifest["errors"][0]["kind"]) == ("error", "interrupted")


def test_nobody_is_called_when_one_file_has_a_mistake(out: Path, scenario: WriteScenario) -> None:
    with pytest.raises(ScenarioError):
        _run(out, scenario("good.yaml"), scenario("bad.yaml", more="caller: {}\n"))
    assert CALLED == []
    assert not out.exists()


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        ("api_key: ${env.NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE"),
        ("package", "pip install 'rehearsed[gone]'"),
    ],
)
def test_what_one_case_lacks_is_an_error_of_its_own_and_the_others_are_called(
    out: Path, scenario: WriteScenario, capsys: Capture, lacks: str, told: str
) -> None:
    absent = scenario("b.yaml", agent="" if lacks == "package" else f"  {lacks}\n")
    if lacks == "package":
        absent.write_text(absent.read_text().replace("rehearsed", "gone"))
    paths = [scenario("a.yaml"), absent, scenario("c.yaml", says="goodbye"), scenario("d.yaml")]
    summary = _run(out, *paths[:2], paths[3])
    assert len(CALLED) == 2
    assert [line.status for line in summary.scenarios] == ["passed", "error", "passed"]
    line = summary.scenarios[1]
    assert (line.name, line.exit_code, line.folder) == ("b", 3, None)
    assert told in line.reason
    assert summary.exit_code == 3
    assert summary.totals == {"passed": 2, "error": 1}
    assert told in capsys.readouterr().out
    assert _run_json(out) == json.loads(summary.as_json())
    # A failure of an agent is more urgent than what a machine lacks.
    assert _run(out, *paths).exit_code == 1


def test_what_a_case_lacks_stands_in_every_report(out: Path, scenario: WriteScenario) -> None:
    absent = scenario("b.yaml")
    absent.write_text(absent.read_text().replace("rehearsed", "gone"))
    summary = _run(out, scenario("a.yaml"), absent)
    stored = load_run(Path(summary.folder))
    tests = ElementTree.fromstring(junit(stored).partition("\n")[2])  # noqa: S314  # our own
    (error,) = tests.iter("error")
    assert "pip install 'rehearsed[gone]'" in str(error.get("message"))
    assert tests.get("errors") == "1"
    assert "pip install &#39;rehearsed[gone]&#39;" in html(stored, out / "report.html")
    (command,) = workflow_commands(stored)
    assert command.startswith("::error file=")


def test_a_case_that_is_skipped_needs_nothing(out: Path, scenario: WriteScenario) -> None:
    absent = scenario("b.yaml", more="skip: not yet\n")
    absent.write_text(absent.read_text().replace("rehearsed", "gone"))
    summary = _run(out, scenario("a.yaml"), absent)
    assert summary.totals == {"passed": 1, "skipped": 1}
    assert summary.exit_code == 0


def test_what_a_case_lacks_ends_a_run_that_shall_end_with_the_first_error(
    out: Path, scenario: WriteScenario
) -> None:
    lacking = scenario("b.yaml", agent="  api_key: ${env.NOT_SET_ANYWHERE}\n")
    options = RunOptions(fail_fast=1)
    summary = run_suite([scenario("a.yaml"), lacking], out, Console(), options)
    assert CALLED == []
    assert summary.exit_code == 3
    assert summary.totals == {"skipped": 1, "error": 1}


def test_nobody_is_called_when_the_run_has_nowhere_to_go(
    out: Path, scenario: WriteScenario
) -> None:
    out.write_text("a file")
    with pytest.raises(SetupError, match="--out"):
        _run(out, scenario("a.yaml"))
    assert CALLED == []


def test_a_run_without_scenarios_ran_nothing(out: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "empty").mkdir()
    summary = _run(out, tmp_path / "empty")
    assert (summary.exit_code, summary.totals, summary.scenarios) == (5, {}, ())
    assert json.loads((Path(summary.folder) / "run.json").read_text())["exit_code"] == 5
    assert "no scenario was selected" in capsys.readouterr().err
    assert not (out / "latest").exists()


# --- what is printed and what is masked


def test_each_call_is_told_on_standard_error_and_judged_on_standard_output(
    out: Path, scenario: WriteScenario, capsys: Capture
) -> None:
    path = scenario("two.yaml", says="goodbye")
    summary = _run(out, scenario("one.yaml"), path)
    output = capsys.readouterr()
    verdicts = output.out.splitlines()
    assert verdicts[0].startswith("PASSED ")
    assert verdicts[1].startswith("FAILED ")
    assert f"  {path}:6  step 1  says (fail)" in verdicts
    assert '    expected: "goodbye"' in verdicts
    assert '    actual:   "Hello."' in verdicts
    assert f"  folder: {Path(summary.folder) / 'two'}" in verdicts
    assert "one: calling" in output.err.splitlines()


def test_a_secret_that_will_be_spoken_is_warned_of_before_the_call(
    out: Path, scenario: WriteScenario, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOKEN_ALOUD", WORD)
    _run(out, scenario("a.yaml", script="  - user: It is ${env.SPOKEN_ALOUD}.\n"))
    first = capsys.readouterr().err.splitlines()[0]
    assert first.startswith("warning: ")
    assert "a.yaml:6:11: this text contains an environment variable" in first


def _leaky(scenario: WriteScenario) -> Path:
    return scenario(
        "a.yaml",
        agent="  api_key: ${env.SPOKEN_ALOUD}\n  words: It is ${env.SPOKEN_ALOUD}.\n",
        more="name: About ${env.SPOKEN_ALOUD}\n",
        says='"not ${env.SPOKEN_ALOUD}"',
    )


def test_no_file_of_a_run_holds_a_secret(
    out: Path, scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOKEN_ALOUD", WORD)
    monkeypatch.setattr(sys, "argv", ["voicetest", "run", "--var", f"word={WORD}"])
    summary = _run(out, _leaky(scenario))
    for path in Path(summary.folder).rglob("*"):
        assert path.is_dir() or WORD.encode() not in path.read_bytes(), path.name
    written = _run_json(out)
    assert written["command"] == ["voicetest", "run", "--var", "word=***"]
    assert written["scenarios"][0]["name"] == "About ${env.SPOKEN_ALOUD}"


@pytest.mark.parametrize("verbose", [False, True])
def test_no_secret_is_printed(
    out: Path,
    scenario: WriteScenario,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    verbose: bool,
) -> None:
    monkeypatch.setenv("SPOKEN_ALOUD", WORD)
    _run(out, _leaky(scenario), verbose=verbose)
    output = capsys.readouterr()
    assert "FAILED" in output.out
    assert WORD not in output.out + output.err


def test_a_run_says_what_its_calls_cost(
    out: Path, scenario: WriteScenario, capsys: Capture
) -> None:
    costly = scenario("costly.yaml", more="  costs: $0.25\n")
    console = Console()
    summary = run_suite([costly, scenario("free.yaml")], out, console)
    console.finish(summary)
    assert [line.cost_usd for line in summary.scenarios] == [0.25, None]
    assert summary.cost_usd == 0.25
    manifest = json.loads((Path(summary.folder) / "costly" / "manifest.json").read_text())
    assert manifest["cost"] == {
        "usd": 0.25,
        "complete": True,
        "services": [
            {
                "service": "rehearsal",
                "requests": 1,
                "tokens_in": 3,
                "tokens_out": 5,
                "characters": 0,
                "seconds": 0.0,
                "usd": 0.25,
            }
        ],
    }
    free = json.loads((Path(summary.folder) / "free" / "manifest.json").read_text())
    assert free["cost"] is None
    shown = capsys.readouterr().out
    assert "s, $0.25)" in shown
    assert "2 passed, $0.25" in shown


def test_a_run_that_has_cost_enough_makes_no_further_paid_call(
    out: Path, scenario: WriteScenario
) -> None:
    paths = [scenario(f"{name}.yaml", more="  costs: $0.25\n") for name in ("one", "three", "two")]
    free = scenario("zero.yaml")
    summary = run_suite([*paths, free], out, Console(), RunOptions(max_cost_usd=0.5))
    assert [line.status for line in summary.scenarios] == ["passed", "passed", "error", "passed"]
    assert "--max-cost is $0.50 and $0.50 is spent" in summary.scenarios[2].reason
    assert summary.cost_usd == 0.5
    assert summary.exit_code == 3
