from __future__ import annotations

import pytest

from voicetest.audio.chunk import INTERNAL
from voicetest.call.bounds import LONGEST_TEXT, MOST_AHEAD_S, Bounds
from voicetest.errors import ProtocolError
from voicetest.events import Event, Status, ToolCalled, Transcript, TranscriptDelta

RATE = INTERNAL.rate


def _sends(event: Event, times: int, every_s: float = 0.0) -> None:
    bounds = Bounds()
    for number in range(times):
        bounds.within(event, number * every_s)


def test_a_call_of_hours_with_a_word_each_fraction_of_a_second_is_within() -> None:
    _sends(TranscriptDelta("agent", "hello "), 100_000, every_s=0.1)


def test_words_without_end_are_the_agents_fault() -> None:
    with pytest.raises(ProtocolError, match=r"sends them without end.*TranscriptDelta"):
        _sends(TranscriptDelta("agent", "hello "), 100_000)


def test_tool_calls_without_end_are_the_agents_fault() -> None:
    with pytest.raises(ProtocolError, match="called tools over 1000 times"):
        _sends(ToolCalled("1", "look_up", "{}"), 2_000)


def test_texts_without_end_are_the_agents_fault() -> None:
    with pytest.raises(ProtocolError, match="texts of over 2 million characters"):
        _sends(Transcript("agent", "x" * 50_000), 100)


def test_a_long_text_is_cut_with_a_note() -> None:
    kept = Bounds().within(Transcript("agent", "x" * 200_000), 0.0)
    assert isinstance(kept, Transcript)
    assert kept.text.startswith("x" * LONGEST_TEXT)
    assert kept.text.endswith("(cut: 200000 characters came, 100000 are kept)")


def test_what_a_platform_says_at_length_is_cut_with_a_note() -> None:
    kept = Bounds().within(Status("report", {"all": ["x" * 60_000, "y" * 60_000]}), 0.0)
    assert isinstance(kept, Status)
    assert list(kept.fields) == ["cut"]


def test_short_texts_are_left_alone() -> None:
    said = Status("ringing", {"for": 3})
    assert Bounds().within(said, 0.0) is said


def test_ten_minutes_of_sound_may_wait_and_no_more() -> None:
    bounds = Bounds()
    bounds.hold_sound(round(MOST_AHEAD_S * RATE))
    with pytest.raises(ProtocolError, match="over 600 s of sound ahead"):
        bounds.hold_sound(round(MOST_AHEAD_S * RATE) + 1)
    bounds.close()


def test_calls_share_what_may_wait_and_each_has_its_part() -> None:
    calls = [Bounds() for _ in range(4)]
    for call in calls[:1]:
        call.hold_sound(590 * RATE)
    calls[3].hold_sound(15 * RATE)
    with pytest.raises(ProtocolError, match="or run fewer calls"):
        calls[2].hold_sound(590 * RATE)
    for call in calls:
        call.close()
    last = Bounds()
    last.hold_sound(590 * RATE)
    last.close()
