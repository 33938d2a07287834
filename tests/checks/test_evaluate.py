"""From the record of a call to its verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.timelines import Story, harness_late_by, only, write_scenario
from voicetest.call.harness import Harness
from voicetest.call.playout import Slip
from voicetest.call.record import CallError
from voicetest.call.timeline import CallEnded, EndReason
from voicetest.checks.evaluate import evaluate
from voicetest.checks.result import ToolCallRecord

SCRIPT = "script:\n  - user: Hello?\n  - agent: {says: hello}\n"


def _call(text: str = "Hello.") -> Story:
    story = Story().begin(0, 0.0).user_says(0.0, 1.0).end(0, 1.0)
    return story.begin(1, 1.0).agent_says(1.5, 3.0, text).end(1, 3.0, 0)


def test_a_call_passes_when_all_checks_hold(tmp_path: Path) -> None:
    result = _call().judged(tmp_path, SCRIPT + "checks: {turns: {equals: 1}}\n")
    assert (result.status, result.reason) == ("passed", "all 2 checks hold")
    assert result.errors == ()


def test_a_call_fails_when_one_check_does_not_hold(tmp_path: Path) -> None:
    result = _call("Bye.").judged(tmp_path, SCRIPT + "checks: {turns: {equals: 1}}\n")
    assert result.status == "failed"
    assert result.reason.endswith('the agent said "Bye."')


def test_an_error_is_neither_a_pass_nor_a_failure_of_the_agent(tmp_path: Path) -> None:
    error = CallError("connection", "the line broke", "calling")
    for story in (_call(), _call("Bye.")):
        result = story.judged(tmp_path, SCRIPT, error=error)
        assert (result.status, result.reason) == ("error", "the line broke")
        (fault,) = result.errors
        assert (fault.kind, fault.message, fault.where) == (
            "connection",
            "the line broke",
            "calling",
        )
        assert fault.traceback is None


def test_a_bug_keeps_its_traceback(tmp_path: Path) -> None:
    error = CallError("bug", "a bug", "calling", "Traceback …")
    assert _call().judged(tmp_path, SCRIPT, error=error).errors[0].traceback == "Traceback …"


def test_a_line_that_never_opened_is_not_checked(tmp_path: Path) -> None:
    error = CallError("connection", "refused", "dialling")
    result = Story().judged(tmp_path, SCRIPT, 0.0, error=error, opened=False)
    assert (result.status, result.checks, result.harness) == ("error", (), None)
    assert (result.turns, result.termination.by) == ((), None)


def test_reaching_the_longest_duration_fails_at_its_line(tmp_path: Path) -> None:
    story = _call().add(5.0, "voicetest", CallEnded("limit", reason="max_duration 5s"))
    scenario = SCRIPT + "limits:\n  max_duration: 5s\n"
    result = story.judged(tmp_path, scenario, 5.0)
    check = only(result, "max_duration")
    assert (check.passed, check.where.rpartition(":")[2]) == (False, "7")
    assert check.expected == "the call ends within 5 s"
    assert result.status == "failed"
    assert (result.termination.by, result.termination.reason) == ("limit", "max_duration 5s")


def test_a_limit_that_is_not_written_fails_without_a_line_of_its_own(tmp_path: Path) -> None:
    story = _call().add(600.0, "voicetest", CallEnded("limit"))
    check = only(story.judged(tmp_path, SCRIPT, 600.0), "max_duration")
    assert check.expected == "the call ends within 600 s"
    assert "scenario.yaml" in check.where


def test_checks_stand_in_the_order_of_the_script_then_expects_then_the_whole_call(
    tmp_path: Path,
) -> None:
    story = Story().begin(0, 0.0).end(0, 0.0).begin(1, 0.0).agent_says(1.0, 2.0, "Hi.")
    story.end(1, 2.0, 0).begin(2, 2.0).end(2, 2.0)
    scenario = (
        "script:\n  - expect: {turns: {equals: 0}}\n  - agent: {says: hi}\n"
        "  - expect: {says: hi}\nchecks: {turns: {equals: 1}, never_says: bye}\n"
    )
    result = story.judged(tmp_path, scenario)
    assert [(check.name, check.step) for check in result.checks] == [
        ("says", 1),
        ("turns", 0),
        ("says", 2),
        ("never_says", None),
        ("turns", None),
    ]
    assert result.status == "passed"


def test_tool_calls_are_listed_with_their_turn_and_their_answer(tmp_path: Path) -> None:
    story = _call().agent_calls(4.0, "lookup", '{"n":1}')
    assert story.judged(tmp_path, SCRIPT).tool_calls == (
        ToolCallRecord(
            id="call-1",
            name="lookup",
            arguments='{"n":1}',
            at_s=4.0,
            turn=2,
            result='"done"',
            failed=False,
            answered_at_s=4.5,
        ),
    )


@pytest.mark.parametrize("by", ["user", "agent"])
def test_the_party_that_hung_up_ended_the_call(tmp_path: Path, by: str) -> None:
    story = _call()
    if by == "agent":
        story.agent_leaves(5.0)
    else:
        story.add(5.0, "user", CallEnded("user"))
    result = story.judged(tmp_path, SCRIPT)
    code = 1000 if by == "agent" else None
    assert (result.termination.by, result.termination.code) == (by, code)
    assert result.metrics["hung_up_by"].values == (by,)


def test_the_figures_of_the_harness_are_in_milliseconds(tmp_path: Path) -> None:
    harness = harness_late_by(0.0125, at_s=1.0, frames=100)
    harness.slips = [Slip(1.0, -0.02), Slip(2.0, 0.005)]
    harness.jitter_buffer_s = 0.04
    figures = _call().judged(tmp_path, SCRIPT, harness=harness).harness
    assert figures is not None
    assert figures.frames_sent == 100
    assert (figures.lateness_p50_ms, figures.lateness_p99_ms) == (0.0, 0.0)
    assert figures.lateness_max_ms == pytest.approx(12.5)
    assert (figures.playout_dropped_s, figures.playout_inserted_s) == (0.02, 0.005)
    assert figures.jitter_buffer_s == 0.04


def test_a_call_whose_frames_were_late_has_a_warning(tmp_path: Path) -> None:
    harness = Harness()
    for number in range(100):
        harness.frame(number * 0.02, number * 0.02, number * 0.02 + 0.03)
    result = _call().judged(tmp_path, SCRIPT, harness=harness)
    assert "warn" in [check.severity for check in result.checks]


def test_playouts_delay_is_taken_off_every_latency(tmp_path: Path) -> None:
    scenario = SCRIPT.replace("{says: hello}", "{within: 1s}")
    harness = Harness(jitter_buffer_s=0.04)
    result = _call().judged(tmp_path, scenario, harness=harness)
    assert only(result, "within").value == pytest.approx(0.46)
    assert result.metrics["response_latency"].values == (0.46,)
    assert result.turns[1].response_latency_s == 0.46


def test_silence_steps_are_no_dead_air(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).user_says(0.0, 1.0).end(0, 1.0)
    story.begin(1, 1.0).end(1, 9.0).begin(2, 9.0).agent_says(9.5, 10.0).end(2, 10.0, 0)
    scenario = "script:\n  - user: Hi\n  - silence: 8s\n  - agent\n"
    assert story.judged(tmp_path, scenario).metrics["dead_air"].values == (0.5,)
    loud = "script:\n  - user: Hi\n  - agent\n  - agent\n"
    assert story.judged(tmp_path, loud).metrics["dead_air"].values == (8.5,)


@pytest.mark.parametrize(
    ("script", "missed"),
    [
        ("[user: Hi, agent]", 1),
        ("[user: Hi, user: Anyone?, agent]", 1),
        ("[user: Hi, silence: 1s, agent]", 1),
        ("[agent]", 0),
        ("[agent, user: Hi]", 0),
        ("[user: Hi, agent: {stays_silent: 1s}]", 0),
        ("[user: Hi, agent, agent]", 1),
        ("[user: Hi, agent, user: Hi, agent]", 2),
    ],
)
def test_only_a_step_after_a_line_of_the_user_can_miss_its_response(
    tmp_path: Path, script: str, missed: int
) -> None:
    file = write_scenario(tmp_path, f"script: {script}\n")
    story = Story()
    for index in range(len(file.scenario.script)):
        story.begin(index, 0.0).end(index, 1.0, reason=EndReason.TURN_ENDED)
    result = evaluate(file, story.record())
    assert result.metrics["missed_responses"].values == (missed,)


def test_the_same_record_gives_the_same_result(tmp_path: Path) -> None:
    scenario = SCRIPT + "checks: {response_latency: {max: 1s}, dead_air: {max: 1s}}\n"
    first = _call().judged(tmp_path, scenario)
    assert first == _call().judged(tmp_path, scenario)
    assert first != _call("Bye.").judged(tmp_path, scenario)
