from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicetest.audio.chunk import Samples
from voicetest.call.playout import FRAME, JITTER_DELAY, BurstyPlayout, ContinuousPlayout, Playout


def _tone(frames: int) -> Samples:
    times = np.arange(frames) / 24_000
    return (8000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)


def _noise(frames: int, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).integers(1, 9000, frames).astype(np.int16)


def _render_all(playout: Playout, frames: int, start: int = 0) -> Samples:
    return np.concatenate([playout.render(start + n * FRAME, FRAME) for n in range(frames)])


def test_bursty_sound_starts_when_it_arrives_to_the_sample() -> None:
    playout = BurstyPlayout()
    sound = _noise(1000)
    playout.push(sound, 123)
    heard = _render_all(playout, 5)
    assert not heard[:123].any()
    assert np.array_equal(heard[123:1123], sound)
    assert not heard[1123:].any()


def test_ten_seconds_in_one_burst_are_heard_in_real_time_and_in_order() -> None:
    playout = BurstyPlayout()
    pieces = [_noise(2400, seed) for seed in range(100)]
    for number, piece in enumerate(pieces):
        playout.push(piece, number)
    assert playout.left(0) == 240_000
    assert np.array_equal(_render_all(playout, 500), np.concatenate(pieces))
    assert playout.left(240_000) == playout.pending(240_000) == 0


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 2000)), max_size=12),
    st.lists(st.integers(1, 1500), min_size=1, max_size=5),
)
def test_rendering_in_any_spans_gives_the_same_sound(
    arrivals: list[tuple[int, int]], spans: list[int]
) -> None:
    expected = np.zeros(60_000, np.int16)
    playout = BurstyPlayout()
    end = at = 0
    for gap, length in arrivals:
        at += gap
        sound = _noise(length, at)
        playout.push(sound, at)
        start = max(at, end)
        expected[start : start + length] = sound
        end = start + length
    heard = []
    position = number = 0
    while position < 60_000:
        span = min(spans[number % len(spans)], 60_000 - position)
        heard.append(playout.render(position, span))
        position += span
        number += 1
    assert np.array_equal(np.concatenate(heard), expected)


def test_clearing_keeps_what_was_heard_and_drops_the_rest() -> None:
    playout = BurstyPlayout()
    sound = _noise(5000)
    playout.push(sound, 0)
    first = playout.render(0, FRAME)
    playout.clear(700)
    assert playout.pending(700) == 0
    rest = playout.render(FRAME, FRAME * 3)
    assert np.array_equal(np.concatenate((first, rest))[:700], sound[:700])
    assert not rest[700 - FRAME :].any()
    later = _noise(100, 9)
    playout.push(later, 2500)
    assert np.array_equal(playout.render(1920, FRAME * 2)[580:680], later)


def test_a_paced_line_is_heard_one_jitter_buffer_late_and_gapless() -> None:
    playout = ContinuousPlayout()
    sound = _tone(FRAME * 50)
    heard = []
    for number in range(60):
        if number < 50:
            playout.push(sound[number * FRAME : (number + 1) * FRAME], number * FRAME)
        heard.append(playout.render(number * FRAME, FRAME))
    whole = np.concatenate(heard)
    assert np.array_equal(whole[JITTER_DELAY : JITTER_DELAY + len(sound)], sound)
    assert playout.slips == []
    assert playout.delay_s == pytest.approx(0.04)


def _run_paced(
    playout: ContinuousPlayout, arrivals: dict[int, list[Samples]], ticks: int
) -> Samples:
    heard = []
    for number in range(ticks):
        for sound in arrivals.get(number, []):
            playout.push(sound, number * FRAME)
        heard.append(playout.render(number * FRAME, FRAME))
    return np.concatenate(heard)


def test_after_a_stall_in_silence_the_delay_is_as_before() -> None:
    silence, tone = np.zeros(FRAME, np.int16), _tone(FRAME)
    arrivals = {number: [silence] for number in range(100)}
    for number in range(20, 32):
        arrivals[number] = []
    arrivals[32] = [silence] * 13
    arrivals[60] = [tone]
    heard = _run_paced(ContinuousPlayout(), arrivals, 100)
    onset = int(np.flatnonzero(heard)[0])
    assert abs(onset - (60 * FRAME + JITTER_DELAY)) <= FRAME


def test_what_a_stall_costs_is_on_record() -> None:
    silence, tone = np.zeros(FRAME, np.int16), _tone(FRAME)
    arrivals = {number: [silence] for number in range(100)}
    arrivals |= {number: [tone] for number in range(10, 40)}
    for number in range(20, 32):
        arrivals[number] = []
    arrivals[32] = [tone] * 13
    playout = ContinuousPlayout()
    heard = _run_paced(playout, arrivals, 100)
    inserted = sum(slip.seconds for slip in playout.slips if slip.seconds > 0)
    dropped = -sum(slip.seconds for slip in playout.slips if slip.seconds < 0)
    assert inserted == pytest.approx(0.24, abs=0.021)
    assert dropped == pytest.approx(inserted, abs=0.021)
    voiced = np.flatnonzero(heard)
    assert len(voiced) >= 30 * FRAME * 0.9


def test_a_far_clock_half_a_percent_fast_does_not_build_up_delay() -> None:
    playout = ContinuousPlayout()
    pushed = 0
    worst = 0
    for number in range(6000):
        while pushed * FRAME / 1.005 <= number * FRAME:
            playout.push(np.zeros(FRAME, np.int16), number * FRAME)
            pushed += 1
        worst = max(worst, playout.pending(number * FRAME))
        playout.render(number * FRAME, FRAME)
    assert worst <= JITTER_DELAY + 2 * FRAME
    assert -sum(slip.seconds for slip in playout.slips) == pytest.approx(120 * 0.005, abs=0.06)


def test_clearing_a_paced_line_drops_its_buffer() -> None:
    playout = ContinuousPlayout()
    playout.push(_tone(FRAME * 4), 0)
    playout.render(0, FRAME * 3)
    playout.clear(FRAME * 3)
    assert playout.pending(FRAME * 3) == 0
    assert not playout.render(FRAME * 3, FRAME * 4).any()


@pytest.mark.parametrize("kind", [BurstyPlayout, ContinuousPlayout])
def test_a_label_is_passed_when_the_sound_before_it_was_heard(kind: type[Playout]) -> None:
    playout = kind()
    delay = round(playout.delay_s * 24_000)
    playout.push(_noise(FRAME * 4), 0)
    playout.mark("first", 0)
    playout.push(_noise(FRAME * 2), 0)
    playout.mark("second", 0)
    passed = []
    for number in range(12):
        playout.render(number * FRAME, FRAME)
        now = (number + 1) * FRAME
        passed += [(name, now - delay) for name in playout.passed(now)]
    assert passed == [("first", FRAME * 4), ("second", FRAME * 6)]
    playout.mark("third", FRAME * 12)
    assert playout.passed(FRAME * 12) == ["third"]


@pytest.mark.parametrize("kind", [BurstyPlayout, ContinuousPlayout])
def test_labels_of_sound_that_is_thrown_away_are_passed_at_once(kind: type[Playout]) -> None:
    playout = kind()
    playout.push(_noise(FRAME * 9), 0)
    playout.mark("unheard", 0)
    playout.render(0, FRAME)
    assert playout.passed(FRAME) == []
    playout.clear(FRAME)
    assert playout.passed(FRAME) == ["unheard"]
    assert playout.passed(FRAME * 20) == []


def test_a_label_is_never_trimmed_away() -> None:
    playout = ContinuousPlayout()
    playout.push(np.zeros(FRAME * 4, np.int16), 0)
    playout.mark("label", 0)
    playout.push(np.zeros(FRAME * 20, np.int16), 0)
    assert playout.slips
    _render_all(playout, 10)
    assert playout.passed(FRAME * 10) == ["label"]


def test_a_jitter_buffer_hides_what_is_late_by_less() -> None:
    playout = BurstyPlayout(jitter_s=0.06)
    sound = _noise(4800)
    playout.push(sound[:960], 100)
    playout.push(sound[960:1920], 400)
    playout.push(sound[1920:], 100 + 1920 + 1400)
    heard = _render_all(playout, 15)
    start = 100 + 1440
    assert not heard[:start].any()
    assert np.array_equal(heard[start : start + 4800], sound)
    assert playout.slips == []
    assert playout.delay_s == 0.06


def test_what_is_later_than_the_jitter_buffer_leaves_a_gap_that_is_told() -> None:
    playout = BurstyPlayout(jitter_s=0.06)
    sound = _noise(1920)
    playout.push(sound[:960], 0)
    playout.push(sound[960:], 1440 + 960 + 240)
    heard = _render_all(playout, 10)
    assert np.array_equal(heard[1440:2400], sound[:960])
    assert not heard[2400:2640].any()
    assert np.array_equal(heard[2640:3600], sound[960:])
    assert [(slip.at_s, slip.seconds) for slip in playout.slips] == [(0.1, 0.01)]


def test_after_a_pause_the_jitter_buffer_fills_again() -> None:
    playout = BurstyPlayout(jitter_s=0.06)
    playout.push(_noise(480), 0)
    playout.push(_noise(480), 24_000)
    heard = _render_all(playout, 60)
    assert int(np.flatnonzero(heard[12_000:])[0]) + 12_000 == 25_440
    assert playout.slips == []


def test_a_burst_is_pending_to_its_last_sound() -> None:
    playout = BurstyPlayout()
    playout.push(np.append(np.full(960, 5000, np.int16), np.zeros(9_600, np.int16)), 0)
    assert playout.pending(0) == 960
    playout.push(np.zeros(480, np.int16), 0)
    assert playout.pending(480) == 480
    playout.clear(700)
    assert playout.pending(600) == 100
