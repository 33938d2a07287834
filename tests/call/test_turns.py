from __future__ import annotations

import pytest

from voicetest.call.hearing import Speech
from voicetest.call.timeline import (
    EndReason,
    Entry,
    SpeechStarted,
    SpeechStopped,
    Timeline,
    TurnClosed,
    TurnOpened,
    TurnResumed,
)
from voicetest.call.turns import AgentTurns

LAG_S = 0.1
"""How late speech is known to be speech."""


class _Line:
    """Tells the turns under test what is heard, 20 ms at a time."""

    def __init__(
        self, *, platform_ends_turns: bool = False, tail_s: float = 0.6, late_s: float = 0.0
    ) -> None:
        self.entries: list[Entry] = []
        timeline = Timeline(self.entries.append)
        self.turns = AgentTurns(
            timeline, platform_ends_turns=platform_ends_turns, tail_s=tail_s, late_s=late_s
        )
        self.frames = 0
        self.speech: Speech | None = None
        self.line: tuple[float, float] | None = None
        self.user_end_s: float | None = None

    @property
    def now(self) -> float:
        return self.frames * 0.02

    def speak(self, seconds: float, *, drained: bool = True) -> None:
        """The agent speaks; it is known some time after it began."""
        start = self.now
        for _ in range(round(seconds / 0.02)):
            self._step(Speech(start, self.now + 0.02, True), drained=drained)
        self.speech = Speech(start, self.now, False)

    def silence(self, seconds: float, *, drained: bool = True, undecided: bool = False) -> None:
        """Nobody speaks on the agent's side."""
        for _ in range(round(seconds / 0.02)):
            self._step(self.speech, drained=drained, undecided=undecided)

    def user_speaks(self, seconds: float) -> None:
        """The user begins a line of that length, which goes on while other things happen."""
        self.line = self.now, self.now + seconds
        self.user_end_s = self.line[1]
        self.turns.user_begins(*self.line)

    def _step(self, speech: Speech | None, *, drained: bool, undecided: bool = False) -> None:
        self.frames += 1
        known = speech is not None and (self.now - speech.start_s > LAG_S)
        said = self.line
        if known:
            self.speech = speech
        self.turns.follow(self.speech, self.user_end_s)
        if said and self.now >= said[1]:
            self.turns.user_ends(said[1])
            self.line = None
        new = speech is not None and speech is not self.speech
        self.turns.settle(self.now, drained=drained, undecided=undecided or new)

    def notes(self, *kinds: type) -> list[Entry]:
        return [entry for entry in self.entries if isinstance(entry.what, kinds)]


def test_a_turn_opens_with_sound_and_closes_after_the_tail() -> None:
    line = _Line()
    line.silence(1.0)
    line.speak(1.0)
    line.silence(1.0)
    opened, closed = line.notes(TurnOpened, TurnClosed)
    assert opened.at == pytest.approx(1.0)
    assert closed.what == TurnClosed(0, EndReason.TAIL_SILENCE, 0.6)
    assert closed.at == pytest.approx(2.6, abs=0.021)
    turn = line.turns.all[0]
    assert (turn.speech_start_s, turn.speech_end_s) == pytest.approx((1.0, 2.0))


def test_pauses_between_words_are_not_silence() -> None:
    line = _Line()
    for _ in range(3):
        line.speak(0.5)
        line.silence(0.2)
    assert line.turns.audible
    assert len(line.notes(SpeechStarted)) == 1
    line.silence(0.3)
    assert not line.turns.audible
    assert line.notes(SpeechStopped)[0].at == pytest.approx(1.9)


def test_the_platforms_word_ends_the_turn_once_playout_has_drained() -> None:
    line = _Line(platform_ends_turns=True)
    line.turns.sign(0.0)
    line.turns.announce_end(line.now)
    line.speak(2.0, drained=False)
    assert line.turns.open is not None
    line.silence(0.02)
    assert line.notes(TurnClosed)[0].what == TurnClosed(0, EndReason.TURN_ENDED)


def test_without_the_platforms_word_its_turn_stays_open() -> None:
    line = _Line(platform_ends_turns=True)
    line.speak(0.5)
    line.silence(20.0)
    assert line.turns.open is not None


def test_a_cleared_turn_counts_as_interrupted() -> None:
    line = _Line(platform_ends_turns=True)
    line.speak(0.5)
    line.turns.cleared(line.now)
    line.turns.announce_end(line.now)
    line.silence(0.1)
    assert line.notes(TurnClosed)[0].what == TurnClosed(0, EndReason.INTERRUPTED)


def test_sound_that_comes_late_after_an_interruption_begins_no_turn() -> None:
    line = _Line(platform_ends_turns=True, late_s=0.2)
    line.speak(0.5)
    line.turns.cleared(line.now)
    line.silence(0.06)
    line.speak(0.04)
    line.silence(0.4)
    (closed,) = line.notes(TurnClosed)
    assert closed.what == TurnClosed(0, EndReason.INTERRUPTED)
    assert closed.at == pytest.approx(0.6 + 0.2 + 0.15, abs=0.021)


def test_a_turn_of_tool_calls_alone_is_a_turn() -> None:
    line = _Line()
    line.turns.sign(0.0)
    line.silence(1.0)
    closed = line.notes(TurnClosed)
    assert len(closed) == 1
    assert line.turns.all[0].speech_start_s is None


def test_speech_after_a_turn_is_a_new_turn() -> None:
    line = _Line()
    for _ in range(2):
        line.speak(0.5)
        line.silence(1.0)
    assert [turn.index for turn in line.turns.all] == [0, 1]


def test_latency_is_measured_from_the_end_of_the_users_speech() -> None:
    line = _Line()
    line.user_speaks(2.0)
    line.silence(2.74)
    line.speak(0.5)
    (started,) = line.notes(SpeechStarted)
    assert started.at == pytest.approx(2.74)
    assert isinstance(started.what, SpeechStarted)
    assert started.what.latency_s == pytest.approx(0.74)


def test_a_word_within_the_users_line_is_no_turn() -> None:
    line = _Line()
    line.user_speaks(3.0)
    line.silence(1.0)
    line.speak(0.4)
    line.silence(1.0)
    line.silence(1.2)
    assert not line.turns.all
    started, stopped = line.notes(SpeechStarted, SpeechStopped)
    assert (started.at, stopped.at) == pytest.approx((1.0, 1.4))
    line.speak(1.0)
    (turn,) = line.turns.all
    assert turn.opened_s == turn.speech_start_s == pytest.approx(3.6)


def test_speech_that_outlasts_the_users_line_is_a_turn_from_where_it_began() -> None:
    line = _Line()
    line.user_speaks(2.0)
    line.silence(1.4)
    line.speak(0.9)
    (turn,) = line.turns.all
    assert turn.opened_s == turn.speech_start_s == pytest.approx(1.4)
    (started,) = line.notes(SpeechStarted)
    assert isinstance(started.what, SpeechStarted)
    assert started.what.latency_s == pytest.approx(-0.6)


def test_long_speech_within_the_users_line_is_a_turn_before_either_ends() -> None:
    line = _Line()
    line.user_speaks(6.0)
    line.silence(1.0)
    line.speak(1.2)
    assert [turn.opened_s for turn in line.turns.all] == [pytest.approx(1.0)]


def test_a_word_at_the_very_end_of_the_users_line_is_a_turn() -> None:
    line = _Line()
    line.user_speaks(2.0)
    line.silence(1.4)
    line.speak(0.5)
    line.silence(1.0)
    (turn,) = line.turns.all
    assert turn.speech_end_s == pytest.approx(1.9)


def test_an_agent_that_goes_on_after_its_pause_resumes_the_turn_that_the_user_cut_into() -> None:
    line = _Line()
    line.speak(2.0)
    line.silence(0.62)
    line.user_speaks(1.0)
    line.silence(0.28)
    line.speak(2.0)
    line.silence(1.0)
    (turn,) = line.turns.all
    assert (turn.speech_start_s, turn.speech_end_s) == pytest.approx((0.0, 4.9))
    assert [entry.at for entry in line.notes(TurnResumed)] == [pytest.approx(2.9)]
    assert len(line.notes(TurnClosed)) == 2


def test_an_agent_that_speaks_over_the_user_later_does_not_resume() -> None:
    line = _Line()
    line.speak(2.0)
    line.silence(0.62)
    line.user_speaks(2.0)
    line.silence(0.8)
    line.speak(2.0)
    assert [turn.opened_s for turn in line.turns.all] == pytest.approx([0.0, 3.42])


def test_a_turn_does_not_end_while_it_is_not_known_whether_it_goes_on() -> None:
    line = _Line()
    line.speak(1.0)
    line.silence(0.56)
    line.speak(1.0)
    (turn,) = line.turns.all
    assert turn.closed_s is None
    line.silence(0.9, undecided=True)
    assert turn.closed_s is None
    line.silence(0.2, undecided=True)
    assert turn.closed_s is not None


def test_an_announced_end_waits_for_the_word_whether_its_short_answer_was_speech() -> None:
    line = _Line(platform_ends_turns=True)
    line.turns.begin(0.0)
    line.turns.announce_end(0.08)
    line.silence(0.1, undecided=True)
    assert line.turns.open is not None
    line.silence(0.4, undecided=True)
    assert line.turns.open is None


def test_an_end_that_is_announced_before_anything_was_heard_ends_what_is_heard_then() -> None:
    line = _Line(platform_ends_turns=True)
    line.turns.announce_end(1.0)
    line.speak(1.0)
    line.silence(0.02)
    (closed,) = line.notes(TurnClosed)
    assert closed.what == TurnClosed(0, EndReason.TURN_ENDED)
    line.speak(1.0)
    line.silence(10.0)
    assert line.turns.open is not None


def test_speech_that_goes_on_after_its_announced_end_is_another_turn() -> None:
    line = _Line(platform_ends_turns=True)
    line.turns.announce_end(1.0)
    line.speak(2.0)
    assert [turn.opened_s for turn in line.turns.all] == pytest.approx([0.0, 1.0], abs=0.021)


def test_more_of_a_turn_may_arrive_after_its_announced_end() -> None:
    line = _Line(platform_ends_turns=True, late_s=0.3)
    line.speak(0.5)
    line.turns.announce_end(line.now)
    line.silence(0.2)
    line.speak(0.2)
    line.silence(0.5)
    (turn,) = line.turns.all
    assert turn.speech_end_s == pytest.approx(0.9)
    assert turn.reason is EndReason.TURN_ENDED


def test_a_turn_that_begins_before_another_is_over_goes_on_with_it() -> None:
    line = _Line(platform_ends_turns=True, late_s=0.3)
    line.speak(0.5)
    line.turns.announce_end(line.now)
    line.silence(0.2)
    line.turns.begin(line.now)
    line.silence(1.0)
    (turn,) = line.turns.all
    assert turn.closed_s is None
