"""Mistakes are found without calling anyone; what only the environment lacks is a note."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.suite.agents import CALLED
from tests.suite.conftest import WriteScenario
from voicetest.suite.validate import validate_suite

ROOT = Path(__file__).parents[2]


def test_scenarios_without_mistakes_are_counted(scenario: WriteScenario, tmp_path: Path) -> None:
    scenario("a.yaml")
    scenario("deep/b.yaml")
    found = validate_suite([tmp_path], {})
    assert (found.files, found.problems, found.notes) == (2, (), ())
    assert CALLED == []


def test_the_scenarios_of_the_repository_are_valid() -> None:
    found = validate_suite([ROOT / "scenarios"], {})
    assert found.problems == ()
    assert found.files >= 2


def test_the_problems_of_all_files_are_found(scenario: WriteScenario, tmp_path: Path) -> None:
    scenario("a.yaml", more="caller: {}\n")
    scenario("b.yaml", agent="  wordz: Hi.\n")
    scenario("c.yaml")
    found = validate_suite([tmp_path, tmp_path / "missing.yaml"], {})
    assert found.files == 4
    assert [Path(problem.file).name for problem in found.problems] == [
        "a.yaml",
        "b.yaml",
        "missing.yaml",
    ]


def test_what_the_environment_lacks_is_a_note(scenario: WriteScenario, tmp_path: Path) -> None:
    scenario("a.yaml", agent="  api_key: ${env.NOT_SET_ANYWHERE}\n")
    other = scenario("b.yaml")
    other.write_text(other.read_text().replace("rehearsed", "gone"))
    found = validate_suite([tmp_path], {})
    assert found.problems == ()
    first, second = found.notes
    assert first.startswith("note: ")
    assert "a.yaml:4:" in first
    assert "NOT_SET_ANYWHERE is not set" in first
    assert "pip install 'rehearsed[gone]'" in second


def test_a_duration_from_a_variable_that_is_not_set_is_a_note_too(
    scenario: WriteScenario,
) -> None:
    path = scenario("a.yaml", script="  - silence: ${env.NOT_SET_ANYWHERE}\n")
    found = validate_suite([path], {})
    assert found.problems == ()
    assert len(found.notes) == 1
    assert "NOT_SET_ANYWHERE" in found.notes[0]


def test_a_secret_that_would_be_spoken_is_a_warning(
    scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOKEN_ALOUD", "xylophone-4711")
    path = scenario("a.yaml", script="  - user: It is ${env.SPOKEN_ALOUD}.\n")
    found = validate_suite([path], {})
    (note,) = found.notes
    assert note.startswith("warning: ")
    assert "xylophone" not in note
    assert found.problems == ()


def test_mistakes_in_script_and_settings_of_one_file_are_found_at_once(
    scenario: WriteScenario,
) -> None:
    path = scenario("a.yaml", agent="  wordz: Hi.\n", more="caller: {}\n")
    assert [problem.line for problem in validate_suite([path], {}).problems] == [4, 5]


def test_an_unknown_adapter_is_found_with_the_other_mistakes(scenario: WriteScenario) -> None:
    path = scenario("a.yaml", more="caller: {}\n")
    path.write_text(path.read_text().replace("rehearsed", "rehearst"))
    assert [problem.line for problem in validate_suite([path], {}).problems] == [3, 4]


@pytest.mark.parametrize(
    ("agent", "setting"),
    [
        ("adapter: openai_realtime, turn_detection: none", "turn_detection: server_vad"),
        ("adapter: gemini_live, turn_detection: none", "turn_detection: automatic"),
        (
            "adapter: elevenlabs, agent_id: a, turn_commit_mode: silence",
            "turn_commit_mode: audio",
        ),
        ("adapter: elevenlabs, agent_id: a, turn_commit_mode: text", "turn_commit_mode: audio"),
    ],
)
@pytest.mark.parametrize("step", ["backchannel: uh-huh", "noise: cough"])
def test_a_step_that_proves_nothing_is_refused_with_the_setting_under_which_it_would(
    tmp_path: Path, agent: str, setting: str, step: str
) -> None:
    def text(agent: str) -> str:
        return f"version: 1\nagent: {{{agent}}}\nscript:\n  - agent\n  - {step}\n  - agent\n"

    path = tmp_path / "call.yaml"
    path.write_text(text(agent), encoding="utf-8")
    (problem,) = validate_suite([path], {}).problems
    assert problem.line == 5
    assert f"write '{setting}' under 'agent', or leave this out" in problem.message
    path.write_text(text(f"{agent.rpartition(', ')[0]}, {setting}"), encoding="utf-8")
    assert validate_suite([path], {}).problems == ()
