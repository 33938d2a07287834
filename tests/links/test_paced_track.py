from __future__ import annotations

import asyncio

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from voicetest.audio.chunk import Samples
from voicetest.clock import Clock, run, sleep_until
from voicetest.links.paced_track import FRAME_S, PacedTrack

FRAME = 480
LEVEL = 8_000
TONE = np.full(FRAME, LEVEL, np.int16)


async def _frames(track: PacedTrack, count: int) -> tuple[list[float], Samples]:
    """When so many frames were handed out, and their sound at 48 kHz."""
    at, sound = [], []
    for _ in range(count):
        frame = await track.recv()
        at.append(asyncio.get_running_loop().time())
        sound.append(frame.to_ndarray()[0])
    return at, np.concatenate(sound)


def _edges(sound: Samples) -> tuple[float, float]:
    """Where the tone begins and ends, in seconds."""
    (loud,) = np.nonzero(sound > LEVEL / 2)
    return loud[0] / 48_000, (loud[-1] + 1) / 48_000


def test_silence_leaves_every_20_ms_and_never_drifts() -> None:
    async def main() -> None:
        at, sound = await _frames(PacedTrack(0.01), 500)
        assert np.allclose(np.diff(at), FRAME_S)
        assert not sound.any()

    run(main(), Clock.VIRTUAL)


@pytest.mark.parametrize("phase", [0.0, 0.004, 0.0111, 0.0199])
def test_sound_that_begins_at_any_time_leaves_after_the_same_delay(phase: float) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        track = PacedTrack(0.03)

        async def speak(start: float) -> None:
            for number in range(10):
                await sleep_until(start + number * FRAME_S)
                track.put(TONE)

        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(_frames(track, 60))
            tasks.create_task(speak(0.1))
            tasks.create_task(speak(0.5 + phase))
        at, sound = listening.result()
        first, second = sound[: 20 * 960], sound[20 * 960 :]
        shift = at[20] - 20 * FRAME_S  # the schedule moved once, to the first sound
        for (begins, ends), start in (
            (_edges(first), 0.1),
            (tuple(edge + 20 * FRAME_S for edge in _edges(second)), 0.5 + phase),
        ):
            assert begins + shift - start == pytest.approx(track.delay_s, abs=0.0006)
            assert ends - begins == pytest.approx(0.2, abs=0.001)
        assert loop.time() == pytest.approx(at[-1])

    run(main(), Clock.VIRTUAL)


def test_sound_in_frames_of_one_schedule_has_no_gap_though_they_come_late() -> None:
    async def main() -> None:
        track = PacedTrack(0.01)

        async def speak() -> None:
            for number in range(20):
                await sleep_until(0.1 + number * FRAME_S + (0.008 if number % 3 == 1 else 0))
                track.put(TONE)

        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(_frames(track, 40))
            tasks.create_task(speak())
        _, sound = listening.result()
        begins, ends = _edges(sound)
        assert ends - begins == pytest.approx(0.4, abs=0.001)

    run(main(), Clock.VIRTUAL)


def test_time_that_a_late_frame_cost_is_made_up_in_silence() -> None:
    async def main() -> None:
        track = PacedTrack(0.01)

        async def speak() -> None:
            for number in range(60):
                await sleep_until(0.1 + number * FRAME_S + (0.05 if number == 5 else 0))
                track.put(TONE if number < 10 or number >= 50 else TONE * 0)

        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(_frames(track, 80))
            tasks.create_task(speak())
        at, sound = listening.result()
        shift = at[40] - 40 * FRAME_S
        second = sound[40 * 960 :]
        begins = _edges(second)[0] + 40 * FRAME_S + shift
        assert begins == pytest.approx(0.1 + 50 * FRAME_S + track.delay_s, abs=0.001)

    run(main(), Clock.VIRTUAL)


def test_a_caller_that_does_not_speak_in_real_time_fills_no_memory() -> None:
    async def main() -> None:
        track = PacedTrack(0.01)
        track.put(np.full(24_000 * 60, LEVEL, np.int16))
        _, sound = await _frames(track, 150)
        assert _edges(sound)[1] <= 2.1

    run(main(), Clock.VIRTUAL)


def test_a_muted_track_sends_no_packet_and_goes_on_at_the_right_time() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        track = PacedTrack(0.01)
        await _frames(track, 5)
        track.mute()
        loop.call_later(1, track.unmute)
        frame = await track.recv()
        assert loop.time() == pytest.approx(0.08 + 1)
        assert frame.pts == pytest.approx(48_000 * 1.08, abs=960)
        at, _ = await _frames(track, 3)
        assert np.allclose(np.diff(at), FRAME_S)

    run(main(), Clock.VIRTUAL)


def test_sound_that_was_cleared_never_leaves() -> None:
    async def main() -> None:
        track = PacedTrack(0.03)
        await _frames(track, 2)
        track.put(TONE)
        track.clear()
        _, sound = await _frames(track, 5)
        assert not sound.any()

    run(main(), Clock.VIRTUAL)


def test_frames_have_the_rate_of_the_codec() -> None:
    async def main() -> None:
        track = PacedTrack(0.01)
        track.leave_at(8_000)
        frame = await track.recv()
        assert (frame.sample_rate, frame.samples) == (8_000, 160)

    run(main(), Clock.VIRTUAL)


def test_a_stopped_track_has_no_more_frames() -> None:
    async def main() -> None:
        track = PacedTrack(0.01)
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()

    run(main(), Clock.VIRTUAL)
