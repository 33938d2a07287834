"""Every kind of check, holding and failing, on calls in which voicetest itself was late."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.call.test_lapses import harness_stopped
from tests.checks.test_steps import PAIRS
from tests.checks.timelines import Story, only
from voicetest.audio.defects import Defect
from voicetest.call.harness import Harness
from voicetest.call.record import CallError
from voicetest.call.timeline import EndReason, UserInterrupt
from voicetest.checks.metrics import UNITS
from voicetest.checks.result import Check, Result
from voicetest.scenario.checks import Checks

HEARD = {"says", "says_any", "matches", "calls_tool", "presses", "ends_call"}
"""What was heard was heard."""
STOPPED = [0.0, 1.5, 6.0]
"""When the step of a pair has begun, while its agent speaks, and in what is left of it."""


def _stopped(at_s: float, seconds: float = 3.0) -> Harness:
    return harness_stopped(at_s, seconds, frames=3000)


def _expected(name: str) -> str:
    return f"script:\n  - agent:\n      {name}: {PAIRS[name].expected}\n"


@pytest.mark.parametrize("at_s", STOPPED)
@pytest.mark.parametrize("name", PAIRS)
def test_what_fails_after_a_stop_is_inconclusive(tmp_path: Path, name: str, at_s: float) -> None:
    result = PAIRS[name].fails.judged(tmp_path, _expected(name), harness=_stopped(at_s))
    assert only(result, name).inconclusive
    assert result.status == "inconclusive"


@pytest.mark.parametrize("name", sorted(set(PAIRS) - HEARD - {"within", "lasts"}))
@pytest.mark.parametrize("at_s", STOPPED)
def test_what_needs_the_whole_step_is_inconclusive_if_it_holds(
    tmp_path: Path, name: str, at_s: float
) -> None:
    result = PAIRS[name].holds.judged(tmp_path, _expected(name), harness=_stopped(at_s))
    assert (only(result, name).passed, only(result, name).inconclusive) == (True, True)
    assert result.status == "inconclusive"


@pytest.mark.parametrize("name", sorted(HEARD))
@pytest.mark.parametrize("at_s", STOPPED)
def test_what_was_heard_was_heard(tmp_path: Path, name: str, at_s: float) -> None:
    result = PAIRS[name].holds.judged(tmp_path, _expected(name), harness=_stopped(at_s))
    assert (only(result, name).passed, only(result, name).inconclusive) == (True, False)
    assert result.status == "passed"


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("holds", [True, False])
def test_a_stop_after_a_step_changes_nothing_of_it(tmp_path: Path, name: str, holds: bool) -> None:
    story = PAIRS[name].holds if holds else PAIRS[name].fails
    result = story.judged(tmp_path, _expected(name), harness=_stopped(20.0))
    assert result.status == ("passed" if holds else "failed")


@pytest.mark.parametrize("name", PAIRS)
def test_an_agent_that_fails_on_a_machine_with_usual_jitter_fails(
    tmp_path: Path, name: str
) -> None:
    result = PAIRS[name].fails.judged(tmp_path, _expected(name), harness=_stopped(1.5, 0.06))
    assert result.status == "failed"


@pytest.mark.parametrize(
    ("latency", "within", "stopped_s", "status"),
    [
        (0.9, "5s", 3.0, "passed"),  # 3 s more or less are still within 5 s
        (0.9, "3s", 3.0, "inconclusive"),
        (0.9, "1s", 0.2, "inconclusive"),
        (0.7, "1s", 0.2, "passed"),
        (1.1, "1s", 0.2, "inconclusive"),
        (1.3, "1s", 0.2, "failed"),
        (9.0, "1s", 3.0, "inconclusive"),  # who knows what the agent heard
    ],
)
def test_a_time_holds_while_the_error_leaves_it_below_its_limit(
    tmp_path: Path, latency: float, within: str, stopped_s: float, status: str
) -> None:
    story = Story().begin(0, 0.0).user_says(1.0, 2.0).end(0, 2.0)
    story.begin(1, 2.0).agent_says(2.0 + latency, 14.0).end(1, 14.0, 0)
    scenario = f"script:\n  - user: Hello?\n  - agent: {{within: {within}}}\n"
    result = story.judged(tmp_path, scenario, harness=_stopped(2.1, stopped_s))
    assert result.status == status


def _unanswered(reason: EndReason) -> Story:
    return Story().begin(0, 0.0).end(0, 10.0, reason=reason, limit_s=4.0, cause="nothing came")


@pytest.mark.parametrize("expected", ["", ": {within: 4s}", ": hello"])
@pytest.mark.parametrize(
    "reason",
    [EndReason.FIRST_CHUNK_TIMEOUT, EndReason.IDLE_TIMEOUT, EndReason.TURN_TIMEOUT],
)
def test_an_answer_that_did_not_come_may_have_come_while_nobody_listened(
    tmp_path: Path, reason: EndReason, expected: str
) -> None:
    scenario = f"script:\n  - agent{expected}\n"
    assert _unanswered(reason).judged(tmp_path, scenario).status == "failed"
    result = _unanswered(reason).judged(tmp_path, scenario, harness=_stopped(5.0))
    assert result.status == "inconclusive"
    assert only(result, "answers").inconclusive


def test_steps_that_were_not_reached_after_a_stop_are_inconclusive(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(1.0, 2.0, "Bye.").agent_leaves(2.5).end(0, 2.5, 0)
    scenario = "script:\n  - agent\n  - user: Hello?\n  - agent\n"
    assert story.judged(tmp_path, scenario).status == "failed"
    assert story.judged(tmp_path, scenario, harness=_stopped(0.5)).status == "inconclusive"


class Over(NamedTuple):
    """A step that makes a sound over the agent."""

    step: str
    check: str
    holds: float
    fails: float
    """When the agent stops so that it holds, or fails."""


OVER = [
    Over("interrupt: {says: Stop!, after: 1s}", "interrupted", 3.2, 9.0),
    Over("interrupt: Stop!\n    stops_within: 1s", "stops_within", 2.8, 3.9),
    Over("backchannel: Yes.", "keeps_talking", 9.0, 3.2),
    Over("noise: cough\n    after: 1s", "keeps_talking", 9.0, 3.2),
]


def _over(over: Over, stops: float) -> Story:
    kind = over.step.partition(":")[0]
    story = Story().begin(0, 0.0).end(0, 2.0).begin(1, 2.0)
    if kind == "interrupt":
        story.add(2.5, "user", UserInterrupt(1, "voice", 0))
    story.user_says(2.5, 3.0, step=1, kind=kind)  # type: ignore[arg-type]
    return story.agent_says(1.0, stops).end(1, 12.0)


def _step(over: Over) -> str:
    step = over.step.replace("{says: Stop!, after: 1s}", "Stop!")
    return f"script:\n  - agent\n  - {step}\n"


@pytest.mark.parametrize("over", OVER, ids=lambda over: over.step.partition(":")[0])
@pytest.mark.parametrize("holds", [True, False])
def test_what_the_agent_did_when_it_was_spoken_over_needs_time(
    tmp_path: Path, over: Over, holds: bool
) -> None:
    story = _over(over, over.holds if holds else over.fails)
    quiet = only(story.judged(tmp_path, _step(over)), over.check)
    assert (quiet.passed, quiet.inconclusive) == (holds, False)
    late = only(story.judged(tmp_path, _step(over), harness=_stopped(2.2, 1.5)), over.check)
    assert late.inconclusive


def _two_answers() -> Story:
    story = Story().begin(0, 0.0).user_says(1.0, 2.0).end(0, 2.0).begin(1, 2.0)
    story.agent_says(2.5, 4.0, "Hello.").end(1, 5.0, 0)
    story.begin(2, 5.0).user_says(5.0, 6.0, step=2).end(2, 6.0).begin(3, 6.0)
    return story.agent_says(6.7, 8.0, "Bye.").end(3, 9.0, 1).agent_leaves(9.5)


FOUR = "script:\n  - user: Hello.\n  - agent\n  - user: Hello.\n  - agent\n"
HOLDS: Mapping[str, tuple[str, str]] = {
    "response_latency": ("max: 5s", "max: 0.1s"),
    "time_to_first_audio": ("max: 5s", "max: 0.1s"),
    "dead_air": ("max: 2s", "max: 0.1s"),
    "overlap": ("max: 2s", "min: 1s"),
    "duration": ("max: 61s", "max: 1s"),
    "turns": ("max: 2", "max: 1"),
    "missed_responses": ("max: 0", "min: 1"),
    "talk_over": ("max: 0%", "min: 1%"),
    "talk_overs": ("max: 0", "min: 1"),
    "false_yields": ("max: 0", "min: 1"),
    "hung_up_by": ("equals: agent", "equals: user"),
}
"""A limit of the whole call that holds, and one that does not."""


def _metric(name: str, limit: str) -> str:
    key, _, value = limit.partition(": ")
    shown = value if key == "equals" else f"{{{limit}}}"
    return f"{FOUR}checks: {{{name}: {shown}}}\n"


def _judged_metric(tmp_path: Path, name: str, limit: str, harness: Harness | None) -> Check:
    result = _two_answers().judged(tmp_path, _metric(name, limit), 60.0, harness=harness)
    return only(result, name)


KNOWN = sorted(set(HOLDS) & set(UNITS) & set(Checks.model_fields) - {"time_to_first_audio"})


@pytest.mark.parametrize("name", KNOWN)
def test_a_limit_of_the_whole_call_that_fails_after_a_stop_is_inconclusive(
    tmp_path: Path, name: str
) -> None:
    quiet = _judged_metric(tmp_path, name, HOLDS[name][1], None)
    assert (quiet.passed, quiet.inconclusive) == (False, False)
    assert _judged_metric(tmp_path, name, HOLDS[name][1], _stopped(3.0)).inconclusive


@pytest.mark.parametrize("name", KNOWN)
def test_a_limit_of_the_whole_call_that_holds_after_a_stop(tmp_path: Path, name: str) -> None:
    quiet = _judged_metric(tmp_path, name, HOLDS[name][0], None)
    assert (quiet.passed, quiet.inconclusive) == (True, False)
    late = _judged_metric(tmp_path, name, HOLDS[name][0], _stopped(3.0))
    assert late.passed
    # 3 s more are still below 5 s, and who hung up is known.
    assert late.inconclusive is (name not in {"response_latency", "hung_up_by"})


def test_a_length_holds_while_all_that_was_missed_leaves_it_below_its_limit(tmp_path: Path) -> None:
    assert not _judged_metric(tmp_path, "dead_air", "max: 5s", _stopped(3.0)).inconclusive
    assert not _judged_metric(tmp_path, "duration", "max: 70s", _stopped(3.0)).inconclusive


def test_latencies_hold_no_limit_where_an_answer_may_have_been_missed(tmp_path: Path) -> None:
    story = _two_answers().copy().user_says(10.0, 11.0, step=0)
    scenario = _metric("response_latency", "max: 5s")
    assert not only(story.judged(tmp_path, scenario), "response_latency").inconclusive
    late = story.judged(tmp_path, scenario, harness=_stopped(12.0))
    assert only(late, "response_latency").inconclusive


def test_words_of_the_whole_call(tmp_path: Path) -> None:
    def status(checks: str) -> str:
        scenario = f"{FOUR}checks: {{{checks}}}\n"
        return _two_answers().judged(tmp_path, scenario, harness=_stopped(3.0)).status

    assert status("says: hello") == "passed"
    assert status("says: refund") == "inconclusive"
    assert status("never_says: refund") == "inconclusive"
    assert status("never_says: hello") == "inconclusive"
    assert status("never_calls: lookup") == "inconclusive"


def _defective(at_s: float) -> Story:
    story = Story().begin(0, 0.0).agent_says(1.0, 9.0, "Hi.").end(0, 10.0, 0)
    story.defects.append(Defect("drop-out", at_s))
    return story


@pytest.mark.parametrize(("at_s", "status"), [(4.03, "passed"), (6.0, "failed")])
def test_a_gap_that_voicetest_made_itself_is_no_drop_out(
    tmp_path: Path, at_s: float, status: str
) -> None:
    scenario = "script:\n  - agent: {sounds_clean: true}\n"
    result = _defective(at_s).judged(tmp_path, scenario, harness=_stopped(4.0, 0.06))
    assert result.status == status
    assert result.harness is not None
    assert result.harness.own_gaps_s == ((at_s,) if status == "passed" else ())


def test_the_reason_says_how_late_voicetest_was_and_what_to_do(tmp_path: Path) -> None:
    result = PAIRS["says"].fails.judged(tmp_path, _expected("says"), harness=_stopped(1.5, 3.1))
    assert result.reason == (
        "this machine stood still for 3.1 s at 1.5 s: 1 of 1 checks cannot be told, run fewer "
        "calls at once (--jobs) or on a quieter machine"
    )
    assert "stood still for 3.1 s" in only(result, "on_time").actual


def test_the_bounds_and_the_lapses_stand_in_the_result(tmp_path: Path) -> None:
    harness = PAIRS["says"].holds.judged(tmp_path, _expected("says"), harness=_stopped(1.5)).harness
    assert harness is not None
    assert harness.bounds is not None
    assert harness.lapses is not None
    (lapse,) = harness.lapses
    assert (lapse.kind, lapse.start_s) == ("stood_still", 1.5)
    assert lapse.seconds == pytest.approx(3.0)
    assert (harness.bounds.late_s, harness.bounds.always_late_s) == (0.25, 0.1)


@pytest.mark.parametrize("kind", ["connection", "protocol"])
def test_an_error_of_the_line_after_a_stop_says_that_this_machine_was_late(
    tmp_path: Path, kind: str
) -> None:
    def broken(harness: Harness | None) -> Result:
        error = CallError(kind, "the line broke: closed with code 1011", "calling")
        return _unanswered(EndReason.ERROR).judged(
            tmp_path, "script:\n  - agent\n", error=error, harness=harness
        )

    assert broken(None).reason == "the line broke: closed with code 1011"
    late = broken(_stopped(4.0))
    assert late.status == "error"
    assert "this machine stood still for 3.0 s at 4.0 s" in late.reason
    assert late.errors[0].message == late.reason


@pytest.mark.parametrize("kind", ["bug", "interrupted"])
def test_an_error_that_no_lateness_makes_is_told_as_it_is(tmp_path: Path, kind: str) -> None:
    error = CallError(kind, "it went wrong", "calling")
    story = _unanswered(EndReason.ERROR)
    result = story.judged(tmp_path, "script:\n  - agent\n", error=error, harness=_stopped(4.0))
    assert result.reason == "it went wrong"
