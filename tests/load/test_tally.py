"""What the events of a load come to: figures, limits and two verdicts that are not mixed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.load.engines import WELL, Driven, PretendedEngine, drive
from voicetest.errors import ExitCode
from voicetest.load.engine import Outcome
from voicetest.load.request import limits_by, stage_by
from voicetest.load.schedule import Schedule
from voicetest.load.tally import KILLED, Tally
from voicetest.report.load_events import (
    Begun,
    LoadEvent,
    LoadPlan,
    Over,
    PlannedScenario,
    PlannedStage,
    Sampled,
)
from voicetest.report.load_summary import LimitLine, LoadSummary
from voicetest.scenario.load_limits import LoadLimits, limits_of
from voicetest.scenario.load_stages import Stage, stage_words


def plan_of(stages: Iterable[Stage], limits: Iterable[str] = ()) -> LoadPlan:
    return LoadPlan(
        command=("voicetest", "load"),
        started_at="2026-11-30T00:00:00+00:00",
        scenarios=(PlannedScenario(name="s", file="s.yaml", adapter="pipecat", share=1.0),),
        stages=tuple(
            PlannedStage(
                words=stage_words(stage),
                calls=stage.calls,
                rate=stage.rate,
                ramp_s=stage.ramp,
                hold_s=stage.hold,
            )
            for stage in stages
        ),
        limits=tuple(limits_of(limits_by(list(limits), LoadLimits()))),
    )


def tallied(found: Driven, stages: Iterable[Stage], limits: Iterable[str] = ()) -> LoadSummary:
    return summary_of(found.events, stages, limits)


def summary_of(
    events: Iterable[LoadEvent], stages: Iterable[Stage], limits: Iterable[str] = ()
) -> LoadSummary:
    tally = Tally(plan_of(stages, limits))
    for event in events:
        tally.take(event)
    return tally.summary("loads/x")


def loaded(
    outcome: Outcome | list[Outcome], *limits: str, slots: int = 1000, most_calls: int | None = None
) -> LoadSummary:
    """Of a hundred calls, one a second of ten seconds each; the outcomes take turns."""
    every = outcome if isinstance(outcome, list) else [outcome]
    stage = stage_by("1/s for 100s")
    engine = PretendedEngine(outcome=lambda n: every[(n - 1) % len(every)], slots=slots)
    schedule = Schedule((), (1.0,), most_calls=most_calls)
    return tallied(drive(stage, engine=engine, schedule=schedule), [stage], limits)


def limit(summary: LoadSummary, metric: str) -> LimitLine:
    return next(line for line in summary.limits if line.metric == metric)


SLOW = replace(WELL, answers=((3.0, 2.5),))
FAILED = replace(WELL, status="failed", reason="it said no", failed=("says",))
REFUSED = Outcome("error", "the agent refused", "connection")
LATE = replace(WELL, late="this machine was up to 0.9 s late", answers=((3.0, 9.0),))


def test_a_load_that_goes_well_passes() -> None:
    summary = loaded(WELL, "response_latency p95 1.5s", "connect p99 1s")
    figures = summary.figures
    assert (figures.begun, figures.connected, figures.ended_well) == (100, 100, 100)
    assert (figures.response_latency.n, figures.response_latency.p95) == (100, 0.75)
    assert (figures.first_word.p50, figures.connect.max) == (0.5, 0.25)
    assert [line.status for line in summary.limits] == ["holds"] * 5
    assert (summary.agent.status, summary.own.status, summary.exit_code) == ("fine", "fine", 0)


def test_an_agent_that_is_too_slow_fails() -> None:
    summary = loaded([WELL] * 9 + [SLOW], "response_latency p95 1.5s")
    assert limit(summary, "response_latency").value == 2.5
    assert (summary.agent.status, summary.own.status) == ("broken", "fine")
    assert summary.exit_code == ExitCode.FAILED


def test_as_many_slow_answers_as_a_percentile_leaves_out_are_none_too_many() -> None:
    assert loaded([WELL] * 19 + [SLOW], "response_latency p95 1.5s").exit_code == 0
    assert loaded([WELL] * 19 + [SLOW], "response_latency p99 1.5s").exit_code == 1
    assert loaded([WELL] * 19 + [SLOW], "response_latency max 1.5s").exit_code == 1


def test_calls_that_fail_or_break_fail_the_load_unless_that_is_allowed() -> None:
    assert loaded([WELL] * 9 + [FAILED]).exit_code == ExitCode.FAILED
    assert loaded([WELL] * 9 + [REFUSED]).exit_code == ExitCode.FAILED
    assert loaded([WELL] * 9 + [REFUSED], "errors 10%").exit_code == 0
    assert loaded([WELL] * 9 + [FAILED], "failed 9").exit_code == ExitCode.FAILED
    assert loaded([WELL] * 9 + [FAILED], "failed 10").exit_code == 0


def test_why_calls_went_wrong_is_counted() -> None:
    summary = loaded([WELL, FAILED, FAILED, REFUSED])
    assert [(e.calls, e.kind, e.message) for e in summary.errors] == [
        (50, "check", "it said no"),
        (25, "connection", "the agent refused"),
    ]


def test_errors_are_counted_by_kind_for_all_for_stages_and_for_levels() -> None:
    odd = Outcome("error", "it sent nonsense", "protocol", connect_s=0.1)
    summary = loaded([WELL, REFUSED, odd, Outcome("error", "gone", "setup", lost=True)])
    found = {"connection": 25, "protocol": 25, "lost": 25}
    assert summary.figures.kinds == summary.stages[0].figures.kinds == found
    by_level = [level.figures.kinds for level in summary.levels]
    assert {kind: sum(kinds.get(kind, 0) for kinds in by_level) for kind in found} == found


def test_starts_are_dropped_at_a_level() -> None:
    summary = loaded(WELL, slots=5)
    assert {level.least: level.figures.dropped for level in summary.levels}[5] == 50


def test_an_agent_that_was_never_reached_has_not_failed() -> None:
    summary = loaded(REFUSED)
    assert summary.agent.reason == "the agent was never reached"
    assert summary.exit_code == ExitCode.CONNECTION


def test_times_of_calls_in_which_voicetest_was_late_are_left_out() -> None:
    summary = loaded([WELL] * 99 + [LATE], "response_latency p95 1.5s")
    assert (summary.figures.response_latency.n, summary.figures.response_latency.max) == (99, 0.75)
    assert limit(summary, "response_latency").status == "holds"
    assert (summary.agent.status, summary.own.status, summary.exit_code) == ("fine", "unknown", 0)
    assert summary.keeping_time.reasons == {"this machine was up to … late": 1}


def test_a_load_in_which_voicetest_was_late_too_often_is_not_the_one_that_was_asked_for() -> None:
    summary = loaded([WELL] * 9 + [LATE])
    assert (summary.agent.status, summary.own.status) == ("fine", "broken")
    assert (
        "late in 10 of 100 calls (this machine was up to … late): load less" in summary.own.reason
    )
    assert summary.exit_code == ExitCode.CONNECTION


def test_what_is_left_cannot_support_the_verdict_if_what_is_not_known_could_change_it() -> None:
    summary = loaded([WELL] * 9 + [LATE], "response_latency p95 1.5s")
    assert limit(summary, "response_latency").status == "unknown"
    assert (summary.agent.status, summary.exit_code) == ("unknown", ExitCode.CONNECTION)


def test_what_is_known_to_be_too_slow_is_so_whatever_is_not_known() -> None:
    summary = loaded([WELL] * 8 + [SLOW, LATE], "response_latency p95 1.5s")
    assert limit(summary, "response_latency").status == "broken"
    assert summary.exit_code == ExitCode.FAILED


def test_a_failure_of_a_late_call_is_not_the_agents() -> None:
    late = replace(FAILED, late="this machine was late")
    summary = loaded([WELL] * 9 + [late])
    assert (summary.figures.failed, summary.figures.unknown) == (0, 10)
    assert summary.exit_code == ExitCode.CONNECTION


def test_starts_that_were_dropped_are_no_failure_of_the_agent() -> None:
    summary = loaded(WELL, slots=5)
    assert summary.figures.dropped == 50
    assert (summary.agent.status, summary.own.status) == ("fine", "broken")
    assert summary.exit_code == ExitCode.CONNECTION
    assert summary.keeping_time.dropped == {"all lines are in use": 50}
    assert loaded(WELL, "dropped 50%", slots=5).exit_code == 0


def test_a_slow_agent_has_failed_also_where_starts_were_dropped() -> None:
    assert loaded(SLOW, "response_latency p50 1s", slots=5).exit_code == ExitCode.FAILED


def test_a_load_that_was_cut_short_has_not_passed() -> None:
    summary = loaded(WELL, most_calls=10)
    assert summary.own.reason == "it was ended by most.calls"
    assert summary.exit_code == ExitCode.CONNECTION


def test_what_somebody_else_has_to_mend_is_that() -> None:
    lacking = Outcome("error", "there is no key", "setup")
    assert loaded([WELL] * 9 + [lacking]).exit_code == ExitCode.SETUP
    broken = Outcome("error", "a bug in voicetest", "bug")
    assert loaded([FAILED] * 9 + [broken]).exit_code == ExitCode.BUG


def test_a_limit_on_what_was_never_measured_is_not_kept() -> None:
    silent = replace(WELL, answers=())
    summary = loaded(silent, "response_latency p95 1s")
    assert "nothing was measured" in limit(summary, "response_latency").words
    assert summary.exit_code == ExitCode.CONNECTION


def test_few_values_say_so() -> None:
    stage = stage_by("1/s for 5s")
    summary = tallied(drive(stage), [stage], ["response_latency p95 1s"])
    assert "only 5 values: it is the largest" in limit(summary, "response_latency").words
    assert summary.exit_code == 0


def test_lost_calls_are_counted_and_never_taken_for_the_agents() -> None:
    lost = Outcome("error", "the worker is gone", "setup", lost=True)
    summary = loaded([WELL] * 9 + [lost])
    assert summary.keeping_time.lost_calls == 10
    assert summary.figures.unknown == 10
    assert "10 calls were lost" in summary.own.reason
    assert summary.exit_code == ExitCode.CONNECTION


def test_stages_have_figures_of_their_own() -> None:
    stages = [stage_by("2 calls, hold 20s, pause 0s"), stage_by("1/s for 5s")]
    engine = PretendedEngine(outcome=lambda n: WELL if n <= 4 else SLOW)
    summary = tallied(drive(*stages, engine=engine), stages)
    first, second = (stage.figures for stage in summary.stages)
    assert (first.begun, first.response_latency.max) == (4, 0.75)
    assert (second.begun, second.response_latency.min) == (5, 2.5)
    assert [stage.start_s for stage in summary.stages] == [0, 20]


def test_levels_are_those_at_which_things_were_measured() -> None:
    stage = stage_by("4 calls, ramp 40s, hold 20s")
    found = drive(stage, engine=PretendedEngine(length_s=100.0))
    summary = tallied(found, [stage])
    by_level = {level.least: level for level in summary.levels}
    assert [by_level[n].figures.begun for n in (1, 2, 3, 4)] == [1, 1, 1, 1]
    assert [by_level[n].figures.response_latency.n for n in (1, 2, 3, 4)] == [1, 1, 1, 1]
    assert by_level[4].seconds == pytest.approx(70.0)  # until the first call ends at 100 s


def test_many_levels_are_put_together() -> None:
    stage = stage_by("10/s for 20s")
    summary = tallied(drive(stage), [stage])
    assert len(summary.levels) <= 12
    assert summary.levels[0].least == 1
    assert sum(level.figures.begun for level in summary.levels) == 200
    assert summary.levels[-1].most == 100


def test_moments_add_up_to_all() -> None:
    summary = loaded([WELL, FAILED])
    assert sum(moment.begun for moment in summary.moments) == 100
    assert sum(moment.ended for moment in summary.moments) == 99  # the last one ends at the end
    assert max(moment.calls for moment in summary.moments) == pytest.approx(10)
    assert summary.bin_s == 1


def test_a_load_without_its_last_line_was_killed() -> None:
    stage = stage_by("1/s for 10s")
    events = [e for e in drive(stage).events if not isinstance(e, Over)][:-3]
    summary = summary_of(events, [stage])
    assert (summary.exit_code, summary.ended_by) == (ExitCode.KILLED, KILLED)
    assert summary.figures.unknown == 3


def test_nothing_that_ran_is_no_pass() -> None:
    summary = summary_of([Over(at_s=0.0)], [stage_by("1/s for 1s")])
    assert summary.exit_code == ExitCode.NOTHING_RAN


def test_samples_of_the_machine_are_kept() -> None:
    events: list[LoadEvent] = [
        Sampled(at_s=1.0, calls=3, cpu=0.5, lag_ms=2.0),
        Sampled(at_s=2.0, calls=3, cpu=1.0, lag_ms=8.0, saturated=True),
        Begun(at_s=1.5, call=1, stage=0, scenario=0, due_s=1.5),
        Over(at_s=3.0),
    ]
    own = summary_of(events, [stage_by("1/s for 3s")]).keeping_time
    assert (own.cpu_mean, own.cpu_max, own.saturated_s) == (0.75, 1.0, 1.0)
