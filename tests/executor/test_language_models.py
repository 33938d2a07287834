"""What a scenario has to say for the language models that it asks, before anyone is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.clock import Clock
from voicetest.errors import ScenarioError
from voicetest.executor.plan import Plan, plan
from voicetest.speech.providers import Speech

AGENT = (
    "{adapter: composable, stt: pocketsphinx/espeak, tts: espeak/en-us, "
    "dialogue: {greeting: Hello., rules: [], fallback: Yes?}}"
)
WORDLESS = "{adapter: websocket, url: 'ws://127.0.0.1:9', protocol: raw_pcm}"
LOCAL = "model: {use: openai/small, base_url: 'http://127.0.0.1:9/v1'}, goal: A refund."


def planned(
    folder: Path,
    speech: Speech,
    rest: str,
    *,
    agent: str = AGENT,
    offline: bool = False,
    clock: str = "auto",
) -> Plan:
    """The plan of a scenario."""
    path = folder / "call.yaml"
    path.write_text(f"version: 1\nagent: {agent}\n{rest}")
    return plan(path, {}, speech, clock, offline=offline)


def problems(
    folder: Path, speech: Speech, rest: str, *, agent: str = AGENT, clock: str = "auto"
) -> list[str]:
    """What is wrong with a scenario, as line and message."""
    with pytest.raises(ScenarioError) as caught:
        planned(folder, speech, rest, agent=agent, clock=clock)
    return [f"{problem.line}: {problem.message}" for problem in caught.value.problems]


def test_who_improvises_needs_a_model_and_a_goal(tmp_path: Path, speech: Speech) -> None:
    model, goal = problems(tmp_path, speech, "script: [improvise]\n")
    assert "add 'model: openai/gpt-5.4-mini' under 'user'" in model
    assert goal.startswith("3: the user has no goal")
    scenario = f"user: {{{LOCAL}}}\nscript: [improvise]\n"
    assert planned(tmp_path, speech, scenario).clock is Clock.REAL


def test_a_judge_step_needs_a_judge_and_a_judge_something_to_judge(
    tmp_path: Path, speech: Speech
) -> None:
    (found,) = problems(tmp_path, speech, "script: [agent, {judge: It is polite.}]\n")
    assert found == "3: 'judge' needs a model: add 'judge: {model: …}' at the top level"
    (found,) = problems(tmp_path, speech, "script: [agent]\njudge: {model: test/large}\n")
    assert found == "4: there is nothing to judge: add 'criteria', or a 'judge' step"
    scenario = "script: [agent, {judge: It is polite.}]\njudge: {model: test/large}\n"
    assert planned(tmp_path, speech, scenario).clock is Clock.VIRTUAL


def test_both_need_the_words_of_the_agent(tmp_path: Path, speech: Speech) -> None:
    script = f"user: {{{LOCAL}}}\nscript: [improvise]\n"
    judge = "judge: {model: test/large, criteria: It is polite.}\n"
    user, judged = problems(tmp_path, speech, script + judge, agent=WORDLESS)
    assert "'improvise' needs the agent's words, and websocket gives no transcript" in user
    assert "the judge needs the agent's words" in judged
    assert "or 'listens: true'" in judged
    listens = "script: [agent]\n" + judge.replace("{", "{listens: true, ")
    planned(tmp_path, speech, listens, agent=WORDLESS)
    planned(tmp_path, speech, "transcriber: pocketsphinx\n" + script + judge, agent=WORDLESS)


def test_nobody_can_interrupt_an_agent_that_only_reads(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELEVENLABS_API_KEY", "xi-test-00000000")
    reads = "{adapter: elevenlabs, agent_id: a, turn_commit_mode: text}"
    script = f"user: {{{LOCAL}}}\nscript:\n  - improvise: {{interrupts: 20%}}\n"
    found = problems(tmp_path, speech, script, agent=reads)
    assert "5: no user can interrupt elevenlabs with these settings" in found


def test_offline_the_user_needs_a_model_on_this_machine(tmp_path: Path, speech: Speech) -> None:
    far = LOCAL.replace("127.0.0.1", "models.example")
    with pytest.raises(ScenarioError, match="4:10: --offline: 'improvise' needs a model on this"):
        planned(tmp_path, speech, f"user: {{{far}}}\nscript: [improvise]\n", offline=True)
    found = planned(tmp_path, speech, f"user: {{{LOCAL}}}\nscript: [improvise]\n", offline=True)
    assert (found.clock, found.adapter.outside) == (Clock.REAL, ())
    scripted = f"user: {{{far}}}\nscript: [agent]\n"
    assert planned(tmp_path, speech, scripted, offline=True).clock is Clock.VIRTUAL


def test_virtual_time_is_refused_by_the_name_of_the_part(tmp_path: Path, speech: Speech) -> None:
    scenario = f"user: {{voice: openai_realtime/alloy, {LOCAL}}}\nscript: [improvise]\n"
    (found,) = problems(tmp_path, speech, scenario, clock="virtual")
    assert "user.model (openai/small), user.voice (openai_realtime/alloy) leaves" in found


def test_the_keys_of_models_are_masked(tmp_path: Path, speech: Speech) -> None:
    user = "user: {model: {use: openai/small, api_key: sk-user-12345678}, goal: A refund.}\n"
    judge = "judge: {model: {use: a/b, api_key: sk-judge-12345678}, criteria: It is polite.}\n"
    found = planned(tmp_path, speech, f"{user}script: [improvise]\n{judge}")
    assert found.file.secrets.mask("sk-user-12345678 sk-judge-12345678") == "*** ***"
    assert "12345678" not in repr(found.file.scenario)
