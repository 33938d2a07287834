"""Whatever one call meets, the others are made, run.json tells of each, and the code is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.calls import Quiet
from tests.suite.agents import CALLED
from tests.suite.conftest import WriteScenario
from voicetest.checks.result import Result
from voicetest.report.console import Console
from voicetest.report.stored import load_run
from voicetest.report.summary import RunSummary
from voicetest.speech.providers import Speech
from voicetest.suite.ledger import Ledger
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite
from voicetest.suite.plan import load_all, plan_files

PARTS = (
    "executor.listening.agent_formants",
    "executor.listening.speech_defects",
    "run.make_call",
    "run.evaluate",
    "run.judge_call",
    "run.write_call",
    "report.call.transcript",
    "suite.errand.call",
    "suite.errand.finish",
    "suite.conduct.call_folder",
)


def _run(tmp_path: Path, *paths: Path, console: Console | None = None, **options: Any) -> Any:
    return run_suite(paths, tmp_path / "runs", console or Console(), RunOptions(**options))


def _stored(summary: RunSummary) -> Any:
    return json.loads((Path(summary.folder) / "run.json").read_text(encoding="utf-8"))


def _breaks(monkeypatch: pytest.MonkeyPatch, part: str, error: BaseException, nth: int) -> None:
    """Let a part of the pipeline fail the `nth` time it is used."""
    module, _, name = f"voicetest.{part}".rpartition(".")
    works = getattr(__import__(module, fromlist=[name]), name)
    used: list[object] = []

    def part_that_breaks(*args: Any, **options: Any) -> Any:
        used.append(args)
        if len(used) == nth:
            raise error
        return works(*args, **options)

    monkeypatch.setattr(f"voicetest.{part}", part_that_breaks)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ZeroDivisionError("ours"), 70),
        (MemoryError(), 3),
        (OSError(28, "No space left on device", "/full/file"), 3),
        (SystemExit(0), 70),
    ],
)
def test_a_part_that_breaks_in_one_call_ends_that_one_alone(
    tmp_path: Path,
    scenario: WriteScenario,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    error: BaseException,
    code: int,
) -> None:
    paths = [scenario(f"{name}.yaml") for name in "abc"]
    _breaks(monkeypatch, part, error, 2)
    summary = _run(tmp_path, *paths)
    assert [line.exit_code for line in summary.scenarios] == [0, code, 0]
    assert (summary.exit_code, _stored(summary)["exit_code"]) == (code, code)
    assert [line["exit_code"] for line in _stored(summary)["scenarios"]] == [0, code, 0]
    load_run(Path(summary.folder))
    if isinstance(error, OSError):
        assert "/full/file: No space left on device" in summary.scenarios[1].reason


@pytest.mark.parametrize("part", ["executor.listening.agent_formants", "run.evaluate"])
def test_a_bug_is_in_the_manifest_of_its_call_with_its_traceback(
    tmp_path: Path, scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    _breaks(monkeypatch, part, ZeroDivisionError("ours"), 1)
    folder = Path(_run(tmp_path, scenario("a.yaml")).folder) / "a"
    (fault,) = json.loads((folder / "manifest.json").read_text())["errors"]
    assert fault["kind"] == "bug"
    assert "ZeroDivisionError: ours" in fault["traceback"]
    assert (folder / "recording.wav").exists()


@pytest.mark.parametrize("plays", ["crash", "exit", "stop", "memory", "files"])
def test_the_other_repeats_are_made_when_one_call_meets_something(
    tmp_path: Path, scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch, plays: str
) -> None:
    summary = _run(tmp_path, scenario("a.yaml", agent=f"  plays: {plays}\n"), repeat=3)
    assert [plays] * 3 == CALLED
    assert [line.status for line in summary.scenarios] == ["error"] * 3
    assert summary.exit_code == (3 if plays in ("memory", "files") else 70)


class _Broken(Console):
    """A console of which one part is broken."""

    def __init__(self, part: str) -> None:
        super().__init__()
        setattr(self, part, self._breaks)

    def _breaks(self, *_: object) -> NoReturn:
        raise ZeroDivisionError


@pytest.mark.parametrize("part", ["begin", "notice", "end", "verdict"])
def test_a_console_that_breaks_changes_no_call(
    tmp_path: Path, scenario: WriteScenario, part: str
) -> None:
    paths = [scenario("a.yaml"), scenario("b.yaml", says="goodbye"), scenario("c.yaml")]
    summary = _run(tmp_path, *paths, console=_Broken(part), repeat=2)
    assert [case.exit_code for case in summary.cases] == [0, 1, 0]
    assert len(CALLED) == 5
    assert (summary.exit_code, _stored(summary)["exit_code"]) == (70, 70)


@pytest.mark.parametrize("part", ["call_line", "judged", "exit_code_of"])
def test_a_conductor_that_breaks_loses_no_other_case(
    tmp_path: Path, scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    paths = [scenario(f"{name}.yaml") for name in "abc"]
    _breaks(monkeypatch, f"suite.conduct.{part}", ZeroDivisionError("ours"), 1)
    summary = _run(tmp_path, *paths)
    assert [case.status for case in summary.cases] == ["error", "passed", "passed"]
    assert len(_stored(summary)["scenarios"]) == 3
    assert summary.exit_code == 70


def test_run_json_is_written_also_when_nothing_is_conducted(
    tmp_path: Path, scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    _breaks(monkeypatch, "suite.parallel.Conductor", MemoryError(), 1)
    summary = _run(tmp_path, scenario("a.yaml"), scenario("b.yaml"))
    assert [case.status for case in summary.cases] == ["error", "error"]
    assert [line.status for line in load_run(Path(summary.folder)).summary.scenarios] == [
        "error",
        "error",
    ]
    assert summary.exit_code == 3


def test_a_run_that_cannot_write_what_it_found_says_so(
    tmp_path: Path,
    scenario: WriteScenario,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    full = OSError(28, "No space left on device")
    _breaks(monkeypatch, "suite.closing.write_atomically", full, 1)
    summary = _run(tmp_path, scenario("a.yaml"))
    assert (summary.exit_code, summary.totals) == (3, {"passed": 1})
    assert "run.json cannot be written: No space left on device" in capsys.readouterr().err


@pytest.mark.parametrize("part", ["run.evaluate", "suite.ledger.run", "suite.ledger.call_folder"])
def test_a_run_that_grows_has_the_same_border(
    tmp_path: Path,
    scenario: WriteScenario,
    speech: Speech,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
) -> None:
    _breaks(monkeypatch, part, ZeroDivisionError("ours"), 1)
    ledger = Ledger.begin(tmp_path / "runs")
    results: list[Result] = []
    for name in "ab":
        (planned,) = plan_files(load_all([scenario(f"{name}.yaml")], {}).files, speech, "auto")
        results += [result for _, result in ledger.hold(planned, Quiet()).calls]
    assert [result.status for result in results] == ["error", "passed"]
    assert ledger.close().exit_code == 70
    load_run(ledger.folder)
