from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.agents.dialogue import Dialogue, dialogue_schema
from voicetest.agents.manners import Reprompt
from voicetest.errors import ScenarioError
from voicetest.scenario.load import load_model


def test_what_the_agent_listens_for_is_every_phrase_once(tmp_path: Path) -> None:
    file = tmp_path / "agent.yaml"
    file.write_text(
        "rules:\n"
        "  - {when: [charged twice, [double, charge]], say: Which?}\n"
        "  - {when: hello, say: Hi.}\n"
        "  - {when: [hello, 'yes'], say: Good.}\n"
    )
    assert load_model(Dialogue, file).phrases == (
        "charged twice",
        "double",
        "charge",
        "hello",
        "yes",
    )


def test_mistakes_in_a_dialogue_are_told_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "agent.yaml"
    file.write_text("greetings: Hello.\nrules:\n  - wen: hello\n    say: Hi.\nreply_delay: 3\n")
    with pytest.raises(ScenarioError) as error:
        load_model(Dialogue, file)
    text = str(error.value)
    assert "agent.yaml:1:1: unknown key 'greetings' (did you mean 'greeting'?)" in text
    assert "agent.yaml:3:5: unknown key 'wen' (did you mean 'when'?)" in text
    assert "agent.yaml:5:14: 3 has no unit" in text


def test_the_schema_explains_every_key() -> None:
    schema = dialogue_schema()
    assert set(schema["properties"]) == set(Dialogue.model_fields)
    assert all("description" in value for value in schema["properties"].values())


def _mistakes(folder: Path, text: str) -> str:
    file = folder / "agent.yaml"
    file.write_text(text)
    with pytest.raises(ScenarioError) as error:
        load_model(Dialogue, file)
    return str(error.value)


@pytest.mark.parametrize("rule", ["{say: Hi.}", "{when: hello, keys: '1', say: Hi.}"])
def test_a_rule_has_exactly_one_condition(tmp_path: Path, rule: str) -> None:
    text = _mistakes(tmp_path, f"rules:\n  - {rule}\n")
    assert "agent.yaml:2:5: a rule needs exactly one of 'when' and 'keys'" in text


@pytest.mark.parametrize("name", ["keys", "presses"])
def test_keys_are_those_of_a_telephone(tmp_path: Path, name: str) -> None:
    other = "when: hello\n    " if name == "presses" else ""
    text = _mistakes(tmp_path, f"rules:\n  - {other}{name}: 12x\n")
    assert "expected keys (0-9, A-D, * and #) such as 12#, found '12x'" in text


def test_keys_stay_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "agent.yaml"
    file.write_text("rules:\n  - {keys: 007, presses: 12#}\n  - {keys: '*a', say: Star.}\n")
    rules = load_model(Dialogue, file).rules
    assert [rule.keys for rule in rules] == ["007", "*A"]
    assert rules[0].presses == "12#"


def test_more_is_said_only_after_something(tmp_path: Path) -> None:
    rule = "{when: hello, says_more: {after: 1s, say: More.}}"
    assert "'says_more' follows 'say'" in _mistakes(tmp_path, f"rules:\n  - {rule}\n")


def test_an_agent_speaks_up_as_often_as_it_is_told(tmp_path: Path) -> None:
    file = tmp_path / "agent.yaml"
    file.write_text("reprompt: {after: 5s, say: Hello?, times: 3}\n")
    assert load_model(Dialogue, file).manners.reprompt == Reprompt(5.0, "Hello?", 3)
    text = _mistakes(tmp_path, "reprompt: {after: 5s, say: Hello?, times: 0}\n")
    assert "expected at least 1, found '0'" in text
