from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.agents.dialogue import Dialogue, dialogue_schema
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
