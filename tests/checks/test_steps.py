"""Each expectation of a step, once holding and once not; limits; steps that were not reached."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from tests.checks.timelines import Story, checks_of, only
from voicetest.audio.defects import Defect
from voicetest.audio.vad import Segment
from voicetest.call.timeline import CallEnded, EndReason, TurnClosed, TurnOpened
from voicetest.checks.result import Check, Result
from voicetest.events import Dtmf, ToolCalled
from voicetest.scenario.expectations import Expectations
from voicetest.scenario.steps import SilenceStep


class Pair(NamedTuple):
    """An expectation with a call in which it holds and one in which it does not."""

    expected: str
    holds: Story
    fails: Story


def _listened(*turns: tuple[float, float, str]) -> Story:
    """One step that heard some turns."""
    story = Story().begin(0, 0.0)
    for start, end, text in turns:
        story.agent_says(start, end, text)
    return story.end(0, 10.0, *range(len(turns)))


def _said(text: str) -> Story:
    return _listened((1.0, 3.0, text))


def _called(name: str, arguments: str = "{}") -> Story:
    return Story().begin(0, 0.0).agent_calls(1.0, name, arguments).end(0, 10.0, 0)


def _pressed(keys: str) -> Story:
    story = Story().begin(0, 0.0).add(1.0, "agent", TurnOpened(0))
    story.add(1.0, "agent", *(Dtmf(key) for key in keys))
    return story.add(3.0, "agent", TurnClosed(0, EndReason.TURN_ENDED)).end(0, 10.0, 0)


def _broken(kind: Literal["clipping", "drop-out", "loop"]) -> Story:
    story = _said("Hi.")
    story.defects.append(Defect(kind, 2.0))
    return story


PAIRS: Mapping[str, Pair] = {
    "says": Pair("refund", _said("Your refund is here."), _said("Your reward is here.")),
    "says_any": Pair("[refund, credit]", _said("A credit it is."), _said("A debit it is.")),
    "never_says": Pair("cancel", _said("All done."), _said("I will cancel it.")),
    "matches": Pair(r"'#\d+'", _said("Ticket #42."), _said("Ticket 42.")),
    "similar_to": Pair(
        "{text: your refund is on its way, wer: 20%}",
        _said("Your refund is on the way."),
        _said("Your refund was on the way."),
    ),
    "calls_tool": Pair("lookup", _called("lookup"), _called("delete")),
    "never_calls": Pair("delete", _called("lookup"), _called("delete")),
    "within": Pair("1s", _listened((0.9, 2.0, "Hi.")), _listened((1.1, 2.0, "Hi."))),
    "lasts": Pair("{min: 1s, max: 2s}", _listened((1.0, 2.5, "Hi.")), _listened((1.0, 3.5, "Hi."))),
    "stays_silent": Pair(
        "10s", _listened(), Story().begin(0, 0.0).agent_says(9.0, 9.5).end(0, 10.0)
    ),
    "presses": Pair("12#", _pressed("012#"), _pressed("021#")),
    "sounds_clean": Pair("true", _said("Hi."), _broken("drop-out")),
    "ends_call": Pair("true", _said("Bye.").agent_leaves(7.9), _said("Bye.").agent_leaves(8.1)),
}


def test_every_expectation_has_a_call_that_fulfils_and_one_that_breaks_it() -> None:
    assert set(PAIRS) == set(Expectations.model_fields) - {"severity", "patience", "language"}


@pytest.mark.parametrize("name", PAIRS)
def test_an_expectation_of_an_agent_step_holds(tmp_path: Path, name: str) -> None:
    scenario = f"script:\n  - agent:\n      {name}: {PAIRS[name].expected}\n"
    result = PAIRS[name].holds.judged(tmp_path, scenario)
    assert only(result, name).passed
    assert result.status == "passed"


@pytest.mark.parametrize("name", PAIRS)
def test_an_expectation_of_an_agent_step_fails_at_its_line(tmp_path: Path, name: str) -> None:
    scenario = f"script:\n  - agent:\n      {name}: {PAIRS[name].expected}\n"
    result = PAIRS[name].fails.judged(tmp_path, scenario)
    check = only(result, name)
    assert not check.passed
    assert check.where.endswith("scenario.yaml:5")
    assert (check.step, check.severity, check.at_s) == (0, "fail", 10.0)
    assert check.expected
    assert check.actual
    assert result.status == "failed"
    assert result.reason.startswith("line 5: ")
    assert check.expected in result.reason
    assert check.actual in result.reason


@pytest.mark.parametrize("name", PAIRS)
def test_an_expectation_that_only_warns_leaves_the_call_passed(tmp_path: Path, name: str) -> None:
    expected = f"{{{name}: {PAIRS[name].expected}, severity: warn}}"
    result = PAIRS[name].fails.judged(tmp_path, f"script:\n  - agent: {expected}\n")
    check = only(result, name)
    assert (check.passed, check.severity) == (False, "warn")
    assert result.status == "passed"


SILENCES = {name: pair for name, pair in PAIRS.items() if name in SilenceStep.model_fields} | {
    "stays_silent": PAIRS["stays_silent"]._replace(expected="true")
}


def test_every_expectation_of_a_silence_has_a_pair() -> None:
    assert set(SILENCES) == set(SilenceStep.model_fields) - {"severity", "silence", "language"}


@pytest.mark.parametrize("name", SILENCES)
@pytest.mark.parametrize("holds", [True, False])
def test_an_expectation_of_a_silence_step(tmp_path: Path, name: str, holds: bool) -> None:
    pair = SILENCES[name]
    scenario = f"script:\n  - silence: 10s\n    {name}: {pair.expected}\n"
    result = (pair.holds if holds else pair.fails).judged(tmp_path, scenario)
    check = only(result, name)
    assert check.passed is holds
    assert check.where.endswith("scenario.yaml:5")
    assert result.status == ("passed" if holds else "failed")


def test_a_silence_that_expects_nothing_checks_nothing(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(1.0, 2.0).end(0, 3.0)
    assert story.judged(tmp_path, "script:\n  - silence: 3s\n").checks == ()


def test_every_phrase_fails_at_its_own_line(tmp_path: Path) -> None:
    scenario = "script:\n  - agent:\n      says:\n        - refund\n        - invoice\n"
    result = _said("Nothing of the kind.").judged(tmp_path, scenario)
    lines = [check.where.rpartition(":")[2] for check in checks_of(result, "says")]
    assert lines == ["6", "7"]


def test_all_expectations_of_a_step_are_evaluated(tmp_path: Path) -> None:
    expected = "{says: refund, never_says: cancel, calls_tool: lookup, within: 500ms}"
    result = _said("I will cancel it.").judged(tmp_path, f"script:\n  - agent: {expected}\n")
    failed = [check.name for check in result.checks if not check.passed]
    assert failed == ["says", "never_says", "calls_tool", "within"]
    assert result.reason == (
        'line 4: expected "refund", the agent said "I will cancel it."; '
        "2 more checks follow from it; 1 more check fails"
    )


def test_a_step_looks_at_all_its_turns_and_at_no_others(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(1.0, 2.0, "Hello.").end(0, 2.0, 0)
    story.begin(1, 2.0).user_says(2.0, 3.0, step=1).end(1, 3.0)
    story.begin(2, 3.0).agent_says(3.5, 4.0, "Let me check.").agent_says(6.0, 7.0, "Found it.")
    story.end(2, 7.0, 1, 2)
    scenario = (
        "script:\n  - agent: {never_says: found}\n  - user: Hi\n"
        "  - agent: {says: [check, found], never_says: hello, within: 1s,\n"
        "            lasts: {min: 10ms, max: 800ms}}\n"
    )
    assert story.judged(tmp_path, scenario).status == "passed"


# --- times


def _within(result: Result) -> Check:
    return only(result, "within")


def test_within_runs_from_the_line_being_ready_for_an_agent_that_opens(tmp_path: Path) -> None:
    result = _listened((0.7, 2.0, "Hi.")).judged(tmp_path, "script:\n  - agent: {within: 1s}\n")
    assert _within(result).value == pytest.approx(0.7)


def test_within_runs_from_the_end_of_the_users_last_speech(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).user_says(0.0, 1.0).end(0, 1.0)
    story.begin(1, 1.3).user_says(1.3, 3.0, step=1).end(1, 3.0)
    story.begin(2, 3.0).agent_says(3.8, 5.0).agent_says(9.0, 9.5).end(2, 9.5, 0, 1)
    scenario = "script:\n  - user: One\n  - user: Two\n  - agent: {within: 1s}\n"
    check = _within(story.judged(tmp_path, scenario))
    assert check.value == pytest.approx(0.8)
    assert (check.limit, check.passed) == (1.0, True)
    assert (check.expected, check.actual) == ("speaks within 1 s", "0.800 s")


def test_within_runs_through_a_silence_of_the_user(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).user_says(0.0, 1.0).end(0, 1.0).begin(1, 1.0).end(1, 3.0)
    story.begin(2, 3.0).agent_says(3.5, 4.0).end(2, 4.0, 0)
    scenario = "script:\n  - user: Hi\n  - silence: 2s\n  - agent: {within: 1s}\n"
    assert _within(story.judged(tmp_path, scenario)).value == pytest.approx(2.5)


def test_within_of_a_second_agent_step_runs_from_the_end_of_the_turn_before(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(0.5, 2.0).end(0, 2.0, 0)
    story.begin(1, 2.0).agent_says(2.6, 4.0).end(1, 4.0, 1)
    scenario = "script:\n  - agent\n  - agent: {within: 1s}\n"
    assert _within(story.judged(tmp_path, scenario)).value == pytest.approx(0.6)


def test_within_of_a_second_agent_step_stands_a_detected_end_past_the_steps_start(
    tmp_path: Path,
) -> None:
    story = Story().begin(0, 0.0).agent_says(0.5, 2.0).end(0, 2.0, 0)
    story.begin(1, 2.0).agent_says(2.6, 4.0).end(1, 4.0, 1)
    story.speech[0] = Segment(0.5, 2.01)  # speech is found in 10 ms frames
    scenario = "script:\n  - agent\n  - agent: {within: 1s}\n"
    assert _within(story.judged(tmp_path, scenario)).value == pytest.approx(0.59)


def test_within_of_an_agent_that_talks_over_the_user_is_negative_and_fails(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).user_says(0.0, 3.0).end(0, 3.0)
    story.begin(1, 3.0).agent_says(2.5, 5.0).end(1, 5.0, 0)
    check = _within(story.judged(tmp_path, "script:\n  - user: Hi\n  - agent: {within: 1s}\n"))
    assert check.value == pytest.approx(-0.5)
    assert (check.passed, check.limit) == (False, 1.0)
    assert check.actual == "-0.500 s: it began before the user had finished"


def test_within_is_not_fulfilled_by_a_word_while_the_user_speaks(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).user_says(0.0, 3.0).end(0, 3.0)
    story.begin(1, 3.0).agent_says(1.0, 10.0).end(1, 10.0, 0)
    story.speech = [Segment(1.0, 1.4), Segment(8.5, 10.0)]
    check = _within(story.judged(tmp_path, "script:\n  - user: Hi\n  - agent: {within: 2s}\n"))
    assert check.value == pytest.approx(5.5)
    assert not check.passed


def test_within_of_a_turn_that_the_user_spoke_into_is_about_what_came_after(tmp_path: Path) -> None:
    story = Story().add(0.5, "agent", TurnOpened(0))
    story.begin(0, 1.0).user_says(2.0, 3.0).end(0, 3.0).begin(1, 3.0)
    story.add(5.0, "agent", TurnClosed(0, EndReason.TURN_ENDED)).end(1, 5.0, 0)
    story.speech = [Segment(0.5, 1.5), Segment(3.75, 5.0)]
    check = _within(story.judged(tmp_path, "script:\n  - user: Hi\n  - agent: {within: 1s}\n"))
    assert check.value == pytest.approx(0.75)


def test_within_fails_when_nothing_was_spoken(tmp_path: Path) -> None:
    result = _called("lookup").judged(tmp_path, "script:\n  - agent: {within: 1s}\n")
    check = _within(result)
    assert (check.passed, check.actual, check.value) == (False, "never spoke", None)


def test_lasts_is_about_the_first_turn_with_speech(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_calls(0.5, "lookup")
    story.agent_says(2.0, 3.5, "One.").agent_says(5.0, 15.0, "Two.").end(0, 15.0, 0, 1, 2)
    result = story.judged(tmp_path, "script:\n  - agent: {lasts: {min: 1s, max: 2s}}\n")
    check = only(result, "lasts")
    assert check.value == pytest.approx(1.5)
    assert check.passed


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("min: 3s", "speaks for at least 3 s"),
        ("max: 1s", "speaks for at most 1 s"),
        ("min: 3s, max: 9s", "speaks for at least 3 s and at most 9 s"),
    ],
)
def test_lasts_says_what_it_wants(tmp_path: Path, limits: str, words: str) -> None:
    result = _said("Hi.").judged(tmp_path, f"script:\n  - agent: {{lasts: {{{limits}}}}}\n")
    assert only(result, "lasts").expected == words
    assert result.status == "failed"


def test_speech_that_began_before_a_silence_does_not_break_it(tmp_path: Path) -> None:
    story = Story().agent_says(0.0, 4.0).begin(0, 3.0).end(0, 6.0)
    scenario = "script:\n  - silence: 3s\n    stays_silent: true\n"
    check = only(story.judged(tmp_path, scenario), "stays_silent")
    assert (check.passed, check.actual) == (True, "no speech started")


def test_an_agent_that_hangs_up_did_not_stay_silent_for_the_whole_time(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_leaves(0.5).end(0, 0.5)
    result = story.judged(tmp_path, "script:\n  - agent: {stays_silent: 3s}\n", 0.5)
    assert result.status == "failed"


def test_the_agent_may_hang_up_within_five_seconds_of_its_last_word(tmp_path: Path) -> None:
    scenario = "script:\n  - agent: {ends_call: true}\n"
    early = Story().begin(0, 0.0).agent_says(1.0, 3.0).agent_leaves(2.9).end(0, 3.0, 0)
    assert early.judged(tmp_path, scenario).status == "passed"
    silent = Story().begin(0, 0.0).agent_leaves(4.0).end(0, 4.0, reason=EndReason.HUNG_UP)
    assert silent.judged(tmp_path, scenario).status == "passed"
    stayed = _said("Bye.").add(10.0, "user", CallEnded("user"))
    assert only(stayed.judged(tmp_path, scenario), "ends_call").actual == (
        "the agent stayed on the line"
    )


# --- limits and steps that were not reached


@pytest.mark.parametrize(
    "reason", [EndReason.FIRST_CHUNK_TIMEOUT, EndReason.IDLE_TIMEOUT, EndReason.TURN_TIMEOUT]
)
def test_a_step_that_a_limit_ended_fails_with_its_seconds_and_its_cause(
    tmp_path: Path, reason: EndReason
) -> None:
    story = Story().begin(0, 0.0)
    story.end(0, 60.0, reason=reason, limit_s=60.0, cause="the agent never spoke")
    check = only(story.judged(tmp_path, "script:\n  - agent\n"), "answers")
    assert not check.passed
    assert check.expected == "the agent answers within 60 s"
    assert check.actual == f"{reason.value}: the agent never spoke"
    assert check.where.endswith("scenario.yaml:4")


@pytest.mark.parametrize(
    "reason",
    [EndReason.TURN_ENDED, EndReason.TAIL_SILENCE, EndReason.INTERRUPTED, EndReason.MAX_DURATION],
)
def test_other_ends_of_a_turn_are_no_failure(tmp_path: Path, reason: EndReason) -> None:
    story = Story().begin(0, 0.0).agent_says(1.0, 3.0, reason=reason).end(0, 3.0, 0, reason=reason)
    result = story.judged(tmp_path, "script:\n  - agent\n")
    assert (result.status, result.checks) == ("passed", ())


def test_an_agent_that_hangs_up_instead_of_answering_has_not_answered(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_leaves(1.0).end(0, 1.0, reason=EndReason.HUNG_UP)
    check = only(story.judged(tmp_path, "script:\n  - agent\n"), "answers")
    assert (check.passed, check.actual) == (False, "hung_up: the agent hung up")


def test_an_agent_that_hangs_up_after_its_answer_has_answered(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(1.0, 3.0).agent_leaves(3.0)
    story.end(0, 3.0, 0, reason=EndReason.HUNG_UP)
    assert story.judged(tmp_path, "script:\n  - agent\n").status == "passed"


FOUR = "script:\n  - agent\n  - user: Hello?\n  - agent: {says: hello}\n  - hangup\n"


def test_steps_after_the_end_of_the_call_are_not_reached(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(0.5, 1.0).agent_leaves(1.0).end(0, 1.0, 0)
    result = story.judged(tmp_path, FOUR)
    assert [(check.name, check.step, check.where[-2:]) for check in result.checks] == [
        ("reached", 1, ":5"),
        ("reached", 2, ":6"),
    ]
    assert all("not_reached" in check.actual for check in result.checks)
    assert result.status == "failed"


def test_an_agent_that_may_leave_leaves_no_step_unreached(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(0.5, 1.0).agent_leaves(1.0).end(0, 1.0, 0)
    scenario = FOUR.replace("- agent\n", "- agent: {ends_call: true}\n")
    result = story.judged(tmp_path, scenario)
    assert [check.name for check in result.checks] == ["ends_call"]
    assert result.status == "passed"


def test_leaving_before_the_step_that_allows_it_fails(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(0.5, 1.0).agent_leaves(1.0).end(0, 1.0, 0)
    scenario = FOUR.replace("{says: hello}", "{ends_call: true}")
    result = story.judged(tmp_path, scenario)
    assert [check.name for check in result.checks] == ["reached", "reached"]


def test_a_warning_step_that_was_not_reached_still_fails_the_call(tmp_path: Path) -> None:
    scenario = "script:\n  - user: Hi\n  - agent: {says: hello, severity: warn}\n"
    assert Story().judged(tmp_path, scenario).status == "failed"


def test_a_step_that_max_duration_cut_off_is_judged_on_what_it_heard(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).add(0.5, "agent", TurnOpened(0), ToolCalled("a", "cancel", "{}"))
    story.add(60.0, "voicetest", CallEnded("limit")).add(
        60.0, "agent", TurnClosed(0, EndReason.MAX_DURATION)
    )
    result = story.judged(tmp_path, "script:\n  - agent: {never_calls: cancel}\n")
    assert "never_calls" in [check.name for check in result.checks]


def test_a_line_that_was_never_spoken_fails_the_call(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(0.0, 3.0).agent_leaves(3.0).end(0, 3.0)
    assert story.judged(tmp_path, "script:\n  - user: Hello?\n").status == "failed"


def test_a_check_says_where_in_the_recording_what_it_judged_is(tmp_path: Path) -> None:
    """The agent's turns of its step, not the end of the step, which may be seconds later."""
    story = Story().begin(0, 0.0).user_says(0.0, 2.0).end(0, 2.0).begin(1, 2.0)
    story.agent_says(3.0, 4.0, "One moment.").agent_says(6.0, 7.5, "No.").end(1, 12.5, 0, 1)
    scenario = "script:\n  - user: Hi\n  - agent: {says: yes, within: 500ms, lasts: {max: 500ms}}\n"
    result = story.judged(tmp_path, scenario)
    spans = {check.name: (check.from_s, check.to_s) for check in result.checks}
    assert spans == {"says": (3.0, 7.5), "within": (2.0, 3.0), "lasts": (3.0, 4.0)}


def test_where_nothing_was_heard_the_wait_was_judged(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).user_says(0.0, 2.0).end(0, 2.0).begin(1, 2.0)
    story.end(1, 62.0, reason=EndReason.FIRST_CHUNK_TIMEOUT, limit_s=60.0, cause="silence")
    result = story.judged(tmp_path, "script:\n  - user: Hi\n  - agent: {says: yes, within: 1s}\n")
    assert {(check.from_s, check.to_s) for check in result.checks} == {(2.0, 62.0)}


def test_steps_after_a_hang_up_say_when_that_was(tmp_path: Path) -> None:
    story = Story().begin(0, 0.0).agent_says(1.0, 2.0, "Bye.").end(0, 2.0, 0).agent_leaves(2.5)
    result = story.judged(tmp_path, "script:\n  - agent\n  - user: Hi\n  - agent\n")
    first, second = checks_of(result, "reached")
    assert first.actual == second.actual
    assert first.actual.endswith("over before it, as the agent hung up at 2.5 s")
    assert result.reason.startswith("line 5: reached: expected the call gets to this step, but: ")
    assert result.reason.endswith("; 1 more check follows from it")
