"""What a scenario will do is told before anybody is called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicetest.errors import ScenarioError
from voicetest.suite.outline import Outline, Stretch, lanes
from voicetest.suite.preview import preview

ROOT = Path(__file__).parents[2]
HEAD = """\
version: 1
agent: {adapter: composable, stt: pocketsphinx/espeak, tts: espeak/en-us, dialogue: agent.yaml}
"""


def _preview(tmp_path: Path, rest: str, *, head: str = HEAD, offline: bool = False) -> str:
    (tmp_path / "agent.yaml").write_text("greeting: Hello.\n")
    (tmp_path / "scenario.yaml").write_text(head + rest, encoding="utf-8")
    lines = preview(tmp_path / "scenario.yaml", {}, offline=offline)
    return " ".join(" ".join(lines).split())


def test_every_step_is_told_in_words(tmp_path: Path) -> None:
    said = _preview(
        tmp_path,
        """\
script:
  - agent: {says: [hello, welcome], within: 2s}
  - user: How are you today?
  - backchannel: uh-huh
    after: 1s
  - noise: door
  - interrupt: Stop please.
    after: 2s
    stops_within: 700ms
  - agent: {says_any: [yes, no], never_says: cancel, calls_tool: {name: f, arguments: {a: "1"}}}
  - dtmf: 12#
  - silence: 3s
  - agent: {stays_silent: 4s}
  - expect: {turns: {max: 9}}
  - hangup
checks: {response_latency: {p95: 1.5s}, talk_over: {max: 5%}, hung_up_by: user, says: thanks}
""",
    )
    for told in (
        "1. The agent speaks first: it has to start within 2 s; has to say “hello” and “welcome”.",
        "2. The user says: “How are you today?”",
        "3. The user says “uh-huh” once the agent has spoken for 1 s; an agent that is speaking",
        "4. A sound is made (door)",
        "5. The user interrupts once the agent has spoken for 2 s: “Stop please.”; it has to stop",
        "has to say “yes” or “no”; must not say “cancel”; has to call f with a='1'.",
        "7. The user presses 12#.",
        "8. The user is silent for 3 s.",
        "9. The agent has to stay silent for 4 s.",
        "10. By now turns: at most 9.",
        "11. The user hangs up.",
        "In the whole call, response_latency: 95 % of them at most 1.5 s.",
        "In the whole call, talk_over: at most 5%.",
        "In the whole call, hung_up_by: user.",
        "In the whole call, the agent has to say “thanks”.",
        "leaves this machine nothing",
    ):
        assert told in said


@pytest.mark.parametrize(
    "path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.name
)
def test_every_scenario_of_the_repository_has_an_outline(path: Path) -> None:
    lines = list(preview(path, {}))
    drawn = [line for line in lines if re.fullmatch(r"(user|agent) +[.=#]{64}", line)]
    assert len(drawn) == 2
    assert "#" in drawn[1]
    assert re.match(r"about [0-9.]+ minutes of call", lines[-1])


def test_a_missing_key_and_what_leaves_the_machine_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAPI_API_KEY", raising=False)
    head = "version: 1\nagent: {adapter: vapi, assistant_id: a, simulator: agent.yaml}\n"
    said = _preview(tmp_path, "script: [agent]\n", head=head)
    assert "missing there is no key for Vapi" in said
    assert "api.vapi.ai" in said
    assert "time real" in said
    offline = _preview(tmp_path, "script: [agent]\n", head=head, offline=True)
    assert "missing" not in offline
    assert "simulated on this machine" in offline
    assert "time virtual" in offline


def test_cases_and_repeats_are_counted(tmp_path: Path) -> None:
    said = _preview(
        tmp_path,
        "matrix: {word: [yes, no, maybe]}\nrepeat: 4\nscript: [agent, user: '${word}']\n",
    )
    assert "cases 3; this is the first: word=yes" in said
    assert "The user says: “yes”" in said
    assert "12 calls: about" in said


def test_made_up_lines_and_the_judge_are_told_with_what_they_may_cost(tmp_path: Path) -> None:
    rest = (
        "user: {model: {use: a/b, base_url: 'http://127.0.0.1:9/v1'}, goal: A refund.}\n"
        "script:\n  - improvise: {turns: 3, until: it is refunded}\n  - judge: It is brief.\n"
        "judge: {model: {use: c/d, base_url: 'http://127.0.0.1:9/v1'}, criteria: It is polite., "
        "votes: 3}\n"
    )
    told = _preview(tmp_path, rest)
    assert "1. The user makes up at most 3 lines, until: it is refunded" in told
    assert "2. The judge is asked about the call so far: It is brief." in told
    assert "In the whole call, by the judge: It is polite." in told
    assert "a/b is asked 3 times or more" in told
    assert "c/d is asked 6 times or more" in told
    assert "leaves this machine user.model (a/b)" in told


def test_a_secret_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSPHRASE_KEY", "xylophone-4711")
    said = _preview(tmp_path, "script: [agent, user: 'It is ${env.PASSPHRASE_KEY} now.']\n")
    assert "xylophone" not in said


def test_a_scenario_with_mistakes_has_no_outline(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="unknown step 'agnet'"):
        _preview(tmp_path, "script: [agnet]\n")


def test_who_speaks_when_is_drawn_to_scale() -> None:
    found = Outline((), (), (Stretch("agent", 0.0, 5.0), Stretch("user", 7.5, 10.0)), 10.0)
    assert list(lanes(found, 20)) == [
        "       0:00      0:05      0:10",
        "user   ...............=====",
        "agent  ##########..........",
    ]
