"""WebRTC agents and Pipecat bots on this machine, and everything that may be wrong with them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
import yaml

from tests.calls import Quiet
from voicetest.adapters.base import World
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.clock import run as run_on
from voicetest.errors import ConnectionFailed, ProtocolError, ScenarioError
from voicetest.events import Audio
from voicetest.links.aiortc_ways import Reach
from voicetest.links.webrtc import WebRTCLink, peer_connection
from voicetest.run import plan, run
from voicetest.simulators.offline import in_process
from voicetest.simulators.pipecat_webrtc import PipecatWebRTCSimulator
from voicetest.simulators.webrtc import WebRTCSimulator
from voicetest.speech.providers import Speech

pytestmark = pytest.mark.process

EVENTS = {
    "receives": {
        "agent_turn_ended": {"type": "end"},
        "agent_transcript": {"type": "says", "text": "<text>"},
    }
}
WEBRTC = {"adapter": "webrtc", "signaling_url": "https://agent.invalid/offer"}
AGENTS: dict[str, dict[str, Any]] = {
    "json": WEBRTC | {"events": EVENTS},
    "whip": WEBRTC | {"signaling": "whip"},
    "pipecat": {
        "adapter": "pipecat",
        "transport": "webrtc",
        "signaling_url": "https://agent.invalid/api/offer",
    },
}
DIALOGUE: dict[str, Any] = {
    "greeting": "Parcel service, how can I help you?",
    "rules": [{"when": ["parcel"], "say": "What is your parcel number?"}],
}
FIRST = {"agent": {"says": "how can I help"}}
ASK = {"user": "Where is my parcel?"}
LONG = {"silence": "20s"}
ANSWER = {"agent": {"says": "parcel number"}}


@dataclass(frozen=True)
class Done:
    """A call that is over."""

    result: Result
    folder: Path

    @property
    def warnings(self) -> list[str]:
        """What was odd."""
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        return [e["message"] for e in map(json.loads, lines) if e["type"] == "warning"]

    @property
    def loudest(self) -> int:
        """The loudest that the agent was."""
        sound = read_span(self.folder / "recording.wav", 0, -1)[:, 1]
        return int(np.abs(sound.astype(int)).max(initial=0))


def _call(
    folder: Path, speech: Speech, agent: dict[str, Any], script: list[Any], *faults: Any
) -> Done:
    scenario = {
        "version": 1,
        "agent": {
            **agent,
            "response_timeout": "4s",
            "response_max_duration": "6s",
            "simulator": DIALOGUE | {"faults": list(faults)},
        },
        "user": {"voice": "espeak/en-us+f2"},
        "transcriber": "pocketsphinx/espeak",
        "limits": {"patience": "1s"},
        "script": script,
    }
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump(scenario, sort_keys=False))
    planned = plan(file, {}, speech, offline=True)
    assert planned.clock is Clock.REAL
    (folder / "call/segments").mkdir(parents=True)
    return Done(run(planned, folder / "call", Quiet()), folder / "call")


@pytest.fixture(params=AGENTS, name="agent")
def _agent(request: pytest.FixtureRequest) -> dict[str, Any]:
    return AGENTS[request.param]


def test_an_agent_greets_and_answers(tmp_path: Path, speech: Speech, agent: dict[str, Any]) -> None:
    done = _call(tmp_path, speech, agent, [FIRST, ASK, ANSWER])
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    assert [turn.by for turn in done.result.turns] == ["agent", "user", "agent"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuses", "HTTP 503"),
        ("webrtc_web_page", "is not the agent"),
        ("webrtc_busy", "HTTP 4"),
        ("webrtc_no_sound", "switches sound off both ways"),
    ],
)
def test_a_call_that_is_not_taken_says_why(
    tmp_path: Path, speech: Speech, agent: dict[str, Any], fault: str, words: str
) -> None:
    done = _call(tmp_path, speech, agent, [FIRST], fault)
    assert done.result.status == "error"
    (error,) = done.result.errors
    assert error.where == "dialling"
    assert error.kind in ("connection", "protocol")
    assert words in error.message


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("webrtc_never_answers", "did not answer at agent.invalid in time"),
        ("webrtc_unreachable", "no sound gets through to it within 20 s"),
    ],
)
def test_a_call_that_never_comes_about_ends_in_time(
    tmp_path: Path, speech: Speech, fault: str, words: str
) -> None:
    done = _call(tmp_path, speech, AGENTS["json"], [FIRST], fault)
    assert done.result.status == "error"
    (error,) = done.result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert words in error.message


def test_a_track_that_comes_late_is_heard(tmp_path: Path, speech: Speech) -> None:
    script = [{"silence": "4s"}, ASK, ANSWER]
    done = _call(tmp_path, speech, AGENTS["json"], script, "webrtc_late_track")
    assert done.result.status == "passed", (done.result.checks, done.result.errors)


def test_a_track_that_is_muted_in_mid_call_is_an_agent_that_never_answers(
    tmp_path: Path, speech: Speech
) -> None:
    script = [FIRST, {"silence": "1500ms"}, ASK, ANSWER]
    done = _call(tmp_path, speech, AGENTS["whip"], script, "webrtc_mutes")
    assert done.result.status == "failed", done.result.errors
    assert done.result.termination.by == "user"
    assert done.loudest > 2_000


def test_a_data_channel_that_is_closed_is_told_of_and_the_sound_goes_on(
    tmp_path: Path, speech: Speech
) -> None:
    script = [FIRST, {"silence": "2s"}, ASK, {"silence": "5s"}]
    done = _call(tmp_path, speech, AGENTS["json"], script, "webrtc_channel_closes")
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    assert done.warnings == ["the far side closed its data channel"]
    last = [turn for turn in done.result.turns if turn.by == "agent"][-1]
    assert last.start_s > 5


@pytest.mark.parametrize("name", ["json", "pipecat"])
def test_a_call_with_every_fifth_packet_lost_is_held_to_its_end(
    tmp_path: Path, speech: Speech, name: str
) -> None:
    done = _call(tmp_path, speech, AGENTS[name], ["agent", ASK, "agent"], "webrtc_loses_packets")
    assert not done.result.errors
    assert [turn.by for turn in done.result.turns] == ["agent", "user", "agent"]
    assert done.result.termination.by == "user"
    assert done.loudest > 2_000


@pytest.mark.parametrize("name", ["json", "pipecat"])
def test_an_agent_that_is_gone_in_mid_call_is_an_error_and_what_was_heard_is_kept(
    tmp_path: Path, speech: Speech, name: str
) -> None:
    done = _call(tmp_path, speech, AGENTS[name], [FIRST, ASK, "agent", LONG], {"drops_call": 2})
    assert done.result.status == "error"
    (error,) = done.result.errors
    assert (error.kind, error.where) == ("connection", "calling")
    assert "1006" in error.message
    assert done.result.termination.by == "platform"
    assert done.loudest > 2_000


def test_a_bot_that_wants_another_offer_gets_it(tmp_path: Path, speech: Speech) -> None:
    script = [FIRST, ASK, ANSWER]
    done = _call(tmp_path, speech, AGENTS["pipecat"], script, "webrtc_renegotiates")
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    assert not done.warnings


def test_virtual_time_is_refused_where_sound_needs_sockets(tmp_path: Path, speech: Speech) -> None:
    file = tmp_path / "scenario.yaml"
    agent = {**AGENTS["json"], "simulator": DIALOGUE}
    file.write_text(yaml.safe_dump({"version": 1, "agent": agent, "script": ["agent"]}))
    with pytest.raises(ScenarioError, match="the sound of WebRTC"):
        plan(file, {}, speech, "virtual", offline=True)


def _simulator(speech: Speech, kind: type[WebRTCSimulator] = WebRTCSimulator) -> WebRTCSimulator:
    ears, voice = speech.transcriber("pocketsphinx/espeak"), speech.voice("espeak/en-us")
    dialogue = Dialogue.model_validate(DIALOGUE)
    return kind(AgentRecipe.follows(dialogue, ears, voice))


def _sockets() -> int:
    return len(psutil.Process().net_connections("udp"))


@pytest.mark.parametrize("dies", [False, True])
def test_nothing_is_left_of_a_call(tmp_path: Path, speech: Speech, dies: bool) -> None:
    file = tmp_path / "scenario.yaml"
    agent = {**AGENTS["json"], "simulator": DIALOGUE}
    file.write_text(yaml.safe_dump({"version": 1, "agent": agent, "script": ["agent"]}))
    planned = plan(file, {}, speech, offline=True)

    async def hold(world: World) -> None:
        async with planned.adapter.connect(world) as link:
            async for event in link.events():
                if isinstance(event, Audio):
                    if dies:
                        raise ConnectionFailed("enough")
                    return

    async def main() -> None:
        before = _sockets()
        if dies:
            with pytest.raises(ExceptionGroup):
                await hold(planned.world)
        else:
            await hold(planned.world)
        await asyncio.sleep(0.1)  # tasks of aiortc that were cancelled have to run once more
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert _sockets() == before

    run_on(main(), Clock.REAL)


async def _offer(client: httpx.AsyncClient, **content: Any) -> int:
    return (await client.post("/offer", **content)).status_code


def test_offers_that_cannot_be_taken_have_a_status_each(speech: Speech) -> None:
    simulator = _simulator(speech)

    async def main() -> None:
        async with in_process(simulator.web, simulator.taking_calls)("http://here") as client:
            assert await _offer(client, json={"sdp": "nonsense", "type": "offer"}) == 400
            assert await _offer(client, json={"sdp": "v=0", "type": "answer"}) == 400
            assert await _offer(client, json=[]) == 400
            assert (
                await _offer(client, content="v=0", headers={"content-type": "text/plain"}) == 415
            )
            whip = {"content-type": "application/sdp"}
            assert await _offer(client, content="v=0\r\n", headers=whip) == 400
            assert (await client.delete("/session/1")).status_code == 404

    run_on(main(), Clock.REAL)


def test_a_session_over_whip_is_trickled_to_and_deleted(speech: Speech) -> None:
    simulator = _simulator(speech)

    async def main() -> None:
        async with (
            in_process(simulator.web, simulator.taking_calls)("http://here") as client,
            peer_connection() as peer,
        ):
            link = WebRTCLink(peer, Reach.LOOPBACK, lead_s=0.01)
            sessions: list[httpx.Response] = []

            async def exchange(offer: str) -> str:
                kind = {"content-type": "application/sdp"}
                sessions.append(await client.post("/whip", content=offer, headers=kind))
                return sessions[0].text

            await link.offer(exchange, ["opus"])
            (made,) = sessions
            assert made.status_code == 201
            where, tag = made.headers["location"], made.headers["etag"]
            piece = {"content-type": "application/trickle-ice-sdpfrag", "if-match": tag}
            assert (await client.patch(where, headers=piece)).status_code == 204
            wrong = piece | {"if-match": '"another"'}
            assert (await client.patch(where, headers=wrong)).status_code == 412
            assert (await client.patch(where, content="x")).status_code == 415
            async with link.opened():
                async for event in link.events():
                    if isinstance(event, Audio):
                        break
                assert (await client.delete(where)).status_code == 200
                last = [event async for event in link.events()][-1]
            assert last.normal  # type: ignore[union-attr]  # the last one is a Hangup
            assert (await client.delete(where)).status_code == 404

    run_on(main(), Clock.REAL)


def test_a_bots_routes_answer_as_its_runner_does(speech: Speech) -> None:
    ears, voice = speech.transcriber("pocketsphinx/espeak"), speech.voice("espeak/en-us")
    recipe = AgentRecipe.follows(Dialogue.model_validate(DIALOGUE), ears, voice)
    simulator = PipecatWebRTCSimulator(recipe)

    async def main() -> None:
        async with in_process(simulator.web, simulator.taking_calls)("http://here") as client:
            assert await _offer(client, json={"sdp": "v=0"}) == 422
            assert await _offer(client, json={"sdp": "nonsense", "type": "offer"}) == 400
            unknown = await client.patch("/api/offer", json={"pc_id": "nobody", "candidates": []})
            assert unknown.status_code == 404

    run_on(main(), Clock.REAL)


def test_an_offer_without_a_codec_that_is_known_is_refused() -> None:
    async def main() -> None:
        async with peer_connection() as peer:
            link = WebRTCLink(peer, Reach.LOOPBACK, lead_s=0.01)
            with pytest.raises(ProtocolError, match="no codec that is known"):
                await link.answer(
                    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
                    "m=audio 9 UDP/TLS/RTP/SAVPF 9\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
                    "a=sendrecv\r\na=rtpmap:9 G722/8000\r\n"
                )

    run_on(main(), Clock.REAL)
