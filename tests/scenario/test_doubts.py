"""What is valid and hardly meant is a warning at its place, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.errors import ScenarioError
from voicetest.scenario.cases import load_cases
from voicetest.scenario.load import load_case, load_scenario

HEAD = "version: 1\nagent: {adapter: x}\n"


def _warnings(folder: Path, text: str) -> list[str]:
    path = folder / "call.yaml"
    path.write_text(text, encoding="utf-8")
    found = load_case(load_cases(path)[0], environment={"KEY": "k" * 20}).warnings
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in found]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (HEAD + "script:\n  - user: My name is {{name}}\n", "4:11", "write ${name}"),
        (HEAD + "script:\n  - agent: {says: 'hi {{ first }}'}\n", "4:19", "write ${first}"),
        (HEAD + "script:\n  - agent: {matches: /how many/i}\n", "4:22", "write 'how many'"),
        (
            HEAD + "script:\n  - agent: {says: hi}\n  - user: press # to end\n",
            "5:11",
            "is a comment",
        ),
        (HEAD + "tags: smoke, billing\nscript: [agent]\n", "3:7", "write [smoke, billing]"),
        (
            "version: 1\nagent: {adapter: x, api_key: sk-123456789}\nscript: [agent]\n",
            "2:21",
            "write ${env.NAME}, or leave it out",
        ),
        (HEAD + "matrix: {city: [Rome, Oslo]}\nscript: [agent]\n", "3:10", "nothing here says"),
    ],
)
def test_what_is_hardly_meant_is_a_warning(
    tmp_path: Path, text: str, place: str, words: str
) -> None:
    (told,) = _warnings(tmp_path, text)
    assert told.startswith(f"{place}: ")
    assert words in told


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "vars: {name: Ann}\nscript:\n  - user: My name is ${name} {and} so on\n",
        HEAD + "script:\n  - agent: {matches: 'and/or'}\n",
        HEAD + "script:\n  - user: Hello there  # the caller opens\n",
        HEAD + "tags: [smoke, billing]\nscript: [agent]\n",
        "version: 1\nagent: {adapter: x, api_key: '${env.KEY}'}\nscript: [agent]\n",
        "version: 1\nagent: {adapter: x, auth_token: simulated}\nscript: [agent]\n",
        # A platform has braces of its own.
        "version: 1\nagent: {adapter: x, prompt: 'Say {{name}}'}\nscript: [agent]\n",
        HEAD
        + "matrix: {city: [Rome, Oslo], exclude: {city: Oslo}}\nscript:\n  - user: To ${city}\n",
        HEAD + "matrix: {city: [Rome]}\nvars: {to: 'in ${city}'}\nscript:\n  - user: ${to}\n",
    ],
)
def test_what_is_meant_is_none(tmp_path: Path, text: str) -> None:
    assert _warnings(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "script: [agent]\nxfail: true\n", "4:8: write the reason, in words"),
        (HEAD + "script: [agent]\nskip: false\n", "4:7: write the reason, in words"),
        (
            HEAD + "script:\n  - user: {says: hello}\n",
            "4:5: write the text right after 'user:', without another key",
        ),
        (
            HEAD + "script:\n  - expect: how many\n",
            "4:5: 'expect' takes lines such as 'talk_overs: {max: 0}': did you mean "
            "'agent: how many'?",
        ),
        (
            HEAD + "script: [agent]\nchecks:\n  - turns: {max: 1}\n",
            "5:3: leave out the '- ': checks are lines such as",
        ),
        (
            HEAD + "script:\n  - agent: {within: 1,5s}\n",
            "4:21: write 1.5s: a decimal point, not a comma",
        ),
        (
            HEAD + "script:\n  - agent:\n      within: 1,5s\n",
            "5:15: write 1.5s: a decimal point, not a comma",
        ),
        (HEAD + "script:\n  - agent: {latency: 2s}\n", "did you mean 'within'?"),
        ("```yaml\n" + HEAD + "script: [agent]\n", "1:1: delete this line"),
        (HEAD + "script:\n  - agent\n```\n", "5:1: delete this line"),
        (
            HEAD + "script:\n  - user: 'I'd like to book'\n",
            "4:11: the apostrophe ends this text: put it in double quotes, or write '' for one",
        ),
        (HEAD + "script:\n  - agent\n  user: Hi\n", "5:3: this line does not fit the lines above"),
        ("greeting: Hello.\nrules: []\n", "1:1: this is an agent's dialogue, not a scenario"),
    ],
)
def test_a_mistake_has_one_message_that_says_what_to_write(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "call.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    (problem,) = caught.value.problems
    assert told in f"{problem.line}:{problem.column}: {problem.message}"
