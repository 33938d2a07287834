from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.chunk import Samples
from voicetest.call.timeline import (
    EndReason,
    Entry,
    SpeechStarted,
    SpeechStopped,
    Timeline,
    TurnClosed,
    TurnOpened,
)
from voicetest.call.turns import AgentTurns

FRAME = 480
SILENCE: Samples = np.zeros(FRAME, np.int16)
SPEECH: Samples = np.full(FRAME, 5000, np.int16)


class _Line:
    """Feeds frames to the turns under test, 20 ms at a time."""

    def __init__(
        self, *, platform_ends_turns: bool = False, tail_s: float = 0.6, late_s: float = 0.0
    ) -> None:
        self.entries: list[Entry] = []
        timeline = Timeline(self.entries.append)
        self.turns = AgentTurns(
            timeline, platform_ends_turns=platform_ends_turns, tail_s=tail_s, late_s=late_s
        )
        self.frames = 0

    @property
    def now(self) -> float:
        return self.frames * 0.02

    def hear(self, frame: Samples, seconds: float, *, drained: bool = True) -> None:
        for _ in range(round(seconds / 0.02)):
            self.turns.hear(frame, self.now, None)
            self.frames += 1
            self.turns.settle(self.now, drained=drained)

    def notes(self, *kinds: type) -> list[Entry]:
        return [entry for entry in self.entries if isinstance(entry.what, kinds)]


def test_a_turn_opens_with_sound_and_closes_after_the_tail() -> None:
    line = _Line()
    line.hear(SILENCE, 1.0)
    line.hear(SPEECH, 1.0)
    line.hear(SILENCE, 1.0)
    opened, closed = line.notes(TurnOpened, TurnClosed)
    assert opened.at == pytest.approx(1.0)
    assert closed.what == TurnClosed(0, EndReason.TAIL_SILENCE, 0.6)
    assert closed.at == pytest.approx(2.6, abs=0.021)
    turn = line.turns.all[0]
    assert (turn.speech_start_s, turn.speech_end_s) == pytest.approx((1.0, 2.0))


def test_a_line_that_streams_silence_for_ever_still_ends_the_turn_on_its_sound() -> None:
    line = _Line(tail_s=1.0)
    line.hear(SPEECH, 0.5)
    faint: Samples = np.full(FRAME, 20, np.int16)
    line.hear(faint, 5.0)
    assert line.notes(TurnClosed)[0].at == pytest.approx(1.5, abs=0.021)


def test_pauses_between_words_are_not_silence() -> None:
    line = _Line()
    for _ in range(3):
        line.hear(SPEECH, 0.5)
        line.hear(SILENCE, 0.2)
    assert line.turns.audible
    assert len(line.notes(SpeechStarted)) == 1
    line.hear(SILENCE, 0.2)
    assert not line.turns.audible
    assert line.notes(SpeechStopped)[0].at == pytest.approx(1.9)


def test_the_platforms_word_ends_the_turn_once_playout_has_drained() -> None:
    line = _Line(platform_ends_turns=True)
    line.turns.sign(0.0)
    line.turns.announce_end(line.now)
    line.hear(SPEECH, 2.0, drained=False)
    assert line.turns.open is not None
    line.hear(SILENCE, 0.02)
    assert line.notes(TurnClosed)[0].what == TurnClosed(0, EndReason.TURN_ENDED)


def test_without_the_platforms_word_its_turn_stays_open() -> None:
    line = _Line(platform_ends_turns=True)
    line.hear(SPEECH, 0.5)
    line.hear(SILENCE, 20.0)
    assert line.turns.open is not None


def test_a_cleared_turn_counts_as_interrupted() -> None:
    line = _Line(platform_ends_turns=True)
    line.hear(SPEECH, 0.5)
    line.turns.cleared(line.now)
    line.turns.announce_end(line.now)
    line.hear(SILENCE, 0.1)
    assert line.notes(TurnClosed)[0].what == TurnClosed(0, EndReason.INTERRUPTED)


def test_sound_that_comes_late_after_an_interruption_begins_no_turn() -> None:
    line = _Line(platform_ends_turns=True, late_s=0.2)
    line.hear(SPEECH, 0.5)
    line.turns.cleared(line.now)
    line.hear(SILENCE, 0.06)
    line.hear(SPEECH, 0.04)
    line.hear(SILENCE, 0.4)
    (closed,) = line.notes(TurnClosed)
    assert closed.what == TurnClosed(0, EndReason.INTERRUPTED)
    assert closed.at == pytest.approx(0.8, abs=0.021)


def test_a_turn_of_tool_calls_alone_is_a_turn() -> None:
    line = _Line()
    line.turns.sign(0.0)
    line.hear(SILENCE, 1.0)
    closed = line.notes(TurnClosed)
    assert len(closed) == 1
    assert line.turns.all[0].speech_start_s is None


def test_speech_after_a_turn_is_a_new_turn() -> None:
    line = _Line()
    for _ in range(2):
        line.hear(SPEECH, 0.5)
        line.hear(SILENCE, 1.0)
    assert [turn.index for turn in line.turns.all] == [0, 1]


def test_latency_is_measured_from_the_end_of_the_users_speech() -> None:
    line = _Line()
    line.turns.hear(SPEECH, 3.0, 2.25)
    assert line.notes(SpeechStarted)[0].what == SpeechStarted("agent", 0.75)


def test_more_of_a_turn_may_arrive_after_its_announced_end() -> None:
    line = _Line(platform_ends_turns=True, late_s=0.3)
    line.hear(SPEECH, 0.5)
    line.turns.announce_end(line.now)
    line.hear(SILENCE, 0.2)
    line.hear(SPEECH, 0.2)
    line.hear(SILENCE, 0.4)
    (turn,) = line.turns.all
    assert turn.speech_end_s == pytest.approx(0.9)
    assert turn.reason is EndReason.TURN_ENDED


def test_a_turn_that_begins_before_another_is_over_goes_on_with_it() -> None:
    line = _Line(platform_ends_turns=True, late_s=0.3)
    line.hear(SPEECH, 0.5)
    line.turns.announce_end(line.now)
    line.hear(SILENCE, 0.2)
    line.turns.begin(line.now)
    line.hear(SILENCE, 1.0)
    (turn,) = line.turns.all
    assert turn.closed_s is None
