from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from voicetest.clock import Clock, run
from voicetest.events import ToolCalled, ToolResult
from voicetest.executor.tools import Toolbox
from voicetest.scenario.load import load_scenario

TOOLS = """
version: 1
agent: {adapter: composable}
tools:
  - {name: lookup, returns: {amount: 42, paid: true, note: null, id: "007"}, delay: 700ms}
  - {name: retry, returns: [{error: try again}, found, [1, 2]]}
  - name: nothing
script: [agent]
"""


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    file = tmp_path / "tools.yaml"
    file.write_text(TOOLS)
    return Toolbox(load_scenario(file).scenario.tools)


def _ask(toolbox: Toolbox, name: str, times: int = 1) -> list[ToolResult]:
    async def main() -> list[ToolResult]:
        return [await toolbox.answer(ToolCalled(str(n), name, "{}")) for n in range(times)]

    return run(main(), Clock.VIRTUAL)


def test_values_are_answered_as_json(toolbox: Toolbox) -> None:
    (result,) = _ask(toolbox, "lookup")
    assert result == ToolResult("0", '{"amount": 42, "paid": true, "note": null, "id": "007"}')


def test_an_answer_takes_as_long_as_the_tool_does(toolbox: Toolbox) -> None:
    async def main() -> float:
        await toolbox.answer(ToolCalled("1", "lookup", "{}"))
        return asyncio.get_running_loop().time()

    assert run(main(), Clock.VIRTUAL) == pytest.approx(0.7)


def test_a_list_is_used_call_by_call_and_its_last_answer_stays(toolbox: Toolbox) -> None:
    assert _ask(toolbox, "retry", 4) == [
        ToolResult("0", "try again", failed=True),
        ToolResult("1", '"found"'),
        ToolResult("2", "[1, 2]"),
        ToolResult("3", "[1, 2]"),
    ]


def test_a_tool_without_an_answer_answers_null(toolbox: Toolbox) -> None:
    assert _ask(toolbox, "nothing") == [ToolResult("0", "null")]


def test_a_tool_that_is_not_listed_is_an_error(toolbox: Toolbox) -> None:
    (result,) = _ask(toolbox, "lookupp")
    assert result.failed
    assert "no tool named lookupp" in result.content
