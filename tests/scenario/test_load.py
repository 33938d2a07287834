"""From a file to a scenario, with all its problems at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import jsonschema
import pytest
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from tests.scenario.conftest import Write
from tests.scenario.problems import HEAD, WHOLE, problems
from voicetest.errors import ScenarioError, SetupError
from voicetest.scenario.document import load_document
from voicetest.scenario.load import build, load_model, load_scenario
from voicetest.scenario.nodes import Mapping
from voicetest.scenario.refusals import carried
from voicetest.scenario.schema import scenario_schema
from voicetest.scenario.values import Count, Duration, InputFile, Text

EXAMPLE = """version: 1
name: A double charge is refunded
tags: [billing, smoke]
vars: {month: March}
agent:
  adapter: composable            # see: voicetest list-adapters
  stt: pocketsphinx/espeak
  dialogue: agents/billing.yaml  # or llm: any litellm model name
  tts: espeak/en-us
user:
  voice: espeak/en-us+f2
tools:
  - name: lookup_invoice
    returns: [{total: 20}, {error: not found}]
    delay: 200ms
script:
  - agent:                       # the agent greets first
      says: thank you for calling
      within: 3s
  - user: I was charged twice for my ${month} invoice.
  - agent:
      says: [refund, invoice]    # all of them; says_any for any
      never_says: [cancel your account]
      calls_tool: {name: lookup_invoice, arguments: {id: 12}}
      within: 2s
  - user: 5
  - silence: 2s
    stays_silent: true
  - agent
  - agent:
  - agent: {says_any: [refund, credited], ends_call: true}
  - expect: {turns: {max: 9}}
  - hangup
checks:
  response_latency: {p95: 1.5s}
  talk_over: {max: 5%}
  hung_up_by: user
transcriber: pocketsphinx/espeak
limits: {patience: 3s}
seed: 7
"""


def test_the_example_of_the_format_loads(write: Write) -> None:
    file = load_scenario(write(EXAMPLE), environment={})
    assert file.scenario.name == "A double charge is refunded"
    assert len(file.scenario.script) == 10
    assert len(file.sha256) == 64
    assert (file.warnings, file.unset) == ((), ())


def test_all_problems_of_a_file_come_at_once_in_order(write: Write) -> None:
    content = (
        "version: 3\nagent: {adapter: *x}\nscript:\n- user: a #b\n- caller: hi\n"
        "- agent: {within: 3, say: hi}\n- user: ${nope}\n- hangup\n- agent\n"
        "colour: red\ncolour: red\n"
    )
    found = problems(write(content))
    places = [line.split(": ")[0] for line in found]
    assert places == [
        "1:10",
        "2:18",
        "4:9",
        "5:3",
        "6:19",
        "6:22",
        "7:9",
        "9:3",
        "10:1",
        "11:1",
    ]


def test_messages_contain_no_jargon(write: Write) -> None:
    content = "version: []\nagent: []\nscript: {}\nuser: []\nlimits: x\ntools: [x]\nchecks: [1]\n"
    for found in problems(write(content)):
        for jargon in ("Input should", "dict", "tuple", "str", "instance", "valid"):
            assert jargon not in found


def test_more_problems_than_anybody_reads_are_counted(write: Write) -> None:
    found = problems(write(WHOLE + "".join(f"k{i}: x\n" for i in range(150))))
    assert len(found) == 101
    assert found[-1] == "104:7: and 50 problems more"


def test_a_message_quotes_a_long_or_odd_text_safely_on_one_line(write: Write) -> None:
    content = HEAD + '- agent: {severity: "\\e[31m' + "x" * 500 + '\\ny"}\n'
    (found,) = problems(write(content))
    assert len(found) < 150
    assert found.isprintable()


def test_a_place_in_the_scenario_has_a_line(write: Write) -> None:
    path = write(EXAMPLE)
    file = load_scenario(path, environment={})
    assert file.where("script", 2, "agent", "says") == f"{path}:22"
    assert file.where("script", 2, "AgentStep", "agent", "says", 1) == f"{path}:22"
    assert file.where("script", 7) == f"{path}:31"
    assert file.where("checks", "talk_over", "max") == f"{path}:36"
    assert file.where() == f"{path}:1"


def test_the_file_is_named_as_the_user_typed_it(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("version: 2\n")
    monkeypatch.chdir(path.parent)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(Path("call.yaml"), environment={})
    assert str(caught.value).startswith("call.yaml:1:1: ")


class Inner(BaseModel):
    """A file of another kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    greeting: Text
    delay: Duration = 0.0


def _loaded(path: Path) -> Inner:
    try:
        return load_model(Inner, path)
    except ScenarioError as error:
        raise carried(error) from None


class Settings(BaseModel):
    """What an adapter may want."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    api_key: SecretStr | None = None
    mode: Literal["fast", "slow"] = "fast"
    port: int = Field(0, ge=0, le=65535)
    ratio: float = 1.0
    on: bool = False
    size: Count = 0
    headers: dict[str, str] = {}
    many: str | list[str] = ""
    dialogue: Annotated[InputFile, AfterValidator(_loaded)] | None = None


def settings(write: Write, lines: str) -> Settings:
    """The settings in the agent section of a file."""
    file = load_scenario(
        write(f"version: 1\nscript: [agent]\nagent:\n  adapter: x\n{lines}"),
        environment={"K": "hunter2222"},
    )
    return build(Settings, file.scenario.agent.settings.without("simulator"), file.document)


def test_settings_of_any_model_are_built_from_raw_texts(write: Write) -> None:
    found = settings(
        write,
        "  url: ws://x\n  api_key: ${env.K}\n  mode: slow\n  port: 80\n  ratio: 0.5\n  on: true\n"
        "  size: 3\n  headers: {a: '1'}\n  many: [a, b]\n  simulator: {anything: goes}\n",
    )
    assert found.api_key is not None
    assert found.api_key.get_secret_value() == "hunter2222"
    assert (found.url, found.mode, found.port, found.ratio) == ("ws://x", "slow", 80, 0.5)
    assert (found.on, found.size, found.headers, found.many) == (True, 3, {"a": "1"}, ["a", "b"])


@pytest.mark.parametrize(
    ("lines", "place", "message"),
    [
        ("  stt: y\n", "4:3", "'url' is missing here"),
        ("  url: [a]\n", "5:8", "expected a text, found a list: put a text that starts with '['"),
        ("  url: a\n  mode: quick\n", "6:9", "expected 'fast' or 'slow', found 'quick'"),
        ("  url: a\n  port: x\n", "6:9", "expected a whole number, found 'x'"),
        ("  url: a\n  port: 70000\n", "6:9", "expected at most 65535, found '70000'"),
        ("  url: a\n  ratio: x\n", "6:10", "expected a number, found 'x'"),
        ("  url: a\n  on: maybe\n", "6:7", "expected true or false, found 'maybe'"),
        ("  url: a\n  headers: x\n", "6:12", "expected a mapping, lines of 'key: value'"),
        ("  url: a\n  prot: 5\n", "6:3", "unknown key 'prot' (did you mean 'port'?)"),
        ("  url: a\n  many: {a: b}\n", "6:9", "or a list"),
        ("  url: a\n  dialogue: none.yaml\n", "6:13", "there is no file 'none.yaml'"),
    ],
)
def test_wrong_settings_are_refused_at_their_place(
    write: Write, lines: str, place: str, message: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        settings(write, lines)
    problem = caught.value.problems[0]
    assert f"{problem.line}:{problem.column}" == place or "missing" in message
    assert message in problem.message


def test_a_file_named_in_settings_shows_its_own_problems(write: Write, tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text("greeting: a #b\ndelay: 3\nfoo: bar\n")
    with pytest.raises(ScenarioError) as caught:
        settings(write, "  url: a\n  dialogue: inner.yaml\n  prot: 5\n")
    found = [(Path(p.file).name, p.line, p.column) for p in caught.value.problems]
    assert found == [
        ("call.yaml", 7, 3),
        ("inner.yaml", 1, 11),
        ("inner.yaml", 2, 8),
        ("inner.yaml", 3, 1),
    ]


def test_settings_with_an_unset_variable_build_where_the_text_may_stand(write: Write) -> None:
    assert settings(write, "  url: ${env.NOPE}\n").url == "${env.NOPE}"
    with pytest.raises(SetupError):
        settings(write, "  url: a\n  port: ${env.NOPE}\n")


def test_another_file_is_loaded_without_replacing_anything(write: Write) -> None:
    path = write("greeting: it is ${result.total}\ndelay: 500ms\n")
    assert load_model(Inner, path) == Inner(greeting="it is ${result.total}", delay=0.5)


def test_a_document_keeps_what_is_wrong_beside_its_values(write: Write) -> None:
    document = load_document(write("a: *x\n"))
    assert document.root == Mapping([("a", document.root["a"])])
    with pytest.raises(ScenarioError, match=r"starts with '\*' in quotes"):
        build(Inner, document.root, document)


def test_the_schema_accepts_what_the_loader_accepts() -> None:
    schema = scenario_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(EXAMPLE))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("within: 3s", "within: 3"),
        ("name: lookup_invoice", "nam: lookup_invoice"),
        ("- hangup", "- hangpu"),
        ("says_any:", "say_any:"),
        ("version: 1", "version: 2"),
        ("max: 5%", "max: 5"),
        ("- user: 5", "- caller: 5"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(before: str, after: str) -> None:
    assert before in EXAMPLE
    content = yaml.safe_load(EXAMPLE.replace(before, after))
    assert not jsonschema.Draft202012Validator(scenario_schema()).is_valid(content)


def test_the_schema_describes_every_step_key() -> None:
    schema = scenario_schema()
    names = [
        part["$ref"].rpartition("/")[2]
        for part in schema["properties"]["script"]["items"]["anyOf"]
        if "$ref" in part
    ]
    keys = {key for name in names for key in schema["$defs"][name]["properties"]}
    assert {"agent", "user", "silence", "play", "hangup", "expect"} <= keys
    assert all(
        field.get("description") or "$ref" in field
        for name in names
        for field in schema["$defs"][name]["properties"].values()
    )
    assert json.loads(json.dumps(schema)) == schema
