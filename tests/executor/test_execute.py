"""Whatever goes wrong becomes a record, and what was heard is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from tests.calls import Far, Scripted, hold, say, words
from voicetest.adapters.base import World
from voicetest.audio.chunk import Samples
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.events import Event, ToolCalled, ToolCancelled, ToolResult
from voicetest.links.base import Link
from voicetest.speech.providers import Speech

SCRIPT = "script:\n  - agent: {says: hello}\n  - user: Goodbye.\n  - agent\n"


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ConnectionFailed("the door is closed", code=1008), "connection", "the door is closed"),
        (ProtocolError("that was no JSON"), "protocol", "that was no JSON"),
        (ZeroDivisionError("oops"), "bug", "ZeroDivisionError"),
    ],
)
def test_an_error_in_mid_call_keeps_what_was_heard(
    tmp_path: Path, speech: Speech, voice: Samples, error: Exception, kind: str, message: str
) -> None:
    async def break_down(line: Far) -> None:
        await say(line, "Hello.", words(1.0, voice))
        raise error

    call = hold(tmp_path, speech, break_down, SCRIPT)
    assert call.result.status == "error"
    (fault,) = call.result.errors
    assert (fault.kind, fault.where) == (kind, "calling")
    assert message in fault.message
    assert ("ZeroDivisionError: oops" in str(fault.traceback)) == (kind == "bug")
    assert call.result.turns[0].transcript == "Hello."
    assert call.result.turns[0].end_s - call.result.turns[0].start_s == pytest.approx(1.0, abs=0.1)


def test_events_on_disk_are_those_of_the_record(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def greet(line: Far) -> None:
        await say(line, "Hello.", words(0.5, voice))

    call = hold(tmp_path, speech, greet, "script:\n  - agent: {says: hello}\n")
    lines = (call.folder / "events.jsonl").read_text().splitlines()
    assert len(lines) == len(call.record.entries)
    assert [json.loads(line)["at"] for line in lines] == [
        pytest.approx(entry.at, abs=1e-6) for entry in call.record.entries
    ]


def test_a_tool_that_is_still_at_work_does_not_hold_up_the_end(
    tmp_path: Path, speech: Speech
) -> None:
    async def call_tool(line: Far) -> None:
        await line.send(ToolCalled("c1", "slow", "{}"))
        await asyncio.sleep(1000)

    scenario = "tools: [{name: slow, delay: 5m}]\nscript:\n  - silence: 1s\n"
    call = hold(tmp_path, speech, call_tool, scenario)
    assert call.result.duration_s == pytest.approx(1.0, abs=0.03)
    assert call.result.tool_calls[0].result is None


def test_a_call_that_is_taken_back_is_not_answered_and_recorded_as_cancelled(
    tmp_path: Path, speech: Speech
) -> None:
    answers: list[Event] = []

    async def change_its_mind(line: Far) -> None:
        await line.send(ToolCalled("c1", "slow", "{}"))
        await line.send(ToolCalled("c2", "slow", "{}"))
        await asyncio.sleep(0.5)
        await line.send(ToolCancelled("c1"))
        await line.send(ToolCancelled("never called"))
        async with aclosing(line.events()) as events:
            async for event in events:
                match event:
                    case ToolResult():
                        answers.append(event)
                    case _:
                        pass

    scenario = "tools: [{name: slow, delay: 1s, returns: 7}]\nscript:\n  - silence: 3s\n"
    call = hold(tmp_path, speech, change_its_mind, scenario)
    assert answers == [ToolResult("c2", "7")]
    cancelled, answered = call.result.tool_calls
    assert (cancelled.result, cancelled.answered_at_s) == (None, None)
    assert cancelled.cancelled_at_s == pytest.approx(0.5, abs=0.05)
    assert (answered.result, answered.cancelled_at_s) == ("7", None)


def test_nothing_is_answered_after_the_agent_has_hung_up(tmp_path: Path, speech: Speech) -> None:
    async def leave(line: Far) -> None:
        await line.send(ToolCalled("c1", "slow", "{}"))
        await asyncio.sleep(0.5)
        await line.hang_up()

    scenario = "tools: [{name: slow, delay: 1s}]\nscript:\n  - silence: 3s\n"
    (tool,) = hold(tmp_path, speech, leave, scenario).result.tool_calls
    assert (tool.result, tool.answered_at_s) == (None, None)


def test_an_agent_that_never_picks_up_is_a_failed_connection(
    tmp_path: Path, speech: Speech
) -> None:
    class Ringing(Scripted):
        @asynccontextmanager
        async def connect(self, world: World) -> AsyncIterator[Link]:
            await asyncio.sleep(10_000)
            async with super().connect(world) as link:
                yield link

    call = hold(tmp_path, speech, None, SCRIPT, kind=Ringing)
    (fault,) = call.result.errors
    assert (fault.kind, fault.where) == ("connection", "dialling")
    assert "did not pick up" in fault.message
    assert call.result.harness is None
