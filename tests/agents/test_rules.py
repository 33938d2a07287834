from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from voicetest.agents.dialogue import Dialogue
from voicetest.agents.mind import More, Reply
from voicetest.agents.rules import DialogueMind
from voicetest.clock import Clock, run
from voicetest.events import ToolResult
from voicetest.scenario.load import load_model

DIALOGUE = """
greeting: Hello.
rules:
  - when: [charged twice, [double, charge]]
    say: Which invoice?
    then: asked
  - when: four five two one
    state: asked
    tool: {name: lookup, arguments: {number: 4521, exact: true, as text: "4521"}}
    say: It is ${result.owner.name}, ${result.amount}, ${result.missing}.
  - when: hello
    once: true
    say: Hello again.
  - when: "yes"
    say: Good.
  - when: goodbye
    say: Bye.
    ends_call: true
fallback: Pardon?
"""


class _Talk:
    """A conversation with the mind of a dialogue, and the tools it called."""

    def __init__(self, folder: Path, text: str = DIALOGUE, answer: str = "{}") -> None:
        file = folder / "agent.yaml"
        file.write_text(text)
        self.mind = DialogueMind(load_model(Dialogue, file))
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._answer = answer

    def hear(self, text: str) -> Reply:
        return run(self.mind.answer(text, self._call), Clock.VIRTUAL)

    def press(self, keys: str) -> Reply:
        return run(self.mind.answer_keys(keys, self._call), Clock.VIRTUAL)

    async def _call(
        self, name: str, arguments: dict[str, Any] | str, own_answer: Any = None
    ) -> ToolResult:
        assert not isinstance(arguments, str)
        self.calls.append((name, arguments))
        return ToolResult("1", self._answer)


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("I was charged twice.", "Which invoice?"),
        ("Someone made a charge that is double.", "Which invoice?"),
        ("a double room", "Pardon?"),
        ("YES!", "Good."),
        ("", "Pardon?"),
        ("yesterday", "Pardon?"),
    ],
)
def test_the_first_rule_with_a_phrase_that_was_heard_answers(
    tmp_path: Path, heard: str, said: str
) -> None:
    assert _Talk(tmp_path).hear(heard) == Reply(said)


def test_a_rule_with_a_state_waits_for_it_and_speaks_of_what_its_tool_gave(tmp_path: Path) -> None:
    talk = _Talk(tmp_path, answer='{"owner": {"name": "Jo"}, "amount": 42}')
    assert talk.hear("four five two one").text == "Pardon?"
    talk.hear("charged twice")
    assert talk.hear("it is 4521").text == "It is Jo, 42, ."
    assert talk.calls == [("lookup", {"number": 4521, "exact": True, "as text": "4521"})]


def test_a_rule_for_once_speaks_once(tmp_path: Path) -> None:
    talk = _Talk(tmp_path)
    assert [talk.hear("hello").text for _ in range(2)] == ["Hello again.", "Pardon?"]


def test_a_rule_can_end_the_call(tmp_path: Path) -> None:
    assert _Talk(tmp_path).hear("goodbye") == Reply("Bye.", ends_call=True)


def test_a_dialogue_without_a_greeting_waits(tmp_path: Path) -> None:
    assert _Talk(tmp_path, "fallback: Pardon?\n").mind.greeting() == ""


KEYS = """
rules:
  - {keys: 1#, say: Sales., then: sales}
  - {keys: "2", state: sales, say: Two., presses: 9#}
  - {when: one, say: You said one.}
fallback: Pardon?
"""


def test_keys_are_for_the_rule_with_exactly_these_keys(tmp_path: Path) -> None:
    talk = _Talk(tmp_path, KEYS)
    assert talk.press("2").text == "Pardon?"
    assert [talk.press(keys).text for keys in ("1", "1#")] == ["Pardon?", "Sales."]
    assert talk.press("2") == Reply("Two.", presses="9#")
    assert talk.hear("one").text == "You said one."
    assert talk.hear("two").text == "Pardon?"


def test_what_is_said_later_may_speak_of_what_the_tool_gave(tmp_path: Path) -> None:
    text = (
        "rules:\n"
        "  - when: find it\n"
        "    tool: {name: lookup}\n"
        "    say: Let me check.\n"
        "    says_more: {after: 1.5s, say: 'I found ${result.name}.'}\n"
    )
    reply = _Talk(tmp_path, text, answer='{"name": "Jo"}').hear("find it")
    assert reply == Reply("Let me check.", more=More(1.5, "I found Jo."))
