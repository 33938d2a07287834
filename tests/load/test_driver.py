"""When calls begin, when they do not, and what is told of them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import pytest

from tests.load.engines import WELL, PretendedEngine, at, drive
from voicetest.clock import Clock
from voicetest.load.engine import Line, Order, Outcome
from voicetest.load.request import stage_by
from voicetest.load.schedule import Schedule


def test_a_caller_begins_its_next_call_when_one_is_over_and_it_has_paused() -> None:
    found = drive(stage_by("2 calls, hold 30s, pause 2s"), engine=PretendedEngine(length_s=8.0))
    assert found.begun == [0, 0, 10, 10, 20, 20]


def test_callers_come_one_after_the_other_while_it_ramps() -> None:
    found = drive(stage_by("4 calls, ramp 8s, hold 4s"), engine=PretendedEngine(length_s=60.0))
    assert found.begun == [0, 2, 4, 6]
    assert [call.level for call in found.ended] == [1, 2, 3, 4]


def test_what_is_looked_at_after_its_line_is_over_keeps_no_caller_waiting() -> None:
    engine = PretendedEngine(length_s=5.0, looked_at_s=50.0)
    found = drive(stage_by("1 call, hold 12s, pause 0s"), engine=engine)
    assert found.begun == [0, 5, 10]
    assert [call.level for call in found.ended] == [1, 1, 1]


def test_callers_that_are_too_many_go_when_their_call_is_over() -> None:
    stages = [stage_by(text) for text in ("3 calls, hold 10s, pause 0s", "1 call, hold 20s")]
    found = drive(*stages, engine=PretendedEngine(length_s=6.0))
    # At 10 s two of three are to go: their second call goes on until 12 s.
    assert found.begun == [0, 0, 0, 6, 6, 6, 13, 20, 27]


def test_a_caller_that_is_wanted_again_is_still_one() -> None:
    words = ("2 calls, hold 10s, pause 0s", "1 call, hold 1s", "2 calls, hold 29s, pause 0s")
    found = drive(*map(stage_by, words), engine=PretendedEngine(length_s=20.0))
    assert found.begun == [0, 0, 20, 20]


def test_an_open_stage_begins_calls_however_long_they_last() -> None:
    found = drive(stage_by("2/s for 2s"), engine=PretendedEngine(length_s=100.0))
    assert found.begun == [0, 0.5, 1, 1.5]
    assert {call.stage for call in found.ended} == {0}


def test_an_open_stage_takes_the_callers_of_the_stage_before_away() -> None:
    words = ("1 call, hold 4s, pause 0s", "1/s for 3s")
    found = drive(*map(stage_by, words), engine=PretendedEngine(length_s=3.0))
    assert found.begun == [0, 3, 4, 5, 6]


def test_a_start_without_a_free_line_is_dropped_and_never_moved() -> None:
    engine = PretendedEngine(length_s=2.0, slots=2)
    found = drive(stage_by("2/s for 4s"), engine=engine)
    assert found.begun == [0, 0.5, 2, 2.5]
    why = "all lines are in use"
    assert found.dropped == [(1, why), (1.5, why), (3, why), (3.5, why)]


def test_too_many_calls_that_are_still_looked_at_are_a_reason_too() -> None:
    engine = PretendedEngine(length_s=1.0, looked_at_s=9.0, room=2)
    found = drive(stage_by("1/s for 4s"), engine=engine)
    assert found.begun == [0, 1]
    assert {why for _, why in found.dropped} == {"too many calls are still looked at"}


def test_a_caller_that_finds_no_line_tries_again_after_its_pause() -> None:
    engine = PretendedEngine(length_s=10.0, slots=1)
    found = drive(stage_by("2 calls, hold 5s, pause 0s"), engine=engine)
    assert found.begun == [0]
    assert [due for due, _ in found.dropped] == [0, 1, 2, 3, 4]


class _Blocking(PretendedEngine):
    """Stands in the way of everything else of its process for a while."""

    async def call(self, order: Order, line: Line) -> Outcome:
        if order.number == 1:
            time.sleep(1.2)  # noqa: ASYNC251  # as a machine that stands still
        return WELL


@pytest.mark.process
def test_starts_that_were_due_while_this_machine_stood_still_are_dropped() -> None:
    found = drive(stage_by("5/s for 2s"), engine=_Blocking(), clock=Clock.REAL)
    late = [due for due, why in found.dropped if why == "voicetest was late"]
    assert late[:3] == [0.2, 0.4, 0.6]
    assert len(found.begun) + len(found.dropped) == 10


def test_no_more_calls_begin_than_are_allowed() -> None:
    schedule = Schedule((), (1.0,), most_calls=3)
    found = drive(stage_by("1/s for 10s"), stage_by("1/s for 10s"), schedule=schedule)
    assert found.begun == [0, 1, 2]
    assert found.over.by == "most.calls"
    assert len(found.ended) == 3


def test_no_call_begins_once_they_have_cost_too_much() -> None:
    engine = PretendedEngine(length_s=0.5, outcome=lambda n: replace(WELL, cost_usd=0.4))
    schedule = Schedule((), (1.0,), most_cost_usd=1.0)
    found = drive(stage_by("1/s for 10s"), engine=engine, schedule=schedule)
    assert len(found.begun) == 3
    assert found.over.by == "most.cost"


def test_calls_under_way_may_finish_when_the_last_stage_is_over() -> None:
    found = drive(stage_by("1/s for 2s"), engine=PretendedEngine(length_s=60.0))
    assert found.engine.ended_by == []
    assert [call.status for call in found.ended] == ["passed", "passed"]
    assert found.over.at_s == pytest.approx(61.0)


def test_calls_that_take_too_long_to_finish_are_cut_off() -> None:
    schedule = Schedule((), (1.0,), finish_s=5.0)
    found = drive(stage_by("1 call, hold 2s"), engine=PretendedEngine(60.0), schedule=schedule)
    assert found.engine.ended_by == ["the end of the load"]
    assert [call.cut for call in found.ended] == [True]
    assert found.over == found.over.model_copy(update={"at_s": 7.0, "by": None})


def test_a_call_that_is_over_may_be_looked_at_for_longer() -> None:
    schedule = Schedule((), (1.0,), finish_s=5.0)
    engine = PretendedEngine(length_s=3.0, looked_at_s=300.0)
    found = drive(stage_by("1 call, hold 2s"), engine=engine, schedule=schedule)
    assert engine.ended_by == []
    assert [call.status for call in found.ended] == ["passed"]


def test_calls_that_do_not_even_end_then_are_left() -> None:
    schedule = Schedule((), (1.0,), finish_s=5.0)
    engine = PretendedEngine(60.0, obeys=False)
    found = drive(stage_by("1 call, hold 2s"), engine=engine, schedule=schedule)
    assert found.ended == []
    assert found.over.at_s == pytest.approx(17.0)


def test_an_interruption_ends_the_calls_under_way_and_begins_no_more() -> None:
    found = drive(
        stage_by("1/s for 100s"),
        engine=PretendedEngine(length_s=30.0),
        meanwhile=lambda driver: at(2.5, lambda: driver.cut("SIGTERM")),
    )
    assert found.begun == [0, 1, 2]
    assert [call.cut for call in found.ended] == [True] * 3
    assert found.over == found.over.model_copy(update={"at_s": 2.5, "by": "SIGTERM"})


def test_an_interruption_while_calls_finish_ends_them() -> None:
    found = drive(
        stage_by("1 call, hold 1s"),
        engine=PretendedEngine(length_s=30.0),
        meanwhile=lambda driver: at(5.0, lambda: driver.cut("Ctrl-C")),
    )
    assert found.over.at_s == pytest.approx(5.0)
    assert [call.cut for call in found.ended] == [True]


def test_scenarios_have_their_shares_of_every_stretch() -> None:
    schedule = Schedule((), (0.5, 0.3, 0.2))
    found = drive(stage_by("10/s for 10s"), schedule=schedule)
    assert Counter(found.scenarios) == {0: 50, 1: 30, 2: 20}
    for start in range(0, 90, 10):
        assert Counter(found.scenarios[start : start + 10]) == {0: 5, 1: 3, 2: 2}


def test_times_of_an_answer_are_those_of_the_load() -> None:
    found = drive(stage_by("1/s for 2s"))
    assert [call.answers for call in found.ended] == [((3.25, 0.75),), ((4.25, 0.75),)]


@pytest.mark.parametrize("words", ["7 calls, ramp 14s, hold 30s", "3/s, ramp 4s, hold 6s, poisson"])
def test_the_parts_of_a_load_are_together_the_whole(words: str) -> None:
    stages = (stage_by(words), stage_by("2 calls, ramp 10s"))
    whole = drive(*stages)
    parts = [drive(*stages, schedule=Schedule((), (1.0,), part=n, parts=3)) for n in range(3)]
    assert sorted(at for part in parts for at in part.begun) == whole.begun
    numbers = [call.call for part in parts for call in part.ended]
    assert len(set(numbers)) == len(numbers)


def test_the_calls_that_are_allowed_are_dealt_out_to_the_parts() -> None:
    schedules = [Schedule((), (1.0,), part=n, parts=3, most_calls=7) for n in range(3)]
    assert [schedule.most_here for schedule in schedules] == [3, 2, 2]
