"""Each check on the whole call, once holding and once not, and `expect` on the call so far."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.checks.timelines import Story, checks_of, only
from voicetest.call.line import LineKind
from voicetest.call.timeline import CallEnded, EndReason, FirstAudio, UserInterrupt
from voicetest.events import ToolCalled, Transcript
from voicetest.scenario.checks import Bounds, Checks, CountBounds, SecondsBounds, ShareBounds

SCRIPT = "script:\n  - user: Hello there.\n  - agent\n"


class Pair(NamedTuple):
    """A check with a call in which it holds and one in which it does not."""

    check: str
    holds: Story
    fails: Story


def _call(answer_s: float = 2.8, text: str = "Hi.", understood: str = "Hello there.") -> Story:
    """The user speaks from 1 to 2 s, the agent answers at `answer_s` until 5 s."""
    story = Story().begin(0, 1.0).user_says(1.0, 2.0, "Hello there.").end(0, 2.0).begin(1, 2.0)
    story.add(2.2, "agent", Transcript("user", understood))
    return story.agent_says(answer_s, 5.0, text).end(1, 5.0, 0)


def _greeted(at_s: float) -> Story:
    story = Story().agent_says(at_s, at_s + 0.1)
    return story.begin(0, 1.0).user_says(1.0, 2.0).end(0, 2.0).begin(1, 2.0).end(1, 3.0)


def _audible(at_s: float) -> Story:
    return Story().user_says(1.0, 2.0).add(at_s, "agent", FirstAudio())


def _over(kind: LineKind, stops_at_s: float) -> Story:
    """The agent speaks from 0.5 s on, the user speaks over it from 1 to 2 s."""
    story = Story().agent_says(0.5, stops_at_s).add(1.0, "user", UserInterrupt(0, "voice", 0))
    return story.begin(0, 0.0).user_says(1.0, 2.0, "No.", kind=kind).end(0, 2.0).begin(1, 2.0)


def _called(*names: str) -> Story:
    story = _call()
    return story.add(3.0, "agent", *(ToolCalled(name, name, '{"n": 1}') for name in names))


def _unanswered() -> Story:
    story = Story().begin(0, 1.0).user_says(1.0, 2.0).end(0, 2.0).begin(1, 2.0)
    return story.end(1, 62.0, reason=EndReason.TURN_ENDED)


PAIRS: Mapping[str, Pair] = {
    "response_latency": Pair("{max: 1s}", _call(2.8), _call(3.2)),
    "greeting_latency": Pair("{max: 500ms}", _greeted(0.4), _greeted(0.6)),
    "time_to_first_audio": Pair("{max: 500ms}", _audible(2.4), _audible(2.6)),
    "stop_time": Pair("{max: 500ms}", _over("interrupt", 1.4), _over("interrupt", 1.6)),
    "false_yields": Pair("{max: 0}", _over("backchannel", 3.1), _over("backchannel", 1.6)),
    "talk_over": Pair("{max: 20%}", _call(1.9), _call(1.7)),
    "talk_overs": Pair("{max: 0}", _call(2.8), _call(1.9)),
    "overlap": Pair("{max: 200ms}", _call(1.9), _call(1.7)),
    "dead_air": Pair("{max: 1s}", _call(2.8), _call(3.2)),
    "duration": Pair("{max: 60s}", _call(), _call().agent_says(60.0, 60.5)),
    "turns": Pair("{equals: 1}", _call(), _call().agent_says(6.0, 7.0)),
    "missed_responses": Pair("{max: 0}", _call(), _unanswered()),
    "wer": Pair("{max: 20%}", _call(), _call(understood="Hello bear.")),
    "pooled_wer": Pair("{max: 20%}", _call(), _call(understood="Hello bear.")),
    "hung_up_by": Pair(
        "agent", _call().agent_leaves(6.0), _call().add(6.0, "user", CallEnded("user"))
    ),
    "says": Pair("refund", _call(text="Your refund."), _call(text="Your reward.")),
    "never_says": Pair("cancel", _call(text="All done."), _call(text="I will cancel it.")),
    "calls_tool": Pair("[a, {name: b, arguments: {n: 1}}]", _called("a", "b"), _called("b")),
    "never_calls": Pair("[a, b]", _called("c"), _called("b")),
}


def _duration(story: Story) -> float:
    return max(entry.at for entry in story.entries)


def test_every_check_has_a_call_that_fulfils_and_one_that_breaks_it() -> None:
    assert set(PAIRS) == set(Checks.model_fields) - {"severity"}


@pytest.mark.parametrize("name", PAIRS)
def test_a_check_of_the_whole_call_holds(tmp_path: Path, name: str) -> None:
    scenario = SCRIPT + f"checks:\n  {name}: {PAIRS[name].check}\n"
    story = PAIRS[name].holds
    checks = checks_of(story.judged(tmp_path, scenario, _duration(story)), name)
    assert checks
    assert all(check.passed for check in checks)


@pytest.mark.parametrize("name", PAIRS)
def test_a_check_of_the_whole_call_fails_at_its_line(tmp_path: Path, name: str) -> None:
    scenario = SCRIPT + f"checks:\n  {name}: {PAIRS[name].check}\n"
    story = PAIRS[name].fails
    result = story.judged(tmp_path, scenario, _duration(story))
    (check,) = [check for check in checks_of(result, name) if not check.passed]
    assert check.where.endswith("scenario.yaml:7")
    assert (check.step, check.severity, check.at_s) == (None, "fail", _duration(story))
    assert check.expected
    assert check.actual
    assert result.status == "failed"


@pytest.mark.parametrize("name", PAIRS)
def test_a_check_that_only_warns_leaves_the_call_passed(tmp_path: Path, name: str) -> None:
    story = PAIRS[name].fails.copy().begin(0, 1.0).end(0, 2.0).begin(1, 2.0).end(1, 5.0)
    scenario = SCRIPT + f"checks: {{{name}: {PAIRS[name].check}, severity: warn}}\n"
    result = story.judged(tmp_path, scenario, _duration(story))
    assert [check.name for check in result.checks if not check.passed] == [name]
    assert result.status == "passed"


@pytest.mark.parametrize("name", sorted(set(PAIRS) - {"hung_up_by"}))  # not known before the end
@pytest.mark.parametrize("holds", [True, False])
def test_an_expect_step_checks_the_same_on_the_call_so_far(
    tmp_path: Path, name: str, holds: bool
) -> None:
    pair = PAIRS[name]
    story = pair.holds if holds else pair.fails
    at = _duration(story)
    story = story.copy().begin(2, at).end(2, at)
    story.add(at + 1, "agent", Transcript("agent", "refund, cancel"))
    scenario = SCRIPT + f"  - expect:\n      {name}: {pair.check}\n"
    checks = checks_of(story.judged(tmp_path, scenario, at + 9), name)
    assert all(check.passed for check in checks) is holds
    assert {check.where.rpartition(":")[2] for check in checks} == {"7"}
    assert {(check.step, check.at_s) for check in checks} == {(2, at)}


# --- statistics

LATENCIES = (0.2, 0.4, 0.6, 0.8, 2.0)
"""Mean 0.8, median 0.6, 90th and 95th percentile 2.0."""
BROKEN: Mapping[str, tuple[str, str]] = {
    "min": ("200ms", "210ms"),
    "max": ("2s", "1.99s"),
    "mean": ("800ms", "790ms"),
    "p50": ("600ms", "590ms"),
    "p90": ("2s", "1.99s"),
    "p95": ("2s", "1.99s"),
    "equals": ("2s", "1.99s"),
}
"""For each statistic a limit that holds and one that does not."""


def _five_answers() -> Story:
    story = Story()
    for number, latency in enumerate(LATENCIES):
        start = number * 10.0
        story.user_says(start, start + 1, step=0).agent_says(start + 1 + latency, start + 5)
    return story.begin(0, 0.0).end(0, 50.0).begin(1, 50.0).end(1, 50.0)


def test_every_statistic_has_a_limit_that_holds_and_one_that_does_not() -> None:
    assert set(BROKEN) == set(Bounds.model_fields)


@pytest.mark.parametrize("statistic", BROKEN)
@pytest.mark.parametrize("holds", [True, False])
def test_a_statistic_is_held_against_its_limit(tmp_path: Path, statistic: str, holds: bool) -> None:
    limit = BROKEN[statistic][0 if holds else 1]
    scenario = SCRIPT + f"checks: {{response_latency: {{{statistic}: {limit}}}}}\n"
    check = only(_five_answers().judged(tmp_path, scenario), "response_latency")
    assert check.passed is holds
    assert check.expected.startswith(f"{statistic} ")
    values = dict(zip(BROKEN, (0.2, 2.0, 0.8, 0.6, 2.0, 2.0, 2.0), strict=True))
    assert check.value == pytest.approx(values[statistic])
    assert check.limit == pytest.approx(float(limit.rstrip("ms")) / (1000 if "m" in limit else 1))


def test_several_limits_of_one_metric_are_checks_of_their_own(tmp_path: Path) -> None:
    scenario = SCRIPT + "checks:\n  response_latency:\n    p50: 1s\n    max: 1s\n"
    checks = checks_of(_five_answers().judged(tmp_path, scenario), "response_latency")
    found = [(check.expected, check.passed, check.where.rpartition(":")[2]) for check in checks]
    assert found == [("max 1 s", False, "9"), ("p50 1 s", True, "8")]


def test_people_see_limits_and_values_in_their_units(tmp_path: Path) -> None:
    scenario = SCRIPT + (
        "checks: {response_latency: {max: 1s}, talk_over: {max: 5%}, turns: {min: 2}, "
        "hung_up_by: agent}\n"
    )
    story = _call(3.2345).add(6.0, "user", CallEnded("user"))
    checks = story.judged(tmp_path, scenario).checks
    assert [(check.expected, check.actual) for check in checks] == [
        ("max 1 s", "1.23 s"),
        ("max 5.0%", "0.0%"),
        ("min 2", "1"),
        ("equals agent", "user"),
    ]


@pytest.mark.parametrize("statistic", ["p50", "p90", "p95", "mean"])
def test_percentiles_say_how_many_values_they_are_of(tmp_path: Path, statistic: str) -> None:
    scenario = SCRIPT + f"checks: {{response_latency: {{{statistic}: 5s}}}}\n"
    check = only(_five_answers().judged(tmp_path, scenario), "response_latency")
    assert check.actual.endswith(" s (n=5)")


def test_percentiles_of_fewer_than_five_values_are_marked(tmp_path: Path) -> None:
    scenario = SCRIPT + "checks: {response_latency: {p95: 5s}}\n"
    assert "n<5" in only(_call().judged(tmp_path, scenario), "response_latency").actual


def test_a_check_without_any_value_fails_and_says_so(tmp_path: Path) -> None:
    scenario = SCRIPT + "checks: {greeting_latency: {max: 1s}, wer: {max: 10%}}\n"
    story = Story().begin(0, 1.0).user_says(1.0, 2.0).end(0, 2.0).begin(1, 2.0).end(1, 3.0)
    result = story.judged(tmp_path, scenario)
    assert [(check.actual, check.passed) for check in result.checks] == [
        ("nothing to measure", False)
    ] * 2
    assert result.status == "failed"


def test_every_kind_of_limit_has_the_statistics_of_all() -> None:
    for kind in (SecondsBounds, ShareBounds, CountBounds):
        assert set(kind.model_fields) == set(BROKEN)


# --- words and tools of the whole call


def test_a_phrase_may_be_said_in_any_turn_of_the_call(tmp_path: Path) -> None:
    story = _call(text="One.").agent_says(6.0, 7.0, "Two.").agent_says(8.0, 9.0, "Three.")
    result = story.judged(tmp_path, SCRIPT + "checks: {says: [one, three], never_says: four}\n")
    assert [check.passed for check in result.checks] == [True, True, True]
    assert result.checks[0].actual == '"One. … Two. … Three."'


def test_an_expect_step_does_not_see_what_comes_after_it(tmp_path: Path) -> None:
    story = _call(text="Let me look.").begin(2, 5.5).end(2, 5.5)
    story.begin(3, 5.5).agent_says(6.0, 9.0, "I will cancel it.").end(3, 9.0, 1)
    scenario = (
        SCRIPT + "  - expect: {never_says: cancel, says: look, turns: {equals: 1}, "
        "duration: {equals: 5.5s}, overlap: {max: 0s}}\n  - agent\nchecks: {turns: {equals: 2}}\n"
    )
    assert story.judged(tmp_path, scenario).status == "passed"


def test_speech_that_goes_on_over_an_expect_step_is_cut_there(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).user_says(1.0, 2.0).end(0, 2.0).begin(1, 2.0).end(1, 6.0, 0)
    story.begin(2, 6.0).end(2, 6.0).agent_says(1.5, 60.0)
    story.entries.sort(key=lambda entry: entry.at)
    scenario = SCRIPT + "  - expect: {overlap: {equals: 500ms}, dead_air: {equals: 0s}}\n"
    assert story.judged(tmp_path, scenario).status == "passed"


def test_an_expect_step_that_was_not_reached_fails_as_such(tmp_path: Path) -> None:
    result = _call().judged(tmp_path, SCRIPT + "  - expect: {says: hi}\n")
    assert [(check.name, check.step) for check in result.checks] == [("reached", 2)]
