"""The delay of a playout on a line that never pauses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from voicetest.audio.chunk import Samples
from voicetest.call.playout import FRAME, BurstyPlayout, ContinuousPlayout, Playout

WAIT_S = 0.06
MS = 24
SILENCE = np.zeros(FRAME, np.int16)
VOICE = np.full(FRAME, 6_000, np.int16)


def _onset_delays(playout: Playout, arrivals: Iterator[tuple[float, Samples]]) -> list[float]:
    """Milliseconds from the arrival of each first frame of a sound to where it is heard."""
    heard, came, sounded, position = [], [], -FRAME * 20, 0
    for at_ms, samples in arrivals:
        at = round(at_ms * MS)
        while position + FRAME <= at:
            heard.append(playout.render(position, FRAME))
            position += FRAME
        if samples.any():
            if at - sounded > FRAME * 10:
                came.append(at)
            sounded = at + len(samples)
        playout.push(samples, at)
    heard += [playout.render(position + n * FRAME, FRAME) for n in range(20)]
    whole = np.concatenate(heard) != 0
    onsets = [
        int(at) for at in np.flatnonzero(whole) if at < 4_800 or not whole[at - 4_800 : at].any()
    ]
    assert len(onsets) == len(came)
    return [(heard_at - at) / MS for heard_at, at in zip(onsets, came, strict=True)]


def _stream(
    seconds: float, every_ms: float = 20.0, stalls: dict[int, float] | None = None
) -> Iterator[tuple[float, Samples]]:
    """A frame every so many milliseconds, 0.8 s of sound in each 4 s, the rest silence.

    A frame with a stall comes so many milliseconds late, and those behind it when it has come.
    """
    late_until = 0.0
    for number in range(round(seconds * 50)):
        at = number * every_ms
        late_until = max(late_until, at + (stalls or {}).get(number, 0.0))
        yield max(at, late_until), VOICE if number % 200 >= 160 else SILENCE


@pytest.mark.parametrize("every_ms", [19.9, 20.0, 20.4, 20.7])
def test_a_slow_far_clock_does_not_empty_the_buffer(every_ms: float) -> None:
    delays = _onset_delays(BurstyPlayout(WAIT_S), _stream(40, every_ms))
    assert len(delays) == 10
    # A clock that is fast sends ahead; what it sends ahead is heard when its turn comes.
    assert all(delay >= 58 for delay in delays)
    if every_ms >= 20:
        assert all(delay <= 62 for delay in delays)


@pytest.mark.parametrize("stall_ms", [40.0, 107.0, 300.0, 700.0])
@pytest.mark.parametrize("frame", [5, 300])
def test_a_stall_in_silence_does_not_lengthen_the_delay_for_ever(
    stall_ms: float, frame: int
) -> None:
    delays = _onset_delays(BurstyPlayout(WAIT_S), _stream(20, stalls={frame: stall_ms}))
    assert len(delays) == 5
    assert all(58 <= delay <= 62 for delay in delays[2:]), delays
    assert frame > 5 or 58 <= delays[0] <= 62


def test_a_stall_in_speech_is_told_and_made_up_for_in_the_next_silence() -> None:
    playout = BurstyPlayout(WAIT_S)
    delays = _onset_delays(playout, _stream(20, stalls={370: 300.0}))
    assert all(58 <= delay <= 62 for delay in delays), delays
    (slip,) = playout.slips
    assert slip.at_s == pytest.approx(7.46, abs=0.01)
    assert slip.seconds == pytest.approx(0.30, abs=0.01)


def test_a_far_side_that_stalls_just_before_it_speaks_is_heard_one_buffer_later() -> None:
    arrivals = [(n * 20.0, SILENCE) for n in range(160)]
    arrivals += [(n * 20.0 + 40, VOICE) for n in range(160, 200)]
    assert _onset_delays(BurstyPlayout(WAIT_S), iter(arrivals)) == [pytest.approx(60, abs=2)]


def test_silence_that_the_far_side_sends_ahead_of_its_words_is_heard() -> None:
    clip = np.concatenate([SILENCE] * 15 + [VOICE] * 20)
    arrivals = [(second * 3_000.0, clip) for second in range(4)]
    playout = BurstyPlayout(WAIT_S)
    delays = _onset_delays(playout, iter(arrivals))
    assert delays == pytest.approx([360] * 4)
    assert playout.slips == []


def test_after_pauses_without_a_frame_nothing_is_made_up_for() -> None:
    """A line that streams silence within its turns only: what it sends ahead is its own."""
    arrivals = []
    for turn in range(4):
        since = turn * 6_000.0
        arrivals += [(since + n * 20, SILENCE) for n in range(60)]
        arrivals += [(since + 1_200, SILENCE)] * 5
        arrivals += [(since + 1_200 + n * 20, VOICE) for n in range(40)]
    delays = _onset_delays(BurstyPlayout(WAIT_S), iter(arrivals))
    assert delays == pytest.approx([160] * 4, abs=2)


@pytest.mark.parametrize("stalls", [None, {60: 15.0}, {300: 250.0}])
@pytest.mark.parametrize("every_ms", [19.9, 20.0, 20.1])
def test_a_paced_line_keeps_its_delay_within_10_ms(
    every_ms: float, stalls: dict[int, float] | None
) -> None:
    playout = ContinuousPlayout()
    delays = _onset_delays(playout, _stream(40, every_ms, stalls))
    assert len(delays) == 10
    assert all(abs(delay - 1_000 * playout.delay_s) <= 10.1 for delay in delays), delays
