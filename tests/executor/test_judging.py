"""Whole calls with a judge behind HTTP, and with a user who makes up the lines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.agents.chat_server import Served, chat_server
from tests.calls import Quiet
from voicetest.clock import Clock
from voicetest.report.console import Console
from voicetest.report.summary import exit_code_of
from voicetest.run import plan, run
from voicetest.speech.providers import Speech

pytestmark = pytest.mark.process

KEY = "sk-test-1234567890"
SCENARIO = """
version: 1
agent:
  adapter: composable
  stt: pocketsphinx/espeak
  tts: espeak/en-us
  dialogue:
    greeting: Hello, what can I do for you?
    rules: [{when: opening hours, say: We are open from nine to six.}]
    fallback: I beg your pardon?
user: {voice: espeak/en-us+f2}
script:
  - agent
  - user: What are your opening hours?
  - agent
judge:
  model: {use: openai/large, base_url: URL, api_key: KEY}
  advisory: ADVISORY
  criteria: [The agent gives its opening hours., The agent offers a discount.]
"""


def verdicts(request: Any, *, hours: str = "holds", rest: str = "fails") -> Served:
    """A judge that reads the criteria."""
    text = request["messages"][1]["content"].partition("\n<call-")[0]
    opinions = [
        {
            "criterion": int(number),
            "reason": "It says so at 6 s.",
            "verdict": hours if "opening hours" in criterion else rest,
        }
        for number, criterion in re.findall(r"^(\d+)\. (.*)$", text, re.MULTILINE)
    ]
    return Served(json.dumps({"opinions": opinions}))


def call(folder: Path, speech: Speech, url: str, *, advisory: bool, offline: bool = False) -> Any:
    """The result of a run, and its manifest."""
    folder.mkdir()
    path = folder / "call.yaml"
    values = {"URL": url, "KEY": KEY, "ADVISORY": str(advisory).lower()}
    text = SCENARIO
    for name, value in values.items():
        text = text.replace(name, value)
    path.write_text(text)
    planned = plan(path, {}, speech, offline=offline)
    target = folder / "call"
    (target / "segments").mkdir(parents=True)
    result = run(planned, target, Quiet())
    manifest = (target / "manifest.json").read_text()
    assert KEY not in manifest
    return result, json.loads(manifest)


def test_a_call_is_judged_after_it_and_the_manifest_says_all(
    tmp_path: Path, speech: Speech, capsys: pytest.CaptureFixture[str]
) -> None:
    with chat_server([verdicts, verdicts]) as (url, requests):
        result, manifest = call(tmp_path / "advisory", speech, url, advisory=True)
        assert (result.status, manifest["clock"]) == ("passed", "virtual")
        binding, _ = call(tmp_path / "binding", speech, url, advisory=False)
        assert (binding.status, exit_code_of(binding)) == ("failed", 1)
    hours, discount = manifest["judge"]["criteria"]
    assert (hours["verdict"], hours["reason"]) == ("holds", "It says so at 6 s.")
    assert (discount["verdict"], manifest["judge"]["model"]) == ("fails", "openai/large")
    assert manifest["cost"]["services"][0]["service"] == "openai/large"
    assert "We are open from nine to six." in requests[0]["messages"][1]["content"]
    console = Console()
    console.begin(0, "call")
    console.end(0, result, "call.yaml", tmp_path)
    shown = capsys.readouterr().out
    assert "judge: 1 of 2 hold (openai/large, advisory)" in shown
    assert "judge (warn)" in shown


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([Served("I am sorry, I cannot help with that.")] * 2, "not answer in the form asked for"),
        ([Served('{"opinions": []}')] * 2, "not answer in the form asked for"),
        ([Served('{"verdict": "everything holds"}')] * 2, "not answer in the form asked for"),
        ([Served(body=b"<html>502</html>", kind="text/html", status=404)], "404"),
        ([Served(body=b'{"error": {"message": "no"}}', status=401)], "check its key"),
    ],
)
def test_a_judge_that_answers_nonsense_is_a_warning_or_an_error(
    tmp_path: Path, speech: Speech, answers: list[Served], message: str
) -> None:
    with chat_server([*answers, *answers]) as (url, _):
        advisory, manifest = call(tmp_path / "advisory", speech, url, advisory=True)
        binding, _ = call(tmp_path / "binding", speech, url, advisory=False)
    assert (advisory.status, exit_code_of(advisory)) == ("passed", 0)
    assert manifest["judge"]["status"] == "error"
    assert message in manifest["judge"]["reason"]
    assert (binding.status, exit_code_of(binding)) == ("error", 4)
    assert message in binding.errors[0].message


def test_a_judge_that_answers_well_at_the_second_attempt_has_judged(
    tmp_path: Path, speech: Speech
) -> None:
    with chat_server([Served("Well, let me see."), verdicts]) as (url, requests):
        result, _ = call(tmp_path / "call", speech, url, advisory=False)
    assert (result.status, len(requests)) == ("failed", 2)


def test_offline_nobody_judges_and_that_is_said(
    tmp_path: Path, speech: Speech, capsys: pytest.CaptureFixture[str]
) -> None:
    with chat_server([verdicts]) as (url, requests):
        result, manifest = call(tmp_path / "call", speech, url, advisory=False, offline=True)
    assert (result.status, requests) == ("passed", [])
    assert (manifest["judge"]["status"], manifest["judge"]["reason"]) == ("skipped", "--offline")
    console = Console()
    console.begin(0, "call")
    console.end(0, result, "call.yaml", tmp_path)
    assert "judge: skipped (--offline)" in capsys.readouterr().out


def test_a_user_made_up_by_a_model_holds_a_real_call(tmp_path: Path, speech: Speech) -> None:
    lines = [("What are your opening hours?", False), ("", True)]
    answers = [
        Served(json.dumps({"reason": "it told me", "done": done, "say": say}))
        for say, done in lines
    ]
    with chat_server(answers) as (url, requests):
        model = f"model: {{use: openai/small, base_url: '{url}', api_key: {KEY}}}"
        text = SCENARIO[: SCENARIO.index("script:")].replace(
            "user: {", f"user: {{{model}, goal: To know when they are open., "
        )
        path = tmp_path / "call.yaml"
        path.write_text(
            f"{text}script:\n  - agent\n  - improvise: {{until: the hours are known}}\n"
        )
        planned = plan(path, {}, speech)
        assert planned.clock is Clock.REAL
        (tmp_path / "call" / "segments").mkdir(parents=True)
        result = run(planned, tmp_path / "call", Quiet())
    assert result.status == "passed", (result.checks, result.errors)
    assert [turn.kind for turn in result.turns] == ["agent", "improvise", "agent"]
    assert "nine to six" in result.turns[2].transcript
    assert [request["seed"] for request in requests] == [0, 0]
    manifest = json.loads((tmp_path / "call" / "manifest.json").read_text())
    assert manifest["improvise"] == {"model": "openai/small", "prompt": "1", "seed": 0}
    assert (tmp_path / "call" / manifest["turns"][1]["file"]).is_file()
    assert not list((tmp_path / "call" / "segments").glob(".step-*"))
    assert manifest["cost"]["services"][0]["requests"] == 2
