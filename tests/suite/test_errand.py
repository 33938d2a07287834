"""A call in two halves, of which another process may have the second: nothing of it is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.suite.conftest import WriteScenario
from voicetest.checks.result import Result
from voicetest.clock import Interruption
from voicetest.executor.plan import load
from voicetest.report.folder import call_folder
from voicetest.scenario.cases import load_cases
from voicetest.scenario.masking import MASK
from voicetest.speech.providers import Speech
from voicetest.suite.errand import Errand, Unfinished, carry_out, finish_only, make_only


def _errand(path: Path, name: str, **options: Any) -> Errand:
    return Errand(
        call=0,
        path=path,
        case=None,
        variables={},
        clock="auto",
        offline=False,
        later_seed=3,
        folder=call_folder(path.parent, name, None, 1),
        verbose=False,
        **options,
    )


def _made(errand: Errand, speech: Speech) -> Unfinished:
    made = make_only(errand, speech, lambda notice: None, Interruption(), None)
    assert isinstance(made, Unfinished)
    return made


def _finished(errand: Errand, made: Unfinished, speech: Speech) -> Result:
    return finish_only(errand, made, speech, lambda notice: None, Interruption())


def _manifest(errand: Errand) -> Any:
    manifest = json.loads((errand.folder / "manifest.json").read_text())
    del manifest["started_at"], manifest["sha256"]
    return manifest


def test_two_halves_leave_what_the_whole_does(scenario: WriteScenario, speech: Speech) -> None:
    path = scenario("a.yaml", agent="  costs: $0.25\n", more="seed: 4\n")
    whole, halves = _errand(path, "whole"), _errand(path, "halves")
    one = carry_out(whole, speech, lambda notice: None, Interruption())
    other = _finished(halves, _made(halves, speech), speech)
    assert one.cost == other.cost
    assert one.cost is not None
    assert one.cost.usd == 0.25
    assert _manifest(whole) == _manifest(halves)
    assert _manifest(whole)["scenario"]["seed"] == 7


def test_a_call_is_judged_by_the_file_it_was_made_of(
    scenario: WriteScenario, speech: Speech
) -> None:
    errand = _errand(scenario("a.yaml"), "call")
    made = _made(errand, speech)
    scenario("a.yaml", says="goodbye")
    assert _finished(errand, made, speech).status == "passed"


def test_what_was_spent_on_a_call_counts_for_what_comes_after_it(
    scenario: WriteScenario, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none-is-asked")
    judge = "judge: {model: openai/gpt-5.4-mini, criteria: [It is kind.]}\n"
    path = scenario("a.yaml", agent="  costs: $0.25\n", more=judge)
    errand = _errand(path, "call", max_cost_usd=0.3, spent_usd=0.1)
    made = _made(errand, speech)
    assert made.waits
    result = _finished(errand, made, speech)
    assert "--max-cost is $0.30 and $0.35 is spent" in str(result)


def test_what_was_learned_in_a_call_is_hidden_after_it(
    scenario: WriteScenario, speech: Speech
) -> None:
    errand = _errand(scenario("a.yaml", agent="  words: Hello xylophone-4711.\n"), "call")
    file, made = _made(errand, speech).unpacked()
    assert "xylophone-4711" in str(made.entries)
    (case,) = load_cases(errand.path, {})
    again = load(case, {})
    again.secrets.recall(made.learned | {"xylophone-4711"})
    assert again.secrets.mask("Hello xylophone-4711.") == f"Hello {MASK}."
    assert file.scenario == again.scenario.model_copy(update={"seed": file.scenario.seed})
