from __future__ import annotations

import pytest

from voicetest.call.attendance import Absence
from voicetest.call.harness import Harness
from voicetest.call.lapses import BOUNDS, Lapse, LapseKind, described
from voicetest.call.playout import Slip


def harness_stopped(at_s: float, seconds: float, frames: int = 1000) -> Harness:
    """A harness whose process did not run for a while: the frames due meanwhile leave after it."""
    harness = Harness()
    end = at_s + seconds
    for number in range(frames):
        due = number * 0.02
        sent = end if at_s <= due < end else due
        harness.frame(due, sent, sent)
    harness.absences.append(Absence(at_s, end, seconds))
    return harness


def _kinds(harness: Harness) -> list[LapseKind]:
    return [lapse.kind for lapse in harness.lapses()]


def test_a_process_that_did_not_run_has_one_lapse_with_its_place_and_length() -> None:
    (lapse,) = harness_stopped(4.0, 3.0).lapses()
    assert lapse.kind == "stood_still"
    assert (lapse.start_s, lapse.end_s, lapse.seconds) == pytest.approx((4.0, 7.0, 3.0), abs=1e-3)


@pytest.mark.parametrize(("late", "lapses"), [(BOUNDS.late_s - 0.01, 0), (BOUNDS.late_s + 0.01, 1)])
def test_a_frame_is_a_lapse_beyond_the_bound_only(late: float, lapses: int) -> None:
    assert len(harness_stopped(4.0, late).lapses()) == lapses


def test_frames_that_are_late_though_the_loop_ran_are_a_lapse_too() -> None:
    harness = Harness()
    for number in range(1000):
        due = number * 0.02
        harness.frame(due, due, due + (0.8 if 100 <= number < 200 else 0.0))
    (lapse,) = harness.lapses()
    assert lapse.kind == "late"
    assert (lapse.start_s, lapse.end_s) == pytest.approx((2.0, 4.78))


@pytest.mark.parametrize(("every", "always"), [(100, False), (19, True)])
def test_a_call_that_is_often_a_little_late_is_late_as_a_whole(every: int, always: bool) -> None:
    harness = Harness()
    for number in range(1000):
        due = number * 0.02
        harness.frame(due, due, due + (0.15 if number % every == 0 else 0.0))
    assert _kinds(harness) == (["always_late"] if always else [])


@pytest.mark.parametrize("jitter", [0.02, 0.06])
def test_usual_jitter_is_no_lapse(jitter: float) -> None:
    harness = Harness()
    for number in range(1000):
        due = number * 0.02
        late = jitter if number % 50 == 0 else 0.001
        harness.frame(due, due + late, due + late)
    assert harness.lapses() == []


def test_one_long_stop_does_not_make_the_whole_call_late() -> None:
    assert _kinds(harness_stopped(4.0, 3.0, frames=500)) == ["stood_still"]


def test_a_stop_while_the_line_was_opened_lies_before_the_call() -> None:
    harness = Harness(absences=[Absence(-4.0, -1.0, 3.0)])
    assert harness.lapses() == [Lapse(-4.0, -1.0, 3.0, "stood_still")]
    assert harness.error_between(0.0, 1.0) == 3.0
    assert harness.error_between(0.5, 1.0) == 0.0


def test_a_machine_that_slept_has_a_lapse_though_no_frame_was_late() -> None:
    harness = Harness(absences=[Absence(2.0, 2.0, 30.0)])
    harness.frame(0.0, 0.0, 0.0)
    assert harness.lapses() == [Lapse(2.0, 2.0, 30.0, "stood_still")]
    assert harness.error_between(1.0, 3.0) == 30.0


def _hiccups(*at_s: float, frames: int = 500) -> Harness:
    """A harness that was 0.2 s late now and then."""
    harness = Harness()
    for number in range(frames):
        due = number * 0.02
        late = 0.2 if any(abs(due - at) < 0.001 for at in at_s) else 0.0
        harness.frame(due, due + late, due + late)
    return harness


def test_sound_that_playout_left_out_or_put_in_is_a_lapse_if_voicetest_was_late() -> None:
    at = (2.0, 4.0, 6.0, 8.0)
    harness = _hiccups(*at)
    harness.slips = [Slip(at_s, 0.16) for at_s in at]
    assert _kinds(harness) == ["inserted"]
    harness.slips = [Slip(at_s, -0.16, in_silence=True) for at_s in at]
    assert _kinds(harness) == ["dropped"]
    harness.slips = [Slip(at_s, 0.16, in_silence=True) for at_s in at]
    assert _kinds(harness) == []
    harness.slips = [Slip(at_s, 0.16) for at_s in at[:3]]
    assert _kinds(harness) == []
    harness.slips = [Slip(at_s, 0.08) for at_s in at * 5]
    assert _kinds(harness) == []


def test_what_was_put_in_too_much_and_left_out_later_is_voicetests_own() -> None:
    harness = _hiccups(2.0, 4.0, 6.0, 8.0)
    harness.slips = [Slip(at_s, 0.16) for at_s in (2.0, 4.0, 6.0, 8.0)]
    harness.slips += [Slip(9.0, -0.3), Slip(9.5, -0.3)]
    assert sorted(_kinds(harness)) == ["dropped", "inserted"]


@pytest.mark.parametrize("seconds", [-2.0, 2.0])
def test_slips_of_an_agent_that_is_not_paced_are_not_voicetests_own(seconds: float) -> None:
    harness = harness_stopped(4.0, 0.03)
    harness.slips = [Slip(10.0, seconds)]
    assert harness.lapses() == []
    assert not any(start <= 10.0 <= end for start, end in harness.own_traces())


def test_a_gap_where_a_frame_was_read_late_is_voicetests_own() -> None:
    traces = harness_stopped(4.0, 0.06).own_traces()
    assert any(start <= 4.03 <= end for start, end in traces)
    assert not any(start <= 5.0 <= end for start, end in traces)


def test_a_call_that_kept_time_has_no_traces_of_its_own() -> None:
    harness = Harness(slips=[Slip(2.0, 0.08)])
    for number in range(500):
        harness.frame(number * 0.02, number * 0.02, number * 0.02)
    assert harness.own_traces() == []


@pytest.mark.parametrize(
    ("lapses", "words"),
    [
        ([], ""),
        (
            [Lapse(12.4, 15.5, 3.1, "stood_still")],
            "this machine stood still for 3.1 s at 12.4 s",
        ),
        (
            [Lapse(1.0, 1.4, 0.4, "stood_still"), Lapse(12.4, 15.5, 3.1, "stood_still")],
            "this machine stood still for 3.1 s at 12.4 s, and was late 1 more time",
        ),
        (
            [Lapse(12.4, 15.5, 3.1, "stood_still"), Lapse(13.0, 20.0, 6.0, "dropped")],
            "this machine stood still for 3.1 s at 12.4 s, and was late 1 more time",
        ),
        (
            [Lapse(-4.0, -1.0, 3.0, "stood_still")],
            "this machine stood still for 3.0 s while dialling",
        ),
        (
            [Lapse(2.0, 40.5, 9.0, "late")],
            "this machine was up to 9.0 s late from 2.0 s to 40.5 s",
        ),
        (
            [Lapse(0.0, 40.0, 0.2, "always_late")],
            "this machine was up to 0.2 s late throughout the call",
        ),
    ],
)
def test_a_lapse_in_plain_words(lapses: list[Lapse], words: str) -> None:
    assert described(lapses) == words
