"""What a scenario means, and what is wrong with one that means nothing."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.scenario.conftest import Write
from tests.scenario.problems import HEAD, WHOLE, problems
from voicetest.scenario.checks import Limit
from voicetest.scenario.expectations import Lasts
from voicetest.scenario.improvise import Improvise
from voicetest.scenario.load import load_scenario
from voicetest.scenario.model import (
    AgentStep,
    Checks,
    Expectations,
    ExpectStep,
    HangupStep,
    ImproviseStep,
    JudgeStep,
    PlayStep,
    Scenario,
    SilenceStep,
    TextStep,
    ToolCall,
    ToolError,
    Transcriber,
    UserStep,
)


def scenario(path: Path) -> Scenario:
    """The scenario in a file."""
    return load_scenario(path, environment={}).scenario


def test_a_scenario_has_defaults_for_all_that_is_left_out(write: Write) -> None:
    found = scenario(write(WHOLE))
    assert found.name == "call"
    assert (found.limits.max_duration, found.limits.turn_timeout) == (600, 120)
    assert (found.limits.idle_timeout, found.limits.patience) == (60, 5)
    assert (found.seed, found.tags, found.tools, found.vars) == (0, (), (), {})
    assert found.transcriber is None
    assert list(found.checks.limits()) == []


def test_each_way_to_write_an_agent_step_is_understood(write: Write) -> None:
    steps = "- agent\n- agent:\n- agent: hello\n- agent: {says: hello}\n- agent: {}\n"
    bare, hello = AgentStep(agent=Expectations()), AgentStep(agent=Expectations(says=("hello",)))
    assert scenario(write(HEAD + steps)).script == (bare, bare, hello, hello, bare)


def test_each_step_has_its_class(write: Write, tmp_path: Path) -> None:
    (tmp_path / "cough.wav").write_bytes(b"")
    steps = (
        "- user: yes\n  voice: espeak/en\n  rate: 1.2\n"
        "- silence: 3s\n  stays_silent: true\n"
        "- silence: 2s\n  never_says: hello\n"
        "- play: cough.wav\n  transcript: '#1'\n  gain: -6dB\n"
        "- expect: {turns: {max: 3}, says: refund}\n"
        "- text: yes\n"
        "- hangup\n"
    )
    user, silent, silence, play, expect, typed, hangup = scenario(write(HEAD + steps)).script
    assert user == UserStep(user="yes", voice="espeak/en", rate=1.2)
    assert silent == SilenceStep(silence=3.0, stays_silent=True)
    assert silence == SilenceStep(silence=2.0, never_says=("hello",))
    assert play == PlayStep(play=(tmp_path / "cough.wav").resolve(), transcript="#1", gain=-6.0)
    assert isinstance(expect, ExpectStep)
    assert expect.expect.says == ("refund",)
    assert typed == TextStep(text="yes")
    assert hangup == HangupStep()


def test_each_way_to_write_an_improvise_or_a_judge_step_is_understood(write: Write) -> None:
    steps = (
        "- improvise\n- improvise:\n- improvise: a refund\n"
        "- improvise: {until: it is refunded, turns: 3, interrupts: 20%}\n"
        "- judge: It is polite.\n- judge: [It is polite., It is brief.]\n"
    )
    bare = ImproviseStep(improvise=Improvise())
    assert scenario(write(HEAD + steps)).script == (
        bare,
        bare,
        ImproviseStep(improvise=Improvise(goal="a refund")),
        ImproviseStep(improvise=Improvise(until="it is refunded", turns=3, interrupts=0.2)),
        JudgeStep(judge=("It is polite.",)),
        JudgeStep(judge=("It is polite.", "It is brief.")),
    )


def test_models_are_named_or_described_and_their_numbers_have_bounds(write: Write) -> None:
    found = scenario(write(WHOLE + "judge: {model: a/b, criteria: It is polite.}\n")).judge
    assert found is not None
    assert (found.model.use, found.model.host) == ("a/b", "")
    assert (found.advisory, found.listens, found.votes) == (True, False, 1)
    wrong = WHOLE + (
        "user: {model: {use: a/b, base_url: 'ftp://x'}}\n"
        "judge: {model: a/b, criteria: It is polite., votes: 10}\n"
    )
    address, votes = problems(write(wrong))
    assert "expected an address such as http://localhost:11434/v1" in address
    assert votes.endswith("expected a number from 1 to 9, found 10")


def test_every_expectation_of_an_agent_step_is_read(write: Write) -> None:
    step = """- agent:
    says: [refund, 'invoice #4']
    says_any: [a, b]
    never_says: no
    matches: order \\d+
    within: 2s
    lasts: {min: 1s, max: 20s}
    calls_tool: {name: lookup, arguments: {id: 12, text: '12', deep: {a: [true, null]}}}
    never_calls: [refund]
    ends_call: true
    severity: warn
"""
    (found,) = scenario(write(HEAD + step)).script
    assert isinstance(found, AgentStep)
    expected = found.agent
    assert expected is found.expectations
    assert expected.says == ("refund", "invoice #4")
    assert (expected.says_any, expected.never_says) == (("a", "b"), ("no",))
    assert expected.matches is not None
    assert expected.matches.found_in("Order 12")
    assert (expected.within, expected.lasts) == (2.0, Lasts(min=1.0, max=20.0))
    assert expected.calls_tool == ToolCall(
        name="lookup", arguments={"id": 12, "text": "12", "deep": {"a": [True, None]}}
    )
    assert (expected.never_calls, expected.ends_call, expected.severity) == (
        ("refund",),
        True,
        "warn",
    )


def test_limits_of_metrics_come_in_their_units_and_order(write: Write) -> None:
    checks = """checks:
  talk_over: {max: 5%}
  response_latency: {p95: 1.5s, mean: 900ms}
  turns: {min: 2, equals: 3}
  hung_up_by: agent
  calls_tool: [lookup, {name: refund, arguments: {amount: 12.5}}]
"""
    found = scenario(write(WHOLE + checks)).checks
    assert list(found.limits()) == [
        Limit("response_latency", "mean", 0.9),
        Limit("response_latency", "p95", 1.5),
        Limit("talk_over", "max", 0.05),
        Limit("turns", "min", 2),
        Limit("turns", "equals", 3),
        Limit("hung_up_by", "equals", "agent"),
    ]
    assert found.calls_tool == (
        ToolCall(name="lookup"),
        ToolCall(name="refund", arguments={"amount": 12.5}),
    )


def test_one_tool_call_of_the_whole_call_needs_no_list(write: Write) -> None:
    found = scenario(write(WHOLE + "checks: {calls_tool: {name: a}}\n")).checks
    assert found.calls_tool == (ToolCall(name="a"),)


def test_a_tool_answers_call_by_call_and_then_repeats_its_last_answer(write: Write) -> None:
    tools = """tools:
- name: lookup
  description: finds an invoice
  parameters: {type: object, properties: {id: {type: integer}}}
  returns: [{total: 20}, {error: not found}, 5]
  delay: 500ms
- name: one
  returns: {a: [1, 2]}
- name: none
- name: broken
  returns: {error: out of order}
"""
    lookup, one, none, broken = scenario(write(WHOLE + tools)).tools
    answers = [lookup.answer(call) for call in range(4)]
    assert answers == [{"total": 20}, ToolError(error="not found"), 5, 5]
    assert lookup.parameters["properties"] == {"id": {"type": "integer"}}
    assert lookup.delay == 0.5
    assert (one.answer(0), none.answer(0)) == ({"a": [1, 2]}, None)
    assert broken.answer(7) == ToolError(error="out of order")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("transcriber: pocketsphinx/espeak\n", Transcriber(use="pocketsphinx/espeak")),
        ("transcriber: {use: x, always: true}\n", Transcriber(use="x", always=True)),
    ],
)
def test_a_transcriber_is_a_name_or_a_mapping(
    write: Write, line: str, expected: Transcriber
) -> None:
    assert scenario(write(WHOLE + line)).transcriber == expected


def test_adapter_settings_stay_raw_and_know_their_place(write: Write) -> None:
    content = "version: 1\nagent:\n  adapter: x\n  url: yes\n  settings: {a: 1}\nscript: [agent]\n"
    agent = scenario(write(content)).agent
    assert agent.adapter == "x"
    assert agent.settings == {"url": "yes", "settings": {"a": "1"}}
    assert agent.settings.keys_at["url"].line == 4


def test_a_scenario_can_be_made_in_python() -> None:
    found = Scenario.model_validate(
        {
            "version": 1,
            "agent": {"adapter": "x", "sizes": [1, {"a": 2}]},
            "script": [{"user": "hi"}, AgentStep(agent=Expectations(within=2.0)), HangupStep()],
            "checks": Checks(says=("bye",)),
        }
    )
    assert found.agent.settings == {"sizes": ["1", {"a": "2"}]}
    assert found.script[0] == UserStep(user="hi")


def test_a_scenario_survives_pickling(write: Write) -> None:
    found = scenario(write(HEAD + "- agent: {matches: 'a+'}\n"))
    copy = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own bytes
    assert copy == found
    assert copy.agent.settings.line == found.agent.settings.line


BAD_STEPS = [
    ("- caller: hi", "4:3", "unknown step 'caller' (did you mean 'user'?)"),
    ("- caler: hi", "4:3", "did you mean 'user'"),
    ("- bot", "4:3", "unknown step 'bot' (did you mean 'agent'?)"),
    ("- wait: 3s", "4:3", "did you mean 'silence'"),
    ("- bye", "4:3", "did you mean 'hangup'"),
    ("- usr: hi", "4:3", "unknown step 'usr' (did you mean 'user'?)"),
    ("- xylophone: hi", "4:3", "unknown step 'xylophone'; possible: agent, user, silence"),
    ("- Hello there", "4:3", "to say it, write '- user: …'"),
    ("- user", "4:3", "write '- user: …'"),
    ("- {}", "4:3", "this step is empty"),
    ("-", "4:2", "this step is empty"),
    ("- [agent]", "4:3", "found a list"),
    ("- says: hi", "4:3", "'says' needs a step"),
    ("- agent:\n  says: hi", "5:3", "it belongs under 'agent:'"),
    ("- agent: [a, b]", "4:10", "write several phrases as 'says: […]'"),
    ("- agent: {say: x}", "4:11", "unknown key 'say' (did you mean 'says'?)"),
    ("- user: a\n  agent: b", "5:3", "two things, 'user' and 'agent'"),
    ("- user: ''", "4:9", "found nothing"),
    ("- user:", "4:8", "found nothing"),
    ("- user: hi\n  rate: fast", "5:9", "between 0.25 and 4"),
    ("- agent: {within: 3}", "4:19", "3 has no unit: write 3s or 3000ms"),
    ("- agent: {within: 0s}", "4:19", "more than 0s"),
    ("- agent: {lasts: {min: 3s, max: 1s}}", "4:18", "'min' is longer than 'max'"),
    ("- agent: {lasts: {}}", "4:18", "write 'min', 'max' or both"),
    ("- agent: {matches: '(a'}", "4:20", "not a regular expression"),
    ("- agent: {stays_silent: 3s, says: x}", "4:29", "'stays_silent' leaves nothing"),
    ("- silence: 3s\n  stays_silent: true\n  says: x", "6:3", "'stays_silent' leaves nothing"),
    ("- silence: 3s\n  within: 1s", "5:3", "unknown key 'within'"),
    ("- agent: {ends_call: false}", "4:22", "leave the line out"),
    ("- agent: {severity: warning}", "4:21", "expected 'fail' or 'warn', found 'warning'"),
    ("- agent: {says: []}", "4:17", "this list is empty"),
    ("- agent: {says: [a, '']}", "4:21", "found nothing"),
    ("- agent: {says: [a, [b]]}", "4:21", "starts with '[' in quotes"),
    ("- agent: {calls_tool: {name: a, args: {}}}", "4:33", "did you mean 'arguments'"),
    ("- agent: {calls_tool: {arguments: {}}}", "4:11", "'name' is missing here"),
    ("- agent: {calls_tool: {name: a, arguments: {q: 012}}}", "4:48", "starts with a zero"),
    ("- play: none.wav", "4:9", "there is no file 'none.wav'"),
    ("- hangup: now", "4:11", "'hangup' takes nothing"),
    ("- hangup\n- agent", "5:3", "never reached"),
    ("- expect: {response_latency: 1.5s}", "4:30", "write {max: 1.5s}"),
    ("- expect: {response_latency: {p99: 1s}}", "4:31", "did you mean 'p95'"),
    ("- expect: {talk_over: {max: 5}}", "4:29", "5 has no unit: write 5%"),
    ("- expect: {hung_up_by: me}", "4:24", "expected 'user', 'agent', 'platform' or 'limit'"),
    ("- expect: {turns: {max: 2.5}}", "4:25", "expected a whole number"),
    ("- expect: {turns: {min: 3, max: 2}}", "4:19", "nothing can be both"),
    ("- expect: {turns: {}}", "4:19", "write a limit"),
    ("- expect: {calls_tool: []}", "4:24", "this list is empty"),
]

BAD_FILES = [
    ("version: 2\nagent: {adapter: x}\nscript: [agent]\n", "1:10", "expected 1"),
    ("agent: {adapter: x}\nscript: [agent]\n", "1:1", "'version' is missing here"),
    ("version: 1\nagent: x\nscript: [agent]\n", "2:8", "write 'adapter: …' under it"),
    ("version: 1\nagent: {stt: x}\nscript: [agent]\n", "2:1", "'adapter' is missing here"),
    ("version: 1\nagent: {adapter: x}\nscript: []\n", "3:9", "the script has no steps"),
    ("version: 1\nagent: {adapter: x}\nscript: agent\n", "3:9", "expected a list of steps"),
    ("version: 1\nagent: {adapter: x}\nscript:\n-user: hi\n", "3:8", "expected a list of steps"),
    (WHOLE + "transciber: x\n", "4:1", "did you mean 'transcriber'"),
    (WHOLE + "steps: []\n", "4:1", "did you mean 'script'"),
    (WHOLE + "user: bob\n", "4:7", "expected a mapping, lines of 'key: value', found 'bob'"),
    (WHOLE + "seed: x\n", "4:7", "expected a whole number"),
    (WHOLE + "tags: {a: b}\n", "4:7", "put the text in quotes"),
    (WHOLE + "limits: {patience: 5}\n", "4:20", "5 has no unit"),
    (WHOLE + "tools: [{name: a}, {name: a}]\n", "4:27", "the tool 'a' stands twice"),
    (WHOLE + "tools: {name: a}\n", "4:8", "expected a list of tools"),
    (WHOLE + "tools: [{name: a, returns: []}]\n", "4:28", "this list is empty"),
    (WHOLE + "tools: [{name: a, parameters: b}]\n", "4:31", "expected a mapping"),
    (WHOLE + "checks: {says: My order #4}\n", "4:25", "' #' starts a comment"),
]


@pytest.mark.parametrize(("steps", "place", "phrase"), BAD_STEPS)
def test_a_step_that_means_nothing_is_refused_at_its_place(
    write: Write, steps: str, place: str, phrase: str
) -> None:
    (found,) = problems(write(HEAD + steps + "\n"))
    assert found.startswith(place + ": ")
    assert phrase in found


@pytest.mark.parametrize(("content", "place", "phrase"), BAD_FILES)
def test_a_wrong_key_or_value_is_refused_at_its_place(
    write: Write, content: str, place: str, phrase: str
) -> None:
    found = problems(write(content))
    assert found[0].startswith(place + ": ")
    assert phrase in found[0]


def models_under(model: type[BaseModel]) -> list[type[BaseModel]]:
    """A base class and all classes made from it."""
    return [model, *(found for part in model.__subclasses__() for found in models_under(part))]


def test_every_field_is_described_for_editors() -> None:
    from voicetest.scenario.section import Section

    models = [m for m in models_under(Section) if m.__module__.startswith("voicetest.scenario")]
    assert len(models) > 15
    for model in models:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
