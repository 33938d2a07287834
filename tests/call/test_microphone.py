from __future__ import annotations

import numpy as np
import pytest

from voicetest.call.microphone import FRAME, Microphone
from voicetest.clock import Clock, run


def test_a_line_goes_out_whole_in_frames_padded_with_silence() -> None:
    async def main() -> None:
        microphone = Microphone()
        line = np.arange(1, FRAME * 2 + 101, dtype=np.int16)
        started, finished = microphone.say(line)
        frames = [microphone.take(number * 0.02) for number in range(4)]
        assert started.result() == 0.0
        assert finished.done()
        assert np.array_equal(np.concatenate(frames)[: len(line)], line)
        assert not np.concatenate(frames)[len(line) :].any()

    run(main(), Clock.VIRTUAL)


def test_the_line_starts_with_the_first_frame_after_it_was_given() -> None:
    async def main() -> None:
        microphone = Microphone()
        assert not microphone.take(0.0).any()
        assert not microphone.speaking
        started, finished = microphone.say(np.ones(FRAME, np.int16))
        assert microphone.speaking
        assert microphone.take(0.02).all()
        assert started.result() == 0.02
        assert finished.done()
        assert not microphone.speaking

    run(main(), Clock.VIRTUAL)


def test_two_lines_at_once_are_refused() -> None:
    async def main() -> None:
        microphone = Microphone()
        microphone.say(np.ones(FRAME, np.int16))
        with pytest.raises(RuntimeError, match="one line"):
            microphone.say(np.ones(FRAME, np.int16))

    run(main(), Clock.VIRTUAL)
