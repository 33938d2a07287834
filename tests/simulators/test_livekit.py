"""What goes wrong in a simulated room of LiveKit, as a caller with LiveKit's own package has it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from livekit import api

from tests.calls import Quiet
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.links.livekit_line import SIMULATED_KEY, SIMULATED_SECRET
from voicetest.registry import UnknownName
from voicetest.run import plan, run
from voicetest.simulators.livekit import LiveKitSimulator
from voicetest.speech.providers import Speech

pytestmark = pytest.mark.process

GREETED = {"agent": {"says": "how can I help"}}
ASK = {"user": "Where is my parcel?"}


def _call(folder: Path, speech: Speech, script: list[Any], *faults: str, **agent: Any) -> Result:
    """The result of a call to a simulated server with these faults."""
    dialogue = {
        "greeting": "Parcel service, how can I help you?",
        "rules": [{"when": ["parcel"], "say": "What is your parcel number?"}],
        "faults": list(faults),
    }
    settings = {"adapter": "livekit", "simulator": dialogue, "response_timeout": "4s"}
    scenario = {
        "version": 1,
        "agent": settings | {"response_max_duration": "8s"} | agent,
        "user": {"voice": "espeak/en-us+f2"},
        "limits": {"patience": "1s"},
        "script": script,
    }
    file = folder / "call.yaml"
    file.write_text(yaml.safe_dump(scenario, sort_keys=False))
    (folder / "call/segments").mkdir(parents=True)
    return run(plan(file, {}, speech, offline=True), folder / "call", Quiet())


def _events(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "call/events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("livekit_no_agent", "no agent came into the room within 1 s"),
        ("livekit_wrong_secret", "check LIVEKIT_API_KEY and LIVEKIT_API_SECRET"),
        ("refuses", "503"),
    ],
)
def test_a_call_that_cannot_begin_says_why(
    tmp_path: Path, speech: Speech, fault: str, message: str
) -> None:
    result = _call(tmp_path, speech, [GREETED], fault, agent_timeout="1s")
    (error,) = result.errors
    assert (result.status, error.kind, error.where) == ("error", "connection", "dialling")
    assert message in error.message
    assert "eyJ" not in error.message, "no token is shown"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("livekit_duplicate", "DUPLICATE_IDENTITY"), ("livekit_shutdown", "SERVER_SHUTDOWN")],
)
def test_a_call_that_the_server_ends_is_an_error_and_keeps_its_recording(
    tmp_path: Path, speech: Speech, fault: str, reason: str
) -> None:
    result = _call(tmp_path, speech, [GREETED, {"silence": "20s"}], fault)
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "calling")
    assert reason in error.message
    assert result.termination.by == "platform"
    assert 2 < result.duration_s < 15
    assert read_span(tmp_path / "call/recording.wav", 0, -1)[:, 1].any()


def test_a_room_that_is_deleted_is_a_call_that_the_agent_ended(
    tmp_path: Path, speech: Speech
) -> None:
    script = [GREETED, {"silence": "20s"}]
    result = _call(tmp_path, speech, script, "livekit_deletes_room")
    assert not result.errors
    assert (result.termination.by, result.termination.reason) == ("agent", "ROOM_DELETED")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("livekit_mutes", "the agent's track is muted"),
        ("livekit_unpublishes", "the agent unpublished its track: there is no sound any more"),
    ],
)
def test_a_track_that_falls_silent_is_told_and_fails_the_next_step(
    tmp_path: Path, speech: Speech, fault: str, told: str
) -> None:
    script = [GREETED, {"silence": "4s"}, ASK, {"agent": {"within": "2s"}}]
    result = _call(tmp_path, speech, script, fault)
    assert result.status == "failed", result.errors
    said = [event.get("message") or event.get("text") for event in _events(tmp_path)]
    assert told in said


def test_a_track_that_comes_late_is_waited_for(tmp_path: Path, speech: Speech) -> None:
    script = [GREETED, ASK, {"agent": {"says": "parcel number"}}]
    result = _call(tmp_path, speech, script, "livekit_late_track")
    assert result.status == "passed", (result.checks, result.errors)


@pytest.mark.parametrize("settings", [{}, {"agent_identity": "agent-simulated"}])
def test_an_agent_that_is_none_by_kind_is_talked_to(
    tmp_path: Path, speech: Speech, settings: dict[str, Any]
) -> None:
    script = [GREETED, ASK, {"agent": {"says": "parcel number"}}]
    result = _call(tmp_path, speech, script, "livekit_standard", **settings)
    assert result.status == "passed", (result.checks, result.errors)
    warnings = [e["message"] for e in _events(tmp_path) if e["type"] == "warning"]
    guessed = [words for words in warnings if "is taken for it" in words]
    assert len(guessed) == (0 if settings else 1)


def test_two_calls_leave_neither_sockets_nor_tasks(tmp_path: Path, speech: Speech) -> None:
    def connections() -> int:
        return len(psutil.Process().net_connections())

    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    assert _call(first, speech, [GREETED]).status == "passed"
    before = connections()
    assert _call(second, speech, [GREETED]).status == "passed"
    assert connections() <= before


def test_requests_need_a_token_and_an_agent_is_sent_for_by_its_name(speech: Speech) -> None:
    recipe = AgentRecipe.follows(
        Dialogue(), speech.transcriber("pocketsphinx/espeak", ()), speech.voice("espeak/en-us")
    )
    wanted = api.CreateAgentDispatchRequest(agent_name="parcels", room="r")

    async def ask(url: str, secret: str) -> str:
        async with api.LiveKitAPI(url, SIMULATED_KEY, secret) as requests:
            return (await requests.agent_dispatch.create_dispatch(wanted)).agent_name

    async def check() -> None:
        async with LiveKitSimulator(recipe, "parcels").listen("127.0.0.1", 0) as url:
            base = "http" + url.removeprefix("ws")
            assert await ask(base, SIMULATED_SECRET) == "parcels"
            with pytest.raises(api.TwirpError) as refused:
                await ask(base, f"another-{SIMULATED_SECRET}")
            assert refused.value.status == 401

    asyncio.run(check())


def test_there_are_no_presets(speech: Speech) -> None:
    recipe = AgentRecipe.follows(
        Dialogue(), speech.transcriber("pocketsphinx/espeak", ()), speech.voice("espeak/en-us")
    )
    with pytest.raises(UnknownName, match="has no preset 'cloud'"):
        LiveKitSimulator.of_preset("cloud", recipe)
    (address,) = LiveKitSimulator.of_preset(None, recipe).addresses("ws://127.0.0.1:7880")
    assert yaml.safe_load(address)["agent"] == {
        "adapter": "livekit",
        "url": "ws://127.0.0.1:7880",
        "api_key": SIMULATED_KEY,
        "api_secret": SIMULATED_SECRET,
    }
