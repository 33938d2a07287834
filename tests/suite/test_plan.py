"""Every scenario of a run is loaded and checked before anyone is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.suite.agents import CALLED
from tests.suite.conftest import WriteScenario
from voicetest.clock import Clock
from voicetest.errors import ScenarioError, SetupError
from voicetest.executor.plan import Plan
from voicetest.speech.providers import Speech
from voicetest.suite.plan import Lacking, plan_all, plan_files


def _problems(paths: list[Path], speech: Speech, clock: str = "auto") -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        plan_all(paths, {}, speech, clock)
    return [f"{Path(p.file).name}:{p.line} {p.message}" for p in caught.value.problems]


def _plans(
    paths: list[Path], speech: Speech, variables: dict[str, str] | None = None, clock: str = "auto"
) -> list[Plan]:
    """The plans of scenarios that lack nothing."""
    found = plan_all(paths, variables or {}, speech, clock)
    plans = [case for case in found if isinstance(case, Plan)]
    assert len(plans) == len(found)
    return plans


def _lacking(paths: list[Path], speech: Speech) -> list[Lacking]:
    """The cases for which this machine lacks something."""
    return [case for case in plan_all(paths, {}, speech, "auto") if isinstance(case, Lacking)]


def test_every_scenario_has_a_plan_in_order(scenario: WriteScenario, speech: Speech) -> None:
    paths = [scenario("b.yaml"), scenario("a.yaml", agent="  words: Hi.\n")]
    plans = _plans(paths, speech)
    assert [planned.file.path for planned in plans] == paths
    assert [planned.adapter.model_dump()["words"] for planned in plans] == ["Hello.", "Hi."]
    assert {planned.clock for planned in plans} == {Clock.VIRTUAL}
    assert CALLED == []


def test_the_problems_of_all_files_are_reported_at_once(
    scenario: WriteScenario, speech: Speech
) -> None:
    paths = [
        scenario("good.yaml"),
        scenario("keys.yaml", more="caller: {}\ntagz: [a]\n"),
        scenario("adapter.yaml", agent="  wordz: Hi.\n"),
        scenario("voice.yaml", more="user: {voice: espeek/en-us}\n"),
    ]
    found = _problems(paths, speech)
    assert len(found) == 4
    assert "did you mean" in found[0]
    assert [line.split()[0] for line in found] == [
        "adapter.yaml:4",
        "keys.yaml:4",
        "keys.yaml:5",
        "voice.yaml:4",
    ]
    assert CALLED == []


def test_a_missing_file_is_reported_with_the_others(
    scenario: WriteScenario, speech: Speech, tmp_path: Path
) -> None:
    paths = [tmp_path / "missing.yaml", scenario("keys.yaml", more="caller: {}\n")]
    found = _problems(paths, speech)
    assert [line.split(":")[0] for line in found] == ["keys.yaml", "missing.yaml"]
    assert "missing.yaml:0 " in found[1]


def test_an_unknown_adapter_is_told_at_its_line(scenario: WriteScenario, speech: Speech) -> None:
    path = scenario("a.yaml")
    path.write_text(path.read_text().replace("rehearsed", "rehearst"))
    (found,) = _problems([path], speech)
    assert found.startswith("a.yaml:3 unknown adapter 'rehearst' (did you mean 'rehearsed'?)")


def test_an_adapter_that_is_not_installed_is_lacking_and_hinders_no_other(
    scenario: WriteScenario, speech: Speech
) -> None:
    path = scenario("a.yaml")
    path.write_text(path.read_text().replace("rehearsed", "gone"))
    absent, there = plan_all([path, scenario("b.yaml")], {}, speech, "auto")
    assert isinstance(absent, Lacking)
    assert "pip install 'rehearsed[gone]'" in absent.reason
    assert absent.file is not None
    assert absent.file.path == path
    assert isinstance(there, Plan)
    with pytest.raises(SetupError, match=r"pip install 'rehearsed\[gone\]'"):
        plan_files([absent.file, there.file], speech)


def test_a_file_that_cannot_be_read_without_a_variable_is_lacking(
    scenario: WriteScenario, speech: Speech
) -> None:
    paths = [scenario("a.yaml", more="repeat: ${env.NOT_SET_ANYWHERE}\n"), scenario("b.yaml")]
    (absent,) = _lacking(paths, speech)
    assert (absent.shown, absent.file) == (str(paths[0]), None)
    assert "NOT_SET_ANYWHERE" in absent.reason


def test_mistakes_in_a_file_are_told_before_what_the_installation_lacks(
    scenario: WriteScenario, speech: Speech
) -> None:
    lacking = scenario("a.yaml", agent="  api_key: ${env.NOT_SET_ANYWHERE}\n")
    wrong = scenario("b.yaml", more="caller: {}\n")
    assert [line.split(":")[0] for line in _problems([lacking, wrong], speech)] == ["b.yaml"]


def test_environment_variables_that_are_not_set_are_told_all_at_once(
    scenario: WriteScenario, speech: Speech
) -> None:
    paths = [
        scenario("a.yaml", agent="  api_key: ${env.NOT_SET_ANYWHERE}\n"),
        scenario("b.yaml", agent="  words: ${env.NOR_THIS_ONE}\n"),
    ]
    first, second = (case.reason for case in _lacking(paths, speech))
    assert "a.yaml:4:" in first
    assert "NOT_SET_ANYWHERE" in first
    assert "b.yaml:4:" in second
    assert "NOR_THIS_ONE" in second


def test_variables_reach_every_scenario(scenario: WriteScenario, speech: Speech) -> None:
    paths = [
        scenario(name, more="vars: {who: Ada}\n", agent="  words: Hello ${who}.\n")
        for name in ("a.yaml", "b.yaml")
    ]
    plans = _plans(paths, speech, {"who": "Grace"})
    said = [planned.adapter.model_dump()["words"] for planned in plans]
    assert said == ["Hello Grace.", "Hello Grace."]


def test_a_variable_that_a_scenario_does_not_have_is_a_problem(
    scenario: WriteScenario, speech: Speech
) -> None:
    with pytest.raises(ScenarioError, match="--var whom: this file defines no such variable"):
        plan_all([scenario("a.yaml")], {"whom": "Grace"}, speech, "auto")


def test_a_clock_can_be_chosen(scenario: WriteScenario, speech: Speech) -> None:
    for clock in Clock:
        (planned,) = _plans([scenario("a.yaml")], speech, clock=clock.value)
        assert planned.clock is clock


def test_virtual_time_is_refused_by_name_where_something_leaves_the_process(
    speech: Speech, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "never-used")
    path = tmp_path / "llm.yaml"
    path.write_text(
        "version: 1\nagent: {adapter: composable, stt: pocketsphinx, llm: openai/x, "
        "tts: espeak/en-us}\nscript: [agent]\n"
    )
    (planned,) = _plans([path], speech)
    assert planned.clock is Clock.REAL
    (found,) = _problems([path], speech, "virtual")
    assert "--clock virtual cannot be used: agent.llm (openai/x) leaves this process" in found


def test_nothing_selected_is_nothing_planned(tmp_path: Path, speech: Speech) -> None:
    assert plan_all([tmp_path], {}, speech, "auto") == []
