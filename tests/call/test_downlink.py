from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Encoding, Samples
from voicetest.audio.g711 import compress
from voicetest.call.downlink import Downlink, Heard
from voicetest.call.microphone import FRAME
from voicetest.call.playout import BurstyPlayout, ContinuousPlayout, Playout

MULAW = AudioFormat(Encoding.MULAW, 8_000)
FRAMES = 200


def _pieces(rates: Sequence[int], milliseconds: int) -> list[AudioChunk]:
    """4 s of sound that is cut like that, in the rates by turns of a second."""
    random, pieces = np.random.default_rng(1), []
    for second in range(4):
        rate = rates[second % len(rates)]
        noise = random.normal(0, 3_000, rate).astype(np.int16)
        for part in np.split(noise, range(0, rate, rate * milliseconds // 1_000)[1:]):
            if rate == 8_000:
                pieces.append(AudioChunk(compress(part, Encoding.MULAW), MULAW))
            else:
                pieces.append(AudioChunk.of(part, rate))
    return pieces


def _played(
    playout: Playout, pieces: Sequence[AudioChunk], every: int
) -> tuple[Samples, Samples, list[int]]:
    """What was heard of both when all is worked off with each so many frames, and what was told."""
    told: list[int] = []
    downlink = Downlink(playout, None, told.append)
    heard: list[Heard] = []
    waiting, sent = list(pieces), 0.0
    for frame in range(FRAMES):
        while waiting and sent <= frame * 0.02:
            downlink.arrive(waiting[0], frame * FRAME + 7)
            sent += waiting.pop(0).duration
        downlink.frame_over(np.full(FRAME, frame, np.int16))
        if (frame + 1) % every == 0:
            heard += [found] if (found := downlink.catch_up()) is not None else []
            assert (downlink.behind, downlink.waiting) == (0, 0)
    assert downlink.catch_up() is None
    user = np.concatenate([each.user for each in heard])
    return user, np.concatenate([each.agent for each in heard]), told


@pytest.mark.parametrize("playout", [BurstyPlayout, ContinuousPlayout])
@pytest.mark.parametrize(
    ("rates", "milliseconds"),
    [([8_000], 20), ([16_000], 20), ([24_000], 20), ([44_100], 10), ([8_000, 24_000, 16_000], 20)],
)
def test_what_is_heard_does_not_depend_on_when_it_is_worked_off(
    playout: type[BurstyPlayout | ContinuousPlayout], rates: Sequence[int], milliseconds: int
) -> None:
    pieces = _pieces(rates, milliseconds)
    user, agent, told = _played(playout(), pieces, every=1)
    assert np.sqrt(np.mean(agent[FRAME * 10 :].astype(float) ** 2)) > 1_000
    for every in (2, 5, 40):
        later = _played(playout(), pieces, every)
        assert np.array_equal(later[0], user)
        assert np.array_equal(later[1], agent)
        assert later[2] == told


def test_it_says_how_much_has_still_to_be_worked_off() -> None:
    downlink = Downlink(BurstyPlayout(), None, lambda at: None)
    downlink.arrive(AudioChunk(bytes(160), MULAW), 0)
    downlink.frame_over(np.zeros(FRAME, np.int16))
    downlink.frame_over(np.zeros(FRAME, np.int16))
    assert (downlink.behind, downlink.waiting) == (2, FRAME)
    heard = downlink.catch_up()
    assert heard is not None
    assert len(heard.user) == len(heard.agent) == 2 * FRAME
    assert (downlink.behind, downlink.waiting) == (0, 0)


def test_a_bad_line_changes_each_frame_once() -> None:
    seen: list[int] = []

    def changed(frame: Samples) -> Samples:
        seen.append(len(frame))
        return frame + np.int16(len(seen))

    downlink = Downlink(BurstyPlayout(), changed, lambda at: None)
    downlink.arrive(AudioChunk.of(np.full(3 * FRAME, 100, np.int16), INTERNAL.rate), 0)
    for _ in range(3):
        downlink.frame_over(np.zeros(FRAME, np.int16))
    heard = downlink.catch_up()
    assert heard is not None
    assert seen == [FRAME] * 3
    assert heard.agent.reshape(3, FRAME)[:, 0].tolist() == [101, 102, 103]
