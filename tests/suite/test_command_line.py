"""A command line is written down without its secrets."""

from __future__ import annotations

from tests.suite.conftest import WriteScenario
from voicetest.scenario.load import load_scenario
from voicetest.suite.command_line import shown_command


def test_secrets_of_any_scenario_and_values_named_like_secrets_are_masked(
    scenario: WriteScenario,
) -> None:
    first = load_scenario(scenario("a.yaml", agent="  api_key: ab12cd34\n"))
    second = load_scenario(scenario("b.yaml", agent="  api_key: ef56gh78\n"))
    words = ["voicetest", "run", "--var", "api_key=x", "--var=pin_token=y", "--var", "city=Rome"]
    assert shown_command([*words, "ab12cd34", "-k", "ef56gh78"], [first, None, second]) == [
        "voicetest",
        "run",
        "--var",
        "api_key=***",
        "--var=pin_token=***",
        "--var",
        "city=Rome",
        "***",
        "-k",
        "***",
    ]
