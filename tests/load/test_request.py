"""What a command line or a file asks for, and what is said to what cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.errors import ScenarioError
from voicetest.load.request import Misuse, Options, limits_by, request_by, stage_by
from voicetest.scenario.load import load_scenario
from voicetest.scenario.load_limits import Bound, LoadLimits, limits_of
from voicetest.scenario.load_stages import stage_words

STAGES = ("20 calls, ramp 30s, hold 2m",)


@pytest.mark.parametrize(
    ("text", "calls", "rate", "ramp", "hold", "pause", "arrivals"),
    [
        ("20 calls, ramp 30s, hold 2m", 20, None, 30, 120, 1, "even"),
        ("20 calls ramp 30s hold 2m", 20, None, 30, 120, 1, "even"),
        ("1 call for 90s", 1, None, 0, 90, 1, "even"),
        ("5 calls, hold 1m, pause 0s", 5, None, 0, 60, 0, "even"),
        ("0 calls, ramp 30s", 0, None, 30, 0, 1, "even"),
        ("3/s, hold 1m", None, 3, 0, 60, 1, "even"),
        ("90/m for 1m, poisson", None, 1.5, 0, 60, 1, "poisson"),
        ("120 / h, ramp 500ms, hold 1h", None, 120 / 3600, 0.5, 3600, 1, "even"),
    ],
)
def test_a_stage_on_one_line(
    text: str,
    calls: int | None,
    rate: float | None,
    ramp: float,
    hold: float,
    pause: float,
    arrivals: str,
) -> None:
    stage = stage_by(text)
    assert (stage.calls, stage.rate, stage.ramp, stage.hold) == (calls, rate, ramp, hold)
    assert (stage.pause, stage.arrivals) == (pause, arrivals)
    assert stage_by(stage_words(stage)).rate == pytest.approx(rate)
    assert stage_by(stage_words(stage)).length_s == ramp + hold


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3", "write '3 calls, hold 2m' (so many at once) or '3/s, hold 2m'"),
        ("20 calls", "takes no time: write 'hold'"),
        ("20 calls, hold 2", "'hold 2' is no part of a stage"),
        ("20 calls, hold 2x", "expected a duration"),
        ("3/s", "takes no time"),
        ("3/d, hold 1m", "expected a rate such as 3/s or 90/m"),
        ("0/s, hold 1m", "is no rate"),
        ("20 calls, hold 1m, hold 2m", "a second time"),
        ("20 calls, hold 1m, poisson", "'arrivals' goes with 'rate' only"),
        ("3/s, hold 1m, pause 1s", "'pause' goes with 'calls' only"),
        ("20000 calls, hold 1m", "at most 10000 calls at once"),
        ("lots", "expected a stage such as"),
        ("", "expected a stage such as"),
    ],
)
def test_a_stage_that_cannot_be_meant_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(Misuse) as refused:
        stage_by(text)
    assert says in str(refused.value)


def test_limits_are_put_beside_those_of_the_file() -> None:
    base = LoadLimits.model_validate({"response_latency": {"p95": "1s"}, "errors": "1%"})
    words = ["response_latency p99 <= 3s", "connect: max 2s", "failed 5", "errors 2%"]
    assert list(limits_of(limits_by(words, base))) == [
        Bound("response_latency", "p95", 1.0),
        Bound("response_latency", "p99", 3.0),
        Bound("connect", "max", 2.0),
        Bound("failed", "count", 5.0),
        Bound("errors", "share", 0.02),
        Bound("dropped", "count", 0.0, usual=True),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("latency p95 1s", "unknown metric 'latency'"),
        ("response_latncy p95 1s", "did you mean 'response_latency'?"),
        ("response_latency 1s", "write 'response_latency p95 1.5s'"),
        ("response_latency p42 1s", "one of p50, p90, p95, p99, max"),
        ("response_latency p95 1", "1 has no unit: write 1s or 1000ms"),
        ("errors", "write 'errors 0' or 'errors 1%'"),
        ("errors few", "expected a number of calls such as 0 or a share such as 1%"),
        ("", "unknown metric ''"),
    ],
)
def test_a_limit_that_cannot_be_meant_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(Misuse) as refused:
        limits_by([text], LoadLimits())
    assert says in str(refused.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A load file with two scenarios beside it."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("version: 1\n")
    path = tmp_path / "load.yaml"
    path.write_text(
        """
load:
  scenarios: [a.yaml, {file: b.yaml, share: 30%}]
  stages: [{calls: 20, ramp: 30s, hold: 2m}, "3/s, hold 1m"]
  limits: {response_latency: {p95: 1.5s}, connect: {p95: 2s}, errors: 1%, dropped: 0}
  keep: {failed: 5, sample: 2%}
  most: {calls: 2000, cost: 20}
  targets: [bot.example.com]
"""
    )
    return path


def test_a_file_says_all_of_it(file: Path) -> None:
    request = request_by([file], Options())
    shares = {path.name: share for path, share in request.scenarios}
    assert shares == pytest.approx({"a.yaml": 0.7, "b.yaml": 0.3})
    assert [stage_words(stage) for stage in request.stages] == [
        "20 calls, ramp 30s, hold 120s",
        "3/s, hold 60s",
    ]
    assert (request.keep.failed, request.keep.sample) == (5, 0.02)
    assert (request.most.calls, request.most.cost) == (2000, 20.0)
    assert request.targets == ("bot.example.com",)
    assert len(list(limits_of(request.limits))) == 5


def test_what_the_command_line_says_takes_its_place(file: Path) -> None:
    options = Options(
        stages=("1 call for 5s",), max_calls=3, keep_failed=0, sample=1.0, targets=("other",)
    )
    request = request_by([file], options)
    assert [stage_words(stage) for stage in request.stages] == ["1 call, hold 5s"]
    assert (request.most.calls, request.most.cost) == (3, 20.0)
    assert (request.keep.failed, request.keep.sample) == (0, 1.0)
    assert request.targets == ("bot.example.com", "other")


def test_scenarios_without_a_file_share_equally(tmp_path: Path) -> None:
    request = request_by([tmp_path / "a.yaml", tmp_path / "b.yaml"], Options(stages=STAGES))
    assert [share for _, share in request.scenarios] == [None, None]
    assert (request.keep.failed, request.keep.sample, request.finish_s) == (20, 0.01, 120.0)


def test_a_load_without_stages_says_how_to_write_them(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="say how many calls"):
        request_by([tmp_path / "a.yaml"], Options())


def test_a_sample_of_more_than_all_calls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="200% is more than all calls"):
        request_by([tmp_path / "a.yaml"], Options(stages=("1 calls, hold 1s",), sample=2.0))


def test_stages_that_call_nobody_are_no_load(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="calls anybody"):
        request_by([tmp_path / "a.yaml"], Options(stages=("0 calls for 10s",)))


def test_a_load_file_that_is_run_as_a_scenario_says_what_to_do(file: Path) -> None:
    with pytest.raises(ScenarioError, match="this is a load test, not a scenario: voicetest load"):
        load_scenario(file)


def test_a_load_file_stands_alone(file: Path) -> None:
    with pytest.raises(Misuse, match="give it alone"):
        request_by([file, file.with_name("a.yaml")], Options())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("scenarios: [a.yaml]\n  stage: []", "unknown key 'stage' (did you mean 'stages'?)"),
        ("scenarios: []", "expected a list with at least 1 entry"),
        ("scenarios: [a.yaml]\n  keep: {sample: 130%}", "130% of the calls are more than all"),
        ("stages: []", "'scenarios' is missing here"),
        ("scenarios: [c.yaml]", "there is no file 'c.yaml'"),
        ("scenarios: [{file: a.yaml, share: 40%}]", "add up to 40%: write 100% in all"),
        (
            "scenarios: [{file: a.yaml, share: 70%}, {file: b.yaml, share: 40%}]",
            "add up to 110%: write 100% at most",
        ),
        ("scenarios: [{file: a.yaml, share: 100%}, b.yaml]", "leaves nothing for the other"),
        ("scenarios: [a.yaml]\n  stages: ['3']", "so many begin each second"),
        ("scenarios: [a.yaml]\n  stages: [{calls: 3/s, hold: 1m}]", "write 'rate: 3/s'"),
        ("scenarios: [a.yaml]\n  stages: [{rate: 3, hold: 1m}]", "3 has no unit: write 3/s"),
        ("scenarios: [a.yaml]\n  stages: [{calls: 3, rate: 3/s, hold: 1m}]", "one of both"),
        ("scenarios: [a.yaml]\n  limits: {latency: {p95: 1s}}", "unknown key 'latency'"),
        ("scenarios: [a.yaml]\n  limits: {connect: 2s}", "write {p95: 2s}"),
        ("scenarios: [a.yaml]\n  limits: {errors: 1.5}", "expected a number of calls such as 0"),
        ("scenarios: [a.yaml]\n  most: {calls: 0}", "expected at least one call, found 0"),
        ("scenarios: [a.yaml]\n  most: {cost: much}", "expected US dollars such as 20 or $0.50"),
    ],
)
def test_mistakes_in_a_file_are_told_with_their_place(file: Path, text: str, says: str) -> None:
    file.write_text(f"load:\n  {text}\n")
    with pytest.raises(ScenarioError) as refused:
        request_by([file], Options())
    assert says in str(refused.value)
    assert "load.yaml:" in str(refused.value)
