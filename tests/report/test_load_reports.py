"""The page, the JUnit file and the lines of a load."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from jsonschema import Draft202012Validator

from tests.load.engines import WELL, PretendedEngine, drive
from tests.load.test_tally import FAILED, REFUSED, SLOW, loaded, tallied
from tests.report.browsers import opened
from voicetest.load.request import stage_by
from voicetest.report.load_charts import charts_by_level, charts_over_time
from voicetest.report.load_html import load_html
from voicetest.report.load_junit import load_junit
from voicetest.report.load_summary import LoadSummary, load_schema
from voicetest.report.load_text import result_lines
from voicetest.report.seal import breaks_seal

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))
EVIL = "</script><img src=x onerror=alert(1)>\u202e\x1b[31m"


@pytest.fixture(scope="module")
def summary() -> LoadSummary:
    """Slow answers, failures and errors of two stages."""
    stages = [stage_by("8 calls, ramp 20s, hold 30s"), stage_by("1/s for 20s")]
    every = [WELL, SLOW, WELL, FAILED, replace(REFUSED, reason=EVIL), WELL]
    engine = PretendedEngine(outcome=lambda n: replace(every[n % 6], folder=f"calls/{n:06}"))
    limits = ["response_latency p95 1.5s", "connect p95 2s", "errors 50%"]
    return tallied(drive(*stages, engine=engine), stages, limits)


def test_load_json_keeps_to_its_schema_and_carries_its_checksum(summary: LoadSummary) -> None:
    found = json.loads(summary.as_json())
    Draft202012Validator(load_schema()).validate(found)
    assert not breaks_seal(found)
    assert LoadSummary.model_validate(found).figures == summary.figures


def test_each_limit_is_a_test_case(summary: LoadSummary) -> None:
    text = load_junit(summary)
    SCHEMA.validate(text)
    suite = ET.fromstring(text)[0]  # noqa: S314  # our own
    failing = [
        case.get("name") for case in suite.findall("testcase") if case.find("failure") is not None
    ]
    assert failing == ["response latency p95", "failed calls"]
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["6", "2", "0"]


def test_what_voicetest_could_not_do_is_an_error_and_no_failure() -> None:
    suite = ET.fromstring(load_junit(loaded(WELL, slots=2)))[0]  # noqa: S314  # our own
    wrong = {case.get("name"): [part.tag for part in case] for case in suite.findall("testcase")}
    assert wrong["dropped starts"] == ["error"]
    assert wrong["voicetest kept time"] == ["error", "system-out"]
    assert suite.get("failures") == "0"


def test_the_page_shows_curves_over_time_and_over_concurrency(summary: LoadSummary) -> None:
    titles = [chart.title for chart in charts_over_time(summary)]
    assert titles[:4] == [
        "Calls on the line",
        "Calls that begin, a second",
        "Response latency",
        "Time to connect",
    ]
    latency = next(c for c in charts_by_level(summary) if c.title == "Response latency")
    assert [curve.name for curve in latency.curves] == ["p50", "p95", "p99"]
    assert [mark.label for mark in latency.limits] == ["limit p95: 1.5 s"]
    assert len(latency.curves[0].dots) == sum(
        level.figures.response_latency.n > 0 for level in summary.levels
    )


def test_no_point_of_a_curve_lies_outside_its_drawing(summary: LoadSummary) -> None:
    for chart in (*charts_over_time(summary), *charts_by_level(summary)):
        for curve in chart.curves:
            assert all(0 <= float(dot.x) <= 100 for dot in curve.dots)
            assert all(0 <= float(dot.y) <= chart.high for dot in curve.dots)
        assert len(chart.across) >= 2


def test_what_others_said_steers_no_page(summary: LoadSummary, tmp_path: Path) -> None:
    text = load_html(summary, tmp_path, tmp_path / "load.html")
    assert "<img" not in text
    assert "&lt;img" in text
    assert "\x1b" not in text
    assert "<script" not in text
    for line in result_lines(summary):
        assert "\n" not in line


@pytest.mark.browser
def test_the_page_opens_without_an_error_and_is_not_wider_than_a_phone(
    summary: LoadSummary, tmp_path: Path
) -> None:
    page = tmp_path / "load.html"
    page.write_text(load_html(summary, tmp_path, page), encoding="utf-8")
    with opened(page) as view:
        assert view.locator("figure.chart").count() == len(
            [*charts_over_time(summary), *charts_by_level(summary)]
        )
        view.set_viewport_size({"width": 380, "height": 700})
        assert view.evaluate("document.documentElement.scrollWidth") <= 380


def test_the_lines_at_the_end_say_both_verdicts_and_each_limit(summary: LoadSummary) -> None:
    lines = list(result_lines(summary))
    assert lines[0].startswith("FAILED  the agent: response latency p95 at most 1.5 s")
    assert lines[1].startswith("in time  voicetest:")
    assert sum("BROKEN" in line for line in lines) == 2


def test_a_load_in_which_nothing_was_measured_has_a_page_too(tmp_path: Path) -> None:
    empty = loaded(WELL, most_calls=0)
    assert empty.figures.begun == 0
    assert "no call was made" in load_html(empty, tmp_path, tmp_path / "x.html")
