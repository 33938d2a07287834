"""What `${…}` stands for, and how secrets stay secret."""

from __future__ import annotations

import pytest

from tests.scenario.conftest import Write
from tests.scenario.problems import HEAD, WHOLE, problems
from voicetest.errors import ScenarioError, SetupError
from voicetest.scenario.load import load_scenario
from voicetest.scenario.model import AgentStep, UserStep

VARS = "version: 1\nagent: {adapter: x}\n"


def said(write: Write, content: str, **environment: str) -> str:
    """The text of the first step of a file."""
    step = load_scenario(write(content), environment=environment).scenario.script[0]
    assert isinstance(step, UserStep)
    return step.user


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I owe ${amount} for ${month}", "I owe 20 for March"),
        ("${amount}${amount}", "2020"),
        ("costs $${amount}", "costs ${amount}"),
        ("costs $5", "costs $5"),
        ("$$${amount}", "$${amount}"),
        ("${later}", "in March"),
        ("'${amount}'", "20"),
        ("|\n    ${amount} dollars", "20 dollars\n"),
    ],
)
def test_a_variable_is_replaced_in_every_kind_of_text(
    write: Write, text: str, expected: str
) -> None:
    variables = "vars: {amount: 20, month: March, later: 'in ${month}'}\n"
    assert said(write, f"{VARS}{variables}script:\n- user: {text}\n") == expected


def test_a_variable_works_in_settings_durations_and_json(write: Write) -> None:
    content = (
        "version: 1\nvars: {t: 2s, n: 12}\nagent: {adapter: x, url: 'ws://${n}'}\n"
        "script: [agent: {within: '${t}', calls_tool: {name: a, arguments: {p: ${n}, q: '${n}'}}}]"
        "\n"
    ).replace("p: ${n}", 'p: "${n}"')
    file = load_scenario(write(content), environment={})
    (step,) = file.scenario.script
    assert isinstance(step, AgentStep)
    assert step.agent.within == 2.0
    assert file.settings_as_written() == {"adapter": "x", "url": "ws://12"}


def test_a_plain_variable_in_json_becomes_a_number_and_a_quoted_one_a_text(write: Write) -> None:
    content = (
        f"{VARS}vars: {{n: 12}}\nscript:\n- agent:\n    calls_tool:\n      name: a\n"
        "      arguments:\n        p: ${n}\n        q: '${n}'\n"
    )
    (step,) = load_scenario(write(content), environment={}).scenario.script
    assert isinstance(step, AgentStep)
    assert step.agent.calls_tool is not None
    assert step.agent.calls_tool.arguments == {"p": 12, "q": "12"}


def test_var_overrides_what_the_file_says(write: Write) -> None:
    path = write(f"{VARS}vars: {{a: x, b: 'and ${{a}}'}}\nscript:\n- user: ${{b}}\n")
    file = load_scenario(path, {"a": "y"}, {})
    assert file.scenario.script == (UserStep(user="and y"),)
    assert file.variables == {"a": "y", "b": "and y"}
    assert file.scenario.vars == file.variables


def test_an_override_may_be_empty(write: Write) -> None:
    path = write(f"{VARS}vars: {{a: x}}\nscript:\n- user: hi${{a}}\n")
    assert load_scenario(path, {"a": ""}, {}).scenario.script == (UserStep(user="hi"),)


@pytest.mark.parametrize(
    ("variables", "place", "phrase"),
    [
        ("vars: {amount: 20}\n", "4:1", "(did you mean 'amount'?); it defines amount"),
        ("", "1:1", "it has no 'vars'"),
    ],
)
def test_an_override_nobody_defines_is_an_error(
    write: Write, variables: str, place: str, phrase: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write(WHOLE + variables), {"amuont": "1"}, {})
    (problem,) = caught.value.problems
    assert f"{problem.line}:{problem.column}" == place
    assert problem.message.startswith("--var amuont: this file defines no such variable")
    assert phrase in problem.message


BAD = [
    ("- user: ${nope}", "4:9", "unknown variable 'nope'; defined: none"),
    ("- user: 'a ${ b'", "4:9", "'${' is never closed"),
    ("- user: ${a b}", "4:9", "'${a b}' is no variable"),
    ("- user: ${}", "4:9", "is no variable"),
    ("- user: ${env.1}", "4:9", "is no variable"),
    ("- user: ${a:-b}", "4:9", "is no variable"),
    ("- agent: {within: '${nope}'}", "4:19", "unknown variable 'nope'"),
    ("- play: ${nope}", "4:9", "unknown variable 'nope'"),
    ("- agent: {calls_tool: {name: a, arguments: {'${x}': 1}}}", "4:45", "a key cannot contain"),
    ("- user: hi\nvars: {'a b': c}", "5:8", "is no variable name"),
    ("- user: hi\nvars: {a: '${b}', b: c}", "5:11", "'b' is defined further down"),
    ("- user: hi\nvars: {a: '${a}'}", "5:11", "'a' is defined further down"),
    ("- user: ${monht}\nvars: {month: May}", "4:9", "(did you mean 'month'?)"),
    ("- user: ${zzz}\nvars: {month: May}", "4:9", "defined: month"),
]


@pytest.mark.parametrize(("steps", "place", "phrase"), BAD)
def test_a_variable_without_a_value_is_the_only_problem_of_its_text(
    write: Write, steps: str, place: str, phrase: str
) -> None:
    (found,) = problems(write(HEAD + steps + "\n"))
    assert found.startswith(place + ": ")
    assert phrase in found


def test_an_unset_environment_variable_is_noted_and_not_an_error(write: Write) -> None:
    content = "version: 1\nagent:\n  adapter: x\n  key: ${env.NOPE}\nscript: [agent]\n"
    path = write(content)
    for environment in ({}, {"NOPE": ""}):
        file = load_scenario(path, environment=environment)
        assert [str(note) for note in file.unset] == [
            f"{path}:4:8: the environment variable NOPE is not set"
        ]
        assert file.scenario.agent.settings["key"] == "${env.NOPE}"


def test_a_field_that_needs_an_unset_variable_is_a_set_up_error(write: Write) -> None:
    path = write(HEAD + "- agent: {within: '${env.NOPE}'}\n")
    with pytest.raises(SetupError, match=r":4:19: the environment variable NOPE is not set"):
        load_scenario(path, environment={})


def test_a_secret_is_used_but_written_back_as_it_stands_in_the_file(write: Write) -> None:
    content = (
        "version: 1\nvars: {token: 'Bearer ${env.TOKEN_X}', city: Rome}\n"
        "agent:\n  adapter: x\n  a: ${env.PIN}\n  b: ['${token}', '${city}']\nscript: [agent]\n"
    )
    file = load_scenario(
        write(content), environment={"PIN": "hunter2222", "TOKEN_X": "s3cr3tvalue"}
    )
    assert file.scenario.agent.settings == {
        "a": "hunter2222",
        "b": ["Bearer s3cr3tvalue", "Rome"],
    }
    assert file.settings_as_written() == {
        "adapter": "x",
        "a": "${env.PIN}",
        "b": ["${token}", "Rome"],
    }
    assert file.variables == {"token": "Bearer ${env.TOKEN_X}", "city": "Rome"}
    assert "hunter2222" not in repr(file)
    assert "s3cr3tvalue" not in repr(file)
    assert file.secrets.mask("pin hunter2222.") == "pin ***."


def test_a_secret_is_not_shown_in_a_problem(write: Write) -> None:
    (found,) = problems(write(HEAD + "- agent: {within: '${env.PIN}'}\n"), PIN="hunter2222")
    assert "hunter2222" not in found
    assert "'${env.PIN}'" in found


def test_a_secret_in_spoken_text_is_a_warning(write: Write) -> None:
    path = write(HEAD + "- user: my pin is ${env.PIN}\n- agent\n")
    file = load_scenario(path, environment={"PIN": "1234"})
    warning, _ = file.warnings
    assert (warning.line, warning.column) == (4, 9)
    assert "spoken" in warning.message
    assert "1234" not in warning.message


def test_results_of_a_dialogue_inside_the_agent_are_left_alone(write: Write) -> None:
    content = (
        "version: 1\nagent:\n  adapter: x\n  simulator: {say: 'it is ${result.total}'}\n"
        "script: [agent]\n"
    )
    agent = load_scenario(write(content), environment={}).scenario.agent
    assert agent.simulator == {"say": "it is ${result.total}"}
