"""The YAML extension of VS Code explains, completes and checks our files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.language_server import Editor, editor
from voicetest.scenario.steps import ACTIONS
from voicetest.suite.starter import start

pytestmark = [pytest.mark.npm, pytest.mark.process]

ROOT = Path(__file__).parents[2]
SERVER = ROOT / ".peers/yaml/node_modules/yaml-language-server/bin/yaml-language-server"
SCENARIO = """\
# yaml-language-server: $schema=../schemas/scenario.schema.json
version: 1
agent:
  adapter: composable
user:
  voise: espeak/en-us
script:
  - agent:
      says: hello
      within: 2 seconds
  - interrupt: stop
    after: 1s
  - agnet: hello
  - \n"""


@pytest.fixture(scope="module")
def vscode() -> Iterator[Editor]:
    """An editor in the folder of the repository."""
    node = shutil.which("node")
    if node is None or not SERVER.exists():
        pytest.skip("yaml-language-server is not installed: run make peers, with Node.js")
    with editor([node, str(SERVER), "--stdio"], ROOT) as found:
        yield found


@pytest.fixture(scope="module")
def scenario(vscode: Editor) -> str:
    """A scenario that is being written."""
    return vscode.open(ROOT / "scenarios" / "being-written.yaml", SCENARIO)


@pytest.mark.parametrize(
    ("line", "character", "told"),
    [
        (6, 2, "The steps of the call, in order."),
        (7, 5, "What is expected of the agent in an"),
        (9, 8, "The agent has to start speaking this soon, for example 2s."),
        (10, 6, "What the user says while the agent is speaking."),
        (11, 6, "How long the agent has to have been speaking before, such as 800ms."),
    ],
)
def test_every_key_is_explained(
    vscode: Editor, scenario: str, line: int, character: int, told: str
) -> None:
    assert told in vscode.hover(scenario, line, character)


def test_every_kind_of_step_is_offered(vscode: Editor, scenario: str) -> None:
    assert {*ACTIONS} <= vscode.completions(scenario, 13, 4)


def test_mistakes_are_underlined_at_their_lines(vscode: Editor, scenario: str) -> None:
    problems = vscode.problems(scenario)
    assert {5, 9, 12} <= {line for line, _ in problems}
    assert (5, "Property voise is not allowed.") in problems


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "scenarios").rglob("*.yaml")),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_nothing_is_underlined_in_the_files_of_the_repository(vscode: Editor, path: Path) -> None:
    assert vscode.problems(vscode.open(path)) == []


@pytest.mark.parametrize("adapter", ["composable", "vapi", "websocket"])
def test_nothing_is_underlined_in_what_init_writes(
    vscode: Editor, tmp_path: Path, adapter: str
) -> None:
    start(adapter, tmp_path)
    for path in sorted((tmp_path / "scenarios").rglob("*.yaml")):
        assert vscode.problems(vscode.open(path)) == []
