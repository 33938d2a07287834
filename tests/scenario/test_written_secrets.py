"""Secrets that a scenario says itself are secrets too; those that are too short are told of."""

from __future__ import annotations

import pytest

from tests.scenario.conftest import Write
from tests.scenario.problems import problems
from voicetest.scenario.load import ScenarioFile, load_scenario

AGENT = "version: 1\nagent:\n  adapter: x\n{}script: [agent]\n"


def loaded(write: Write, content: str, **environment: str) -> ScenarioFile:
    """The file that says this."""
    return load_scenario(write(content), environment=environment)


@pytest.mark.parametrize(
    "setting",
    [
        "  api_key: abcd1234\n",
        "  url: wss://me:abcd1234@host/\n",
        "  url: wss://host/?model=m&token=abcd1234\n",
        "  parts: [{client_secret: abcd1234}]\n",
        "  url: ${env.ADDRESS}\n",
        "  header: ${env.BEARER}\n",
    ],
)
def test_a_secret_that_stands_in_the_file_is_masked_everywhere(write: Write, setting: str) -> None:
    environment = {"ADDRESS": "wss://me:abcd1234@host/", "BEARER": "Bearer abcd1234"}
    file = loaded(write, AGENT.format(setting), **environment)
    assert file.secrets.mask("it is abcd1234, for xabcd1234y") == "it is ***, for x***y"


def test_a_variable_with_the_name_of_a_secret_is_one(write: Write) -> None:
    path = write("version: 1\nvars: {api_key: none, city: Rome1234}\nagent: {adapter: x}\n"
                 "script: [user: 'in ${city}', agent]\n")  # fmt: skip
    file = load_scenario(path, {"api_key": "abcd1234"}, {})
    assert file.secrets.mask("--var api_key=abcd1234 Rome1234") == "--var api_key=*** Rome1234"


def test_the_story_of_a_simulated_agent_has_no_secrets(write: Write) -> None:
    file = loaded(write, AGENT.format("  simulator: {token: abcd1234}\n"))
    assert file.secrets.mask("abcd1234") == "abcd1234"


def test_a_mistake_that_quotes_a_value_does_not_show_it(write: Write) -> None:
    path = write("version: 1\nvars: {w: '${env.HOW}'}\nagent: {adapter: x}\n"
                 "script: [agent: {within: '${w}'}]\n")  # fmt: skip
    (found,) = problems(path, HOW="ab12cd34ef")
    assert "ab12cd34ef" not in found


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MY_KEY", "ab12", True),
        ("API_TOKEN", "seven", True),
        ("MY_SEC", "pässe", True),
        ("PIN", "12345", True),
        ("PIN", "123456", False),
        ("MY_PASSWORD", "gardens", True),
        ("MY_PASSWORD", "password", False),
        ("PORT", "8765", False),
        ("STAGE", "prod", False),
    ],
)
def test_a_secret_that_is_too_short_to_be_masked_is_told_of_once(
    write: Write, name: str, value: str, told: bool
) -> None:
    content = AGENT.format(f"  a: ${{env.{name}}}\n  b: ${{env.{name}}}\n")
    warnings = loaded(write, content, **{name: value}).warnings
    assert [(warning.line, warning.column) for warning in warnings] == [(4, 6)] * told
    assert all(f"the value of {name} is too short" in each.message for each in warnings)
    assert all(value not in each.message for each in warnings)
