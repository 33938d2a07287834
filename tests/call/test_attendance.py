from __future__ import annotations

import asyncio
import time
from itertools import chain, repeat

import pytest

from voicetest.call.attendance import Attendance, DialWatch, sleep_clock
from voicetest.clock import Clock, run


def _attendance(*looks: float, asleep: list[float] | None = None) -> Attendance:
    """Looks at these times, each meant to be 20 ms after the one before."""
    slept = chain(asleep or (), repeat(0.0))
    attendance = Attendance(0.0, lambda: next(slept))
    for at in looks:
        attendance.look(at, 0.02)
    return attendance


def test_who_looks_when_expected_was_never_absent() -> None:
    assert _attendance(0.0, 0.02, 0.04, 0.09, 0.13).absences == []


def test_a_gap_is_an_absence_from_when_a_look_was_due() -> None:
    (absence,) = _attendance(0.0, 0.02, 3.04, 3.04, 3.04).absences
    assert absence.end_s == 3.04
    assert (absence.start_s, absence.seconds) == pytest.approx((0.04, 3.0))


def test_a_machine_that_sleeps_is_absent_though_its_clock_stood_still() -> None:
    attendance = _attendance(0.0, 0.02, 0.04, asleep=[7.0, 7.0, 7.0, 12.0])
    (absence,) = attendance.absences
    assert (absence.end_s, absence.seconds) == pytest.approx((0.04, 5.0))


def test_only_what_was_missed_of_a_span_is_taken_off() -> None:
    attendance = _attendance(0.0, 0.02, 3.04)
    assert attendance.missed_between(0.0, 4.0) == pytest.approx(3.0 + 0.94)  # nor looked since
    attendance.look(3.06, 0.02)
    assert attendance.missed_between(0.0, 3.07) == pytest.approx(3.0)
    assert attendance.missed_between(1.04, 3.07) == pytest.approx(2.0)
    assert attendance.missed_between(3.05, 3.07) == 0


def test_a_look_that_is_due_and_has_not_come_is_missed_as_well() -> None:
    attendance = _attendance(0.0, 0.02)
    assert attendance.missed_between(0.0, 0.1) == 0
    assert attendance.missed_between(0.0, 2.04) == pytest.approx(2.0)


def test_under_virtual_time_no_sleep_of_the_machine_counts() -> None:
    async def slept() -> float:
        return sleep_clock(asyncio.get_running_loop())()

    assert run(slept(), Clock.VIRTUAL) == 0


def test_a_loop_that_does_not_run_while_a_line_is_opened_is_noticed() -> None:
    async def dialled() -> DialWatch:
        with DialWatch(asyncio.get_running_loop()) as watch:
            await asyncio.sleep(0.15)
            time.sleep(0.5)  # noqa: ASYNC251  # what a stopped process looks like from inside
        return watch

    (absence,) = run(dialled(), Clock.REAL).absences
    assert 0.35 < absence.seconds < 3


def test_a_loop_that_runs_while_a_line_is_opened_misses_nothing() -> None:
    async def dialled() -> DialWatch:
        with DialWatch(asyncio.get_running_loop()) as watch:
            await asyncio.sleep(0.3)
        return watch

    assert sum(a.seconds for a in run(dialled(), Clock.VIRTUAL).absences) == 0
