"""Whole calls through a real livekit-server, with an agent that uses LiveKit's own package."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pytest
import yaml
from livekit import api

from tests.calls import Quiet
from tests.peers.livekit_agent import AgentLine, agent_in_room, agent_token
from tests.peers.livekit_server import KEY, SECRET, LiveKitServer, running_server
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.checks.result import Result
from voicetest.run import plan, run
from voicetest.scenario.load import load_model
from voicetest.simulators.background import in_background
from voicetest.speech.providers import Speech

pytestmark = [pytest.mark.process, pytest.mark.livekit_server]

DIALOGUE = Path(__file__).parents[2] / "scenarios/agents/parcels.yaml"
GREETED = {"agent": {"says": "how can I help"}}
ASK = {"user": "Where is my package?"}


class _Room:
    """A room of its own, and the agent that waits in it."""

    def __init__(self, server: LiveKitServer, speech: Speech, folder: Path) -> None:
        self.name = f"test-{uuid4().hex[:8]}"
        self.url = server.url
        self._speech = speech
        self._folder = folder

    def agent(
        self, *, identity: str = "agent-1", kind: Literal["agent"] | None = "agent", **how: Any
    ) -> Any:
        """The agent of the parcel service, in the room."""
        dialogue = load_model(Dialogue, DIALOGUE)
        ears = self._speech.transcriber("pocketsphinx/espeak", dialogue.phrases)
        recipe = AgentRecipe.follows(dialogue, ears, self._speech.voice("espeak/en-us"))
        token = agent_token(KEY, SECRET, self.name, identity, kind=kind)
        return agent_in_room(self.url, token, recipe, **how)

    def call(self, script: list[Any], **settings: Any) -> Result:
        """The result of a call into the room."""
        agent: dict[str, Any] = {"adapter": "livekit", "url": self.url, "room": self.name}
        agent |= {"api_key": KEY, "api_secret": SECRET, "response_timeout": "6s", **settings}
        agent = {name: value for name, value in agent.items() if value is not None}
        scenario = {
            "version": 1,
            "agent": agent,
            "user": {"voice": "espeak/en-us+m3"},
            "tools": [{"name": "find_parcel", "returns": {"status": "on its way"}}],
            "limits": {"patience": "1s"},
            "script": script,
        }
        file = self._folder / "call.yaml"
        file.write_text(yaml.safe_dump(scenario, sort_keys=False))
        (self._folder / "call/segments").mkdir(parents=True)
        return run(plan(file, {}, self._speech), self._folder / "call", Quiet())

    @property
    def events(self) -> list[dict[str, Any]]:
        """The timeline of the call."""
        lines = (self._folder / "call/events.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def room(livekit_server: LiveKitServer, speech: Speech, tmp_path: Path) -> _Room:
    return _Room(livekit_server, speech, tmp_path)


def test_a_whole_call_with_words_tools_typing_keys_and_an_interruption(room: _Room) -> None:
    script = [
        GREETED,
        ASK,
        {"agent": {"says": "parcel number", "within": "3s"}},
        {"text": "The number is four five two one."},
        {"agent": {"says": "on its way", "calls_tool": "find_parcel"}},
        {"interrupt": "Thank you.", "after": "1s"},
        {"agent": {"says": "goodbye", "ends_call": True}},
    ]
    with in_background(room.agent()):
        result = room.call(script)
    assert result.status == "passed", (result.checks, result.errors)
    assert [turn.kind for turn in result.turns] == [
        "agent", "user", "agent", "text", "agent", "interrupt", "agent",
    ]  # fmt: skip
    assert [turn.truncated for turn in result.turns if turn.by == "agent"] == [
        False, False, True, False,
    ]  # fmt: skip
    assert result.turns[1].understood == "where is my package"
    assert result.termination.by == "agent"
    (tool,) = result.tool_calls
    assert json.loads(tool.arguments) == {"number": "4521"}
    assert json.loads(str(tool.result)) == {"status": "on its way"}


def test_turns_of_an_agent_without_a_state_end_in_silence(room: _Room) -> None:
    with in_background(room.agent(states=False)):
        result = room.call([GREETED, ASK, {"agent": {"says": "parcel number"}}])
    assert result.status == "passed", (result.checks, result.errors)
    agents = [turn for turn in result.turns if turn.by == "agent"]
    assert {turn.end_reason for turn in agents} == {"tail_silence"}


@pytest.mark.parametrize("named", [True, False])
def test_a_bot_that_is_no_agent_by_kind_is_named_or_guessed(room: _Room, named: bool) -> None:
    script = [GREETED, ASK, {"agent": {"says": "parcel number"}}]
    settings = {"agent_identity": "Pipecat Agent"} if named else {}
    with in_background(room.agent(identity="Pipecat Agent", kind=None, states=False)):
        result = room.call(script, **settings)
    assert result.status == "passed", (result.checks, result.errors)
    told = [e for e in room.events if e["type"] == "warning" and "Pipecat Agent" in e["message"]]
    assert len(told) == (0 if named else 1)


def test_a_call_is_held_with_a_token_that_is_made_elsewhere(room: _Room) -> None:
    grants = api.VideoGrants(room_join=True, room=room.name)
    token = api.AccessToken(KEY, SECRET).with_identity("somebody").with_grants(grants).to_jwt()
    with in_background(room.agent()):
        result = room.call([GREETED], token=token, room=None, api_key=None, api_secret=None)
    assert result.status == "passed", (result.checks, result.errors)
    (joined,) = [event for event in room.events if event.get("text") == "room"]
    assert joined["fields"] == {"room": room.name, "identity": "somebody"}
    written = "".join(str(event) for event in room.events)
    assert token not in written


def test_an_agent_by_kind_comes_before_others_with_sound(room: _Room) -> None:
    bystander = room.agent(identity="bystander", kind=None, states=False)
    with in_background(bystander), in_background(room.agent()):
        result = room.call([GREETED])
    assert result.status == "passed", (result.checks, result.errors)


def test_of_two_that_are_no_agents_none_is_guessed(room: _Room) -> None:
    first = room.agent(identity="first", kind=None, states=False)
    second = room.agent(identity="second", kind=None, states=False)
    with in_background(first), in_background(second):
        result = room.call([GREETED])
    assert result.status == "error"
    assert "'first'" in result.errors[0].message
    assert "write agent_identity" in result.errors[0].message


def test_nobody_of_that_identity_is_told_with_who_is_there(room: _Room) -> None:
    with in_background(room.agent(identity="other", kind=None)):
        result = room.call([GREETED], agent_identity="bot", agent_timeout="2s")
    (error,) = result.errors
    assert "nobody with the identity 'bot' came into the room" in error.message
    assert "in the room is 'other'" in error.message


def test_a_room_without_an_agent_says_what_to_look_at(room: _Room) -> None:
    result = room.call([GREETED], agent_timeout="1s")
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert "no agent came into the room within 1 s" in error.message


def test_an_agent_that_nobody_registers_is_sent_for_in_vain(room: _Room) -> None:
    result = room.call([GREETED], agent_name="nobody", agent_timeout="1s")
    (error,) = result.errors
    assert "registers with agent_name 'nobody'" in error.message


def test_a_wrong_secret_is_told_without_showing_the_token(room: _Room) -> None:
    result = room.call([GREETED], api_secret=f"another-{SECRET}")
    (error,) = result.errors
    assert error.kind == "connection"
    assert "check LIVEKIT_API_KEY and LIVEKIT_API_SECRET" in error.message
    assert "eyJ" not in error.message


def _while(room: _Room, after_s: float, happens: Callable[[AgentLine], Any], **how: Any) -> Any:
    """The agent, to whom something happens while it is there."""

    @asynccontextmanager
    async def spoilt() -> AsyncIterator[AgentLine]:
        async def later(line: AgentLine) -> None:
            await line.met.wait()
            await asyncio.sleep(after_s)
            await happens(line)

        async with room.agent(**how) as line, asyncio.TaskGroup() as tasks:
            task = tasks.create_task(later(line))
            yield line
            task.cancel()

    return in_background(spoilt())


def test_somebody_with_the_same_identity_takes_the_callers_place(room: _Room) -> None:
    async def join(line: AgentLine) -> None:
        await line.intrude(room.url, agent_token(KEY, SECRET, room.name, "caller-1"))

    with _while(room, 2.0, join):
        result = room.call([GREETED, {"silence": "10s"}], identity="caller-1")
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "calling")
    assert "DUPLICATE_IDENTITY" in error.message
    assert result.duration_s > 1
    assert result.termination.by == "platform"


def test_a_track_that_is_taken_away_in_the_middle_is_told_and_the_call_fails(room: _Room) -> None:
    with _while(room, 3.0, AgentLine.unpublish):
        result = room.call([GREETED, {"silence": "2s"}, ASK, {"agent": {"within": "2s"}}])
    assert result.status == "failed", result.errors
    warnings = [e["message"] for e in room.events if e["type"] == "warning"]
    assert any("unpublished its track" in message for message in warnings)


def test_a_track_that_is_muted_in_the_middle_is_told_and_the_call_fails(room: _Room) -> None:
    with _while(room, 3.0, AgentLine.mute):
        result = room.call([GREETED, {"silence": "2s"}, ASK, {"agent": {"within": "2s"}}])
    assert result.status == "failed", result.errors
    told = [e["text"] for e in room.events if e["type"] == "status"]
    assert "the agent's track is muted" in told


def test_a_server_that_is_gone_in_the_middle_is_an_error_and_the_recording_is_kept(
    livekit_program: str, speech: Speech, tmp_path: Path
) -> None:
    with running_server(livekit_program, tmp_path) as server:
        room = _Room(server, speech, tmp_path)

        async def kill(line: AgentLine) -> None:
            server.process.kill()

        with _while(room, 3.0, kill):
            result = room.call([GREETED, {"silence": "30s"}])
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "calling")
    assert "connection to the server was lost" in error.message
    assert 2 < result.duration_s < 25
    assert result.turns[0].transcript.startswith("Parcel service")
