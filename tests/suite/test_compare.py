"""Two runs beside one another: what counts as worse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from voicetest.checks.result import Status, Unit
from voicetest.report.manifest import Manifest
from voicetest.report.stored import StoredCall, StoredRun
from voicetest.report.summary import CaseLine, RunSummary, ScenarioLine
from voicetest.suite.compare import Change, compare
from voicetest.suite.comparison_table import comparison_lines
from voicetest.suite.repeat import wilson

Values = dict[str, tuple[Unit, list[float | str]]]


def _run(**cases: tuple[Status, int, int, Values]) -> StoredRun:
    lines, calls = [], []
    for name, (status, passed, failed, values) in cases.items():
        identity: dict[str, Any] = {
            "name": name,
            "file": name,
            "where": f"{name}:1",
            "adapter": "x",
        }
        low, high = wilson(passed, passed + failed) if passed + failed else (None, None)
        case = CaseLine(
            **identity,
            status=status,
            reason="",
            exit_code=0,
            repeat=passed + failed,
            passed=passed,
            failed=failed,
            wilson_low=low,
            wilson_high=high,
        )
        line = ScenarioLine(
            **identity, status=status, reason="", exit_code=0, duration_s=1.0, folder=name
        )
        metrics = {
            metric: {"unit": unit, "n": len(found), "values": found}
            for metric, (unit, found) in values.items()
        }
        known: dict[str, Any] = {"status": status, "metrics": _metrics(metrics)}
        manifest = Manifest.model_construct(**known)
        calls.append(StoredCall(line, case, Path(name), manifest))
        lines.append(case)
    summary = RunSummary(
        command=(),
        started_at="",
        finished_at="",
        folder="f",
        exit_code=0,
        totals={},
        cases=tuple(lines),
        scenarios=(),
    )
    return StoredRun(Path("f"), summary, tuple(calls))


def _metrics(values: dict[str, dict[str, Any]]) -> dict[str, Any]:
    from voicetest.checks.metrics import summarise

    return {name: summarise(name, metric["values"]) for name, metric in values.items()}


def _one(values: Values, status: Status = "passed", passed: int = 1, failed: int = 0) -> StoredRun:
    return _run(a=(status, passed, failed, values))


def _changes(base: StoredRun, new: StoredRun, effect: float = 0.1) -> dict[str, str]:
    return {row.metric: row.change for row in compare(base, new, effect).rows}


@pytest.mark.parametrize(
    ("metric", "unit", "base", "new", "change"),
    [
        ("response_latency", "s", [1.0, 1.0, 5.0], [1.2, 1.2, 1.2], "worse"),
        ("response_latency", "s", [1.0], [0.8], "better"),
        ("response_latency", "s", [1.0], [1.09], "same"),
        ("response_latency", "s", [0.2], [0.24], "same"),
        ("response_latency", "s", [0.2], [0.26], "worse"),
        ("talk_over", "share", [0.0], [0.015], "same"),
        ("talk_over", "share", [0.0], [0.25], "worse"),
        ("false_yields", "count", [0.0, 0.0, 0.0], [0.0, 1.0, 1.0], "worse"),
        ("missed_responses", "count", [2.0], [0.0], "better"),
        ("duration", "s", [10.0], [30.0], "changed"),
        ("turns", "count", [3.0], [5.0], "changed"),
        ("hung_up_by", "party", ["agent"], ["user"], "changed"),
    ],
)
def test_a_figure_is_worse_only_beyond_a_minimum_effect(
    metric: str, unit: Unit, base: list[float | str], new: list[float | str], change: str
) -> None:
    found = compare(_one({metric: (unit, base)}), _one({metric: (unit, new)}))
    assert [row.change for row in found.rows if row.metric == metric] == [change]
    assert found.exit_code == (1 if change == "worse" else 0)


def test_the_minimum_effect_can_be_chosen() -> None:
    base, new = _one({"stop_time": ("s", [1.0])}), _one({"stop_time": ("s", [1.3])})
    assert _changes(base, new)["stop_time"] == Change.WORSE
    assert _changes(base, new, 0.5)["stop_time"] == Change.SAME


@pytest.mark.parametrize(
    ("base", "new", "change", "code"),
    [
        (("passed", 1, 0), ("failed", 0, 1), "worse", 1),
        (("failed", 0, 1), ("passed", 1, 0), "better", 0),
        (("passed", 1, 0), ("error", 0, 0), "not comparable", 4),
        (("passed", 20, 0), ("passed", 10, 10), "worse", 1),
        (("passed", 20, 0), ("passed", 19, 1), "same", 0),
    ],
)
def test_a_verdict_counts_as_well(
    base: tuple[Status, int, int], new: tuple[Status, int, int], change: str, code: int
) -> None:
    found = compare(_run(a=(*base, {})), _run(a=(*new, {})))
    assert [(row.metric, row.change) for row in found.rows] == [("verdict", change)]
    assert found.exit_code == code


def test_a_case_that_is_gone_is_a_failure_unless_that_is_allowed() -> None:
    base, new = _run(a=("passed", 1, 0, {})), _run(b=("failed", 0, 1, {}))
    found = compare(base, new)
    assert [(row.name, row.change) for row in found.rows] == [
        ("a", "only in base"),
        ("b", "only in new"),
    ]
    assert found.exit_code == 1
    assert list(comparison_lines(found, every=False, as_json=False))[-1].startswith("gone: a; ")
    allowed = compare(base, new, allow_missing=True)
    assert allowed.exit_code == 5
    assert "gone" not in "".join(comparison_lines(allowed, every=False, as_json=False))
    # What was not run before is not missed, and what is new is nobody's failure.
    assert compare(_run(a=("skipped", 0, 0, {})), new).exit_code == 5
    assert compare(new, _run(b=("failed", 0, 1, {}), c=("passed", 1, 0, {}))).exit_code == 0


def test_the_table_shows_what_differs() -> None:
    base = _one({"response_latency": ("s", [1.0]), "turns": ("count", [3.0])})
    new = _one({"response_latency": ("s", [1.5]), "turns": ("count", [3.0])})
    lines = list(comparison_lines(compare(base, new), every=False, as_json=False))
    assert lines[1].split("  ")[0] == "a"
    assert "1.000 s" in lines[1]
    assert "+0.500 s (+50%)" in lines[1]
    assert lines[1].endswith("worse")
    assert lines[-1] == "1 worse, 2 same"
    assert len(list(comparison_lines(compare(base, new), every=True, as_json=False))) == 5
