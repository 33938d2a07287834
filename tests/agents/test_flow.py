"""An agent that speaks while it is still thinking, on a line in memory and on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import numpy as np
import pytest

from tests.agents.line import Call, Near, call, talk
from tests.conftest import Speak
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.mind import CallTool, Flow, Reply
from voicetest.audio.chunk import Samples
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Cleared,
    ToolCalled,
    Transcript,
    Warned,
)
from voicetest.speech.providers import Speech

FIRST = "I have found two charges for March."
SECOND = "One of them will be paid back to you within the next three days."
HEARD_AT = 2.0
"""When the user begins to speak."""


class Musing:
    """Thinks as its plan says: seconds to wait, sentences, and `!` before a tool to call."""

    def __init__(self, *plan: float | str) -> None:
        self._plan = plan
        self.heard: list[str] = []
        self.shares: list[float] = []
        self.stopped = 0
        """How often it was stopped before it had said everything."""

    def greeting(self) -> str:
        """It lets the user begin."""
        return ""

    async def answer(self, heard: str, call_tool: CallTool) -> Reply | Flow:
        """Its plan, whatever it heard."""
        self.heard.append(heard)
        return Flow(self._think(call_tool))

    async def answer_keys(self, keys: str, call_tool: CallTool) -> Reply | Flow:
        """The same."""
        return await self.answer(keys, call_tool)

    def cut_short(self, heard_share: float) -> None:
        """Take note of it."""
        self.shares.append(heard_share)

    async def _think(self, call_tool: CallTool) -> AsyncGenerator[str, None]:
        done = False
        try:
            for item in self._plan:
                if isinstance(item, float):
                    await asyncio.sleep(item)
                elif item.startswith("!"):
                    await call_tool(item[1:], "{}")
                else:
                    yield item
            done = True
        finally:
            self.stopped += not done


@pytest.fixture
def words(speak: Speak) -> Samples:
    return speak("I was charged twice.", "en-us+f2")


def _call(speech: Speech, mind: Musing, words: Samples, until: float, paced: bool = False) -> Call:
    async def behave(line: Near) -> None:
        await talk(line, words, HEARD_AT, until)

    return call(speech, Dialogue(), behave, mind=mind, paced=paced)


@pytest.mark.parametrize("paced", [False, True])
def test_the_first_sentence_is_heard_while_the_second_is_thought_of(
    speech: Speech, words: Samples, paced: bool
) -> None:
    mind = Musing(FIRST, 1.5, SECOND)
    found = _call(speech, mind, words, 14.0, paced)
    assert found.said == [FIRST, SECOND]
    first, second = (
        found.at(Transcript("agent", FIRST))[0],
        found.at(Transcript("agent", SECOND))[0],
    )
    asked = found.at(Transcript("user", mind.heard[0]))[0]
    assert first == asked
    assert found.at(Audio)[0] == asked
    assert second >= asked + 1.5
    assert len(found.at(AgentTurnStarted)) == 1
    assert len(found.at(AgentTurnEnded())) == 1
    assert found.at(AgentTurnEnded())[0] >= second
    assert mind.shares == []


def test_what_is_heard_has_no_gap_where_thinking_is_fast(speech: Speech, words: Samples) -> None:
    found = _call(speech, Musing(FIRST, SECOND), words, 14.0)
    (one, two) = found.spoke
    sounds = [event.chunk.duration for _, event in found.heard if isinstance(event, Audio)]
    assert len(sounds) == 2
    start = found.at(Audio)[0]
    assert one.start_s >= start
    assert two.start_s == pytest.approx(start + sounds[0], abs=0.1)
    heard = found.listened(14.0)
    assert np.count_nonzero(heard) > 0.8 * sum(sounds) * 24_000 * 0.5


def test_whoever_speaks_over_it_ends_its_thinking(speech: Speech, words: Samples) -> None:
    mind = Musing(FIRST, 30.0, SECOND)

    async def behave(line: Near) -> None:
        both = np.concatenate([words, np.zeros(round(1.2 * 24_000), np.int16), words])
        await talk(line, both, HEARD_AT, 12.0)

    found = call(speech, Dialogue(), behave, mind=mind)
    assert len(mind.heard) == 2
    assert mind.stopped == 2  # the second time by the end of the call
    assert found.said == [FIRST, FIRST]
    assert len(mind.shares) == 1
    assert 0 < mind.shares[0] < 1
    (cleared,) = found.at(Cleared())
    assert found.at(AgentTurnEnded("interrupted")) == [cleared]
    first = found.spoke[0]
    assert first.end_s == pytest.approx(cleared, abs=0.1)


def test_who_goes_on_speaking_before_it_has_said_anything_is_answered_once(
    speech: Speech, words: Samples
) -> None:
    mind = Musing(3.0, FIRST)

    async def behave(line: Near) -> None:
        both = np.concatenate([words, np.zeros(round(1.2 * 24_000), np.int16), words])
        await talk(line, both, HEARD_AT, 14.0)

    found = call(speech, Dialogue(), behave, mind=mind)
    assert len(mind.heard) == 2
    assert mind.stopped == 1
    assert found.said == [FIRST]
    assert found.at(Cleared()) == []
    assert mind.shares == [0.0]


def test_its_tools_are_called_before_and_between_its_sentences(
    speech: Speech, words: Samples
) -> None:
    found = _call(speech, Musing("!look_up", FIRST, "!pay_back", SECOND), words, 14.0)
    kinds = [kind for kind in found.kinds if kind is not Audio][1:]
    assert kinds == [
        AgentTurnStarted,
        ToolCalled,
        Transcript,
        ToolCalled,
        Transcript,
        AgentTurnEnded,
    ]
    assert [tool.id for _, tool in found.heard if isinstance(tool, ToolCalled)] == [
        "call_1",
        "call_2",
    ]


def test_a_turn_without_a_word_is_ended_if_a_tool_call_began_it(
    speech: Speech, words: Samples
) -> None:
    found = _call(speech, Musing("!look_up"), words, 8.0)
    assert found.kinds[1:] == [AgentTurnStarted, ToolCalled, AgentTurnEnded]
    assert _call(speech, Musing(), words, 8.0).kinds == [Transcript]


def test_a_sentence_that_makes_no_sound_is_left_out(speech: Speech, words: Samples) -> None:
    found = _call(speech, Musing(FIRST, "…", SECOND), words, 14.0)
    assert found.said == [FIRST, SECOND]
    assert len(found.at(Warned)) == 1
    assert found.at(Cleared()) == []


def test_the_same_thoughts_give_the_same_call(speech: Speech, words: Samples) -> None:
    one, other = (_call(speech, Musing(0.2, FIRST, 0.7, SECOND), words, 14.0) for _ in range(2))
    assert one.heard == other.heard
    assert one.spoke == other.spoke


def test_a_call_that_ends_ends_its_thinking(speech: Speech, words: Samples) -> None:
    mind = Musing(FIRST, 100.0, SECOND)
    _call(speech, mind, words, 6.0)
    assert mind.stopped == 1
