"""The conversation as OpenAI chat messages."""

from __future__ import annotations

from pathlib import Path

from tests.checks.timelines import Story
from voicetest.audio.vad import Segment
from voicetest.call.timeline import EndReason, TurnClosed, TurnOpened
from voicetest.events import ToolCalled, ToolResult, Transcript


def test_turns_are_messages_in_order(tmp_path: Path) -> None:
    story = Story().agent_says(0.0, 1.0, "How can I help?").user_says(2.0, 3.0, "A refund.")
    result = story.agent_says(4.0, 5.0, "Done.").judged(tmp_path, "script: [agent]\n")
    assert result.messages == (
        {"role": "assistant", "content": "How can I help?"},
        {"role": "user", "content": "A refund."},
        {"role": "assistant", "content": "Done."},
    )


def test_the_tools_of_a_turn_follow_its_text_in_one_message_and_then_their_results(
    tmp_path: Path,
) -> None:
    arguments = '{"number":  "4521", "ünï": 1e2}'
    story = Story().add(1.0, "agent", TurnOpened(0), ToolCalled("a", "find", arguments))
    story.add(1.1, "agent", Transcript("agent", "Let me check."), ToolCalled("b", "log", ""))
    story.add(1.5, "user", ToolResult("b", "no log", failed=True))
    story.add(1.6, "user", ToolResult("a", '{"amount": 42}'))
    story.add(2.0, "agent", Transcript("agent", "Found it."))
    story.add(2.5, "agent", TurnClosed(0, EndReason.TURN_ENDED))
    story.speech.append(Segment(1.2, 2.4))
    result = story.judged(tmp_path, "script: [agent]\n")
    assert result.messages == (
        {"role": "assistant", "content": "Let me check. Found it."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "a",
                    "type": "function",
                    "function": {"name": "find", "arguments": arguments},
                },
                {"id": "b", "type": "function", "function": {"name": "log", "arguments": ""}},
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": '{"amount": 42}'},
        {"role": "tool", "tool_call_id": "b", "content": "no log"},
    )


def test_a_tool_that_was_never_answered_has_no_result_message(tmp_path: Path) -> None:
    story = Story().add(1.0, "agent", TurnOpened(0), ToolCalled("a", "find", "{}"))
    roles = [m["role"] for m in story.judged(tmp_path, "script: [agent]\n").messages]
    assert roles == ["assistant"]


def test_a_turn_without_words_or_tools_is_no_message(tmp_path: Path) -> None:
    assert Story().agent_says(1.0, 2.0).judged(tmp_path, "script: [agent]\n").messages == ()
