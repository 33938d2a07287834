"""Vapi's far side: as its own SDK sees it, and with everything wrong that can be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import vapi
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from vapi.core.api_error import ApiError
from vapi.core.pydantic_utilities import parse_obj_as
from vapi.types import Call

from tests.calls import Quiet, words
from tests.conftest import Speak
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.clock import run as run_on
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Event,
    Hangup,
    ToolCalled,
    Transcript,
)
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.vapi import Vapi
from voicetest.run import plan, run
from voicetest.simulators.background import in_background
from voicetest.simulators.offline import in_memory, in_process
from voicetest.simulators.vapi import VapiSimulator
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport, TransportClosed
from voicetest.transports.memory import memory_pair
from voicetest.transports.websocket import connect

DIALOGUE: dict[str, Any] = {
    "greeting": "Hello, how can I help you?",
    "rules": [
        {"when": ["parcel"], "say": "What is your parcel number?"},
        {"when": ["thank you"], "say": "Goodbye.", "ends_call": True},
    ],
}
TRANSPORT = {
    "provider": "vapi.websocket",
    "audioFormat": {"format": "pcm_s16le", "container": "raw", "sampleRate": 16_000},
}
ASKED = {"assistantId": "a", "transport": TRANSPORT}
KEY = "sk-hidden-anywhere"
BEARER = {"Authorization": f"Bearer {KEY}"}


def _simulator(speech: Speech, *faults: str, greets: bool = True) -> VapiSimulator:
    greeting = DIALOGUE["greeting"] if greets else None
    written = {**DIALOGUE, "greeting": greeting, "faults": list(faults)}
    dialogue = Dialogue.model_validate(written)
    ears = speech.transcriber("pocketsphinx/espeak", dialogue.phrases)
    return VapiSimulator(AgentRecipe.follows(dialogue, ears, speech.voice("espeak/en-us")))


async def _until(line: CodecLink[Any], last: type[Event], count: int = 1) -> list[Event]:
    """What is said up to the event of that kind with that number."""
    said: list[Event] = []
    async with aclosing(line.events()) as events:
        async for event in events:
            said.append(event)
            if sum(isinstance(each, last) for each in said) == count:
                return said
    raise AssertionError(f"no {last.__name__} in {said}")


@pytest.mark.process
def test_the_sdk_creates_a_call_and_a_spoken_conversation_follows(
    speech: Speech, speak: Speak
) -> None:
    question = np.append(speak("Where is my parcel?", "en-us+f2"), np.zeros(24_000, np.int16))

    async def talk(url: str) -> list[Event]:
        async with (
            connect(url) as transport,
            CodecLink(Vapi(End.CLIENT), transport) as line,
        ):
            for piece in np.split(question, range(480, len(question), 480)):
                await line.send(Audio(AudioChunk.of(piece)))
            return await _until(line, AgentTurnEnded)

    with (
        in_background(_simulator(speech, greets=False).listen("127.0.0.1", 0)) as url,
        httpx.Client() as http,
    ):
        base = "http" + url.removeprefix("ws")
        client = vapi.Vapi(token=KEY, base_url=base, httpx_client=http)
        created = client.calls.create(assistant_id="a", transport=TRANSPORT)
        assert created.status == "queued"
        assert created.transport is not None
        address = str(created.transport["websocketCallUrl"])
        assert address == f"{url}/{created.id}/transport"
        said = run_on(talk(address), Clock.REAL)
        # It may hear of the end a moment later than we; each look gives it one.
        looks = (client.calls.get(created.id) for _ in range(100))
        ended = next((call for call in looks if call.status == "ended"), None)
        with pytest.raises(ApiError) as unknown:
            client.calls.get("nobody")
    texts = [event for event in said if isinstance(event, Transcript)]
    assert [(event.by, "parcel" in event.text) for event in texts] == [
        ("user", True),
        ("agent", True),
    ]
    sound = sum(event.chunk.duration for event in said if isinstance(event, Audio))
    assert sound > 1
    assert ended is not None
    assert ended.ended_reason == "customer-ended-call"
    assert ended.cost is not None
    assert unknown.value.status_code == 404


@pytest.mark.process
def test_what_vapi_does_not_understand_changes_nothing_of_the_call(
    speech: Speech, speak: Speak, caplog: pytest.LogCaptureFixture
) -> None:
    question = np.append(speak("Where is my parcel?", "en-us+f2"), np.zeros(24_000, np.int16))
    odd = ["{", "hello", "[]", '{"type":7}', '{"type":"dance"}', '{"type":"add-message"}', "{"]

    async def talk(url: str) -> list[Event]:
        async with connect(url) as transport:
            for message in odd:
                await transport.send(message)
            async with CodecLink(Vapi(End.CLIENT), transport) as line:
                for piece in np.split(question, range(480, len(question), 480)):
                    await line.send(Audio(AudioChunk.of(piece)))
                return await _until(line, AgentTurnEnded)

    with (
        in_background(_simulator(speech, greets=False).listen("127.0.0.1", 0)) as url,
        httpx.Client() as http,
    ):
        base = "http" + url.removeprefix("ws")
        client = vapi.Vapi(token=KEY, base_url=base, httpx_client=http)
        created = client.calls.create(assistant={"name": "Own"}, transport=TRANSPORT)
        assert created.transport is not None
        said = run_on(talk(str(created.transport["websocketCallUrl"])), Clock.REAL)
    texts = [event.text for event in said if isinstance(event, Transcript)]
    assert "What is your parcel number?" in texts
    assert len(caplog.records) == len(set(odd))


@pytest.mark.process
@pytest.mark.parametrize("settings", [{}, {"audio_format": "mulaw"}], ids=["wide", "mulaw"])
def test_a_whole_call_over_sockets_passes_and_the_key_is_nowhere(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    monkeypatch.setenv("VAPI_API_KEY", KEY)
    script = ["agent", {"user": "Thank you."}, {"agent": {"says": "goodbye", "ends_call": True}}]
    with in_background(_simulator(speech).listen("127.0.0.1", 0)) as url:
        settings = {**settings, "base_url": "http" + url.removeprefix("ws")}
        file = _scenario(tmp_path, settings, script)
        result = run(plan(file, {}, speech), _folder(tmp_path), Quiet())
    assert result.status == "passed", (result.checks, result.errors)
    assert result.termination.reason == "assistant-ended-call"
    (last,) = [event["fields"] for event in _log(tmp_path) if event.get("text") == "ended"]
    assert last["endedReason"] == "assistant-ended-call"
    for written in tmp_path.glob("call/**/*"):
        assert not written.is_file() or KEY.encode() not in written.read_bytes()


@pytest.mark.process
def test_a_server_that_stops_says_that_it_goes_away(speech: Speech) -> None:
    async def main() -> int:
        async with asyncio.TaskGroup() as tasks:
            stop = asyncio.Event()
            heard: asyncio.Task[TransportClosed]
            async with _simulator(speech).listen("127.0.0.1", 0) as url:
                heard = tasks.create_task(_hold(url, stop))
                await stop.wait()
            return (await heard).code

    async def _hold(url: str, stop: asyncio.Event) -> TransportClosed:
        async with httpx.AsyncClient(base_url="http" + url.removeprefix("ws")) as client:
            created = (await client.post("/call", json=ASKED, headers=BEARER)).json()
        async with connect(created["transport"]["websocketCallUrl"]) as line:
            await line.receive()
            stop.set()
            try:
                while True:
                    await line.receive()
            except TransportClosed as closed:
                return closed

    assert run_on(main(), Clock.REAL) == 1001


def _asked(
    simulator: VapiSimulator, body: Any, headers: Mapping[str, str] = BEARER
) -> httpx.Response:
    async def main() -> httpx.Response:
        async with in_process(simulator.web)("https://api.vapi.ai") as client:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return await client.post("/call", content=content, headers=headers)

    return run_on(main(), Clock.VIRTUAL)


def test_a_created_call_is_one_of_the_sdk(speech: Speech) -> None:
    answer = _asked(_simulator(speech), ASKED)
    assert answer.status_code == 201
    parse_obj_as(Call, answer.json())
    url = answer.json()["transport"]["websocketCallUrl"]
    assert url == f"wss://api.vapi.ai/{answer.json()['id']}/transport"


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (ASKED, {}, 401, "Invalid Key"),
        (ASKED, {"Authorization": "Basic x"}, 401, "Invalid Key"),
        (b"{", BEARER, 400, "JSON object"),
        ({"assistantId": "a"}, BEARER, 400, "transport.provider"),
        ({"transport": TRANSPORT}, BEARER, 400, "assistantId"),
        ({**ASKED, "phoneNumberId": "p"}, BEARER, 400, "phoneNumberId must not be given"),
        ({**ASKED, "customer": {}}, BEARER, 400, "customer must not be given"),
        (
            {**ASKED, "transport": {**TRANSPORT, "audioFormat": {"format": "opus"}}},
            BEARER,
            400,
            "audioFormat.format",
        ),
        (
            {**ASKED, "transport": {**TRANSPORT, "audioFormat": {"sampleRate": "16k"}}},
            BEARER,
            400,
            "audioFormat.sampleRate",
        ),
    ],
)
def test_a_request_that_vapi_would_not_accept_is_refused(
    speech: Speech, body: Any, headers: dict[str, str], status: int, words: str
) -> None:
    answer = _asked(_simulator(speech), body, headers)
    assert answer.status_code == answer.json()["statusCode"] == status
    assert words in json.dumps(answer.json()["message"])


def _in_memory(
    speech: Speech, talk: Callable[[CodecLink[Any]], Awaitable[None]], *faults: str
) -> dict[str, Any]:
    """What the simulator says of a call that was held in memory, in virtual time."""

    async def main() -> dict[str, Any]:
        simulator = _simulator(speech, *faults)
        async with in_process(simulator.web)("https://api.vapi.ai") as client:
            made = (await client.post("/call", json=ASKED, headers=BEARER)).json()
            dial = in_memory(simulator)
            async with (
                dial(made["transport"]["websocketCallUrl"]) as transport,
                CodecLink(Vapi(End.CLIENT), transport) as line,
            ):
                await talk(line)
            shown = await client.get(f"/call/{made['id']}", headers=BEARER)
            with pytest.raises(Exception, match="HTTP 404"):
                async with dial(made["transport"]["websocketCallUrl"]):
                    pass
            found: dict[str, Any] = shown.json()
            return found

    return run_on(main(), Clock.VIRTUAL)


def test_a_line_without_sound_is_given_up_after_30_s(speech: Speech) -> None:
    async def talk(line: CodecLink[Any]) -> None:
        said = await _until(line, Hangup)
        assert said[-1] == Hangup(reason="silence-timed-out")
        assert asyncio.get_running_loop().time() == 30

    assert _in_memory(speech, talk)["endedReason"] == "silence-timed-out"


def test_who_hangs_up_first_is_kept(speech: Speech) -> None:
    async def leave(line: CodecLink[Any]) -> None:
        await _until(line, AgentTurnEnded)

    async def drop(line: CodecLink[Any]) -> None:
        await line.hang_up(code=1011)

    async def wait(line: CodecLink[Any]) -> None:
        await _until(line, Hangup)

    assert _in_memory(speech, leave)["endedReason"] == "customer-ended-call"
    assert _in_memory(speech, drop)["endedReason"] == "customer-ended-call"
    broken = _in_memory(speech, wait, "drops_call")
    assert broken["endedReason"] == "silence-timed-out"
    assert broken["status"] == "ended"
    assert broken["cost"] == pytest.approx(30 * 0.05 / 60)


def _scenario(folder: Path, settings: Mapping[str, Any], script: Sequence[Any], **top: Any) -> Path:
    agent = {"adapter": "vapi", "assistant_id": "a", "response_timeout": "4s", **settings}
    scenario = {"version": 1, "agent": agent, "user": {"voice": "espeak/en-us+f2"}, **top}
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump({**scenario, "script": list(script)}, sort_keys=False))
    return file


def _folder(folder: Path) -> Path:
    (folder / "call/segments").mkdir(parents=True)
    return folder / "call"


def _log(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "call/events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("refuses", "Vapi answered HTTP 503 'Service Unavailable': the fault is at its side"),
        ("vapi_wrong_key", "it does not know the key: check VAPI_API_KEY or 'api_key'"),
        ("vapi_no_credit", "there is no credit left"),
        ("vapi_no_assistant", "it does not know the assistant: check 'assistant_id'"),
        ("vapi_too_many_calls", "too many calls at once"),
        ("vapi_web_page", "what answers at api.vapi.ai is not Vapi"),
        ("vapi_forgets_line", "no transport.websocketCallUrl"),
    ],
)
def test_a_call_that_is_not_created_is_an_error_of_dialling(
    tmp_path: Path, speech: Speech, fault: str, message: str
) -> None:
    file = _scenario(tmp_path, {"simulator": {**DIALOGUE, "faults": [fault]}}, ["agent"])
    result = run(plan(file, {}, speech, offline=True), _folder(tmp_path), Quiet())
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert message in error.message


def test_wrapped_messages_are_the_same_call(tmp_path: Path, speech: Speech) -> None:
    script = ["agent", {"user": "Where is my parcel?"}, {"agent": {"says": "parcel number"}}]
    simulator = {**DIALOGUE, "faults": ["vapi_wraps"]}
    file = _scenario(tmp_path, {"simulator": simulator}, script)
    result = run(plan(file, {}, speech, offline=True), _folder(tmp_path), Quiet())
    assert result.status == "passed", (result.checks, result.errors)


@pytest.mark.process
def test_offline_in_real_time_a_socket_of_this_machine_is_used(
    tmp_path: Path, speech: Speech
) -> None:
    file = _scenario(tmp_path, {"simulator": DIALOGUE}, [{"agent": {"says": "how can I help"}}])
    planned = plan(file, {}, speech, "real", offline=True)
    assert run(planned, _folder(tmp_path), Quiet()).status == "passed"


Far = CodecLink[Any]
Wire = Transport[bytes | str]
Behaviour = Callable[[Far, Wire, Samples], Awaitable[None]]


async def _greet(far: Far, voice: Samples, seconds: float = 1.0) -> None:
    await far.send(AgentTurnStarted())
    await far.send(Transcript("agent", "Hello."))
    await far.send(Audio(words(seconds, voice)))
    await far.send(AgentTurnEnded())
    await asyncio.sleep(seconds + 0.5)


def _held(
    folder: Path,
    speech: Speech,
    voice: Samples,
    behaviour: Behaviour,
    script: Sequence[Any] = ("agent", {"user": "Where is my parcel?"}, "agent"),
    **top: Any,
) -> Result:
    """The result of a call in virtual time to a platform that behaves like that."""

    async def create(request: Request) -> Response:
        about = {"id": "c", "transport": {"websocketCallUrl": "wss://api.vapi.ai/c/transport"}}
        return JSONResponse(about, 201)

    async def show(request: Request) -> Response:
        return JSONResponse({"id": "c", "status": "ended", "endedReason": "unknown", "cost": 1})

    @asynccontextmanager
    async def dial(
        url: str, *, headers: Any = None, subprotocols: Any = (), keep_alive: object = None
    ) -> AsyncIterator[Wire]:
        near: Wire
        far: Wire
        near, far = memory_pair()
        async with asyncio.TaskGroup() as tasks:
            behaving = tasks.create_task(behave(far))
            yield near
            await near.close()
            behaving.cancel()

    async def behave(wire: Wire) -> None:
        async with CodecLink(Vapi(End.SERVER), wire) as far:
            await behaviour(far, wire, voice)
            await asyncio.get_running_loop().create_future()

    file = _scenario(folder, {"api_key": KEY, "response_max_duration": "8s"}, script, **top)
    planned = plan(file, {}, speech)
    web = Starlette(routes=[Route("/call", create, methods=["POST"]), Route("/call/c", show)])
    world = replace(planned.world, dial=dial, http=in_process(web), real_time=False)
    planned = replace(planned, world=world, clock=Clock.VIRTUAL)
    return run(planned, _folder(folder), Quiet())


async def _closes_at_once(far: Far, wire: Wire, voice: Samples) -> None:
    await wire.close(1000)


async def _breaks_at_once(far: Far, wire: Wire, voice: Samples) -> None:
    await wire.close(1006)


async def _breaks_in_a_word(far: Far, wire: Wire, voice: Samples) -> None:
    await far.send(AgentTurnStarted())
    await far.send(Audio(words(1.0, voice)))
    await wire.close(1011)


async def _breaks_after_a_turn(far: Far, wire: Wire, voice: Samples) -> None:
    await _greet(far, voice)
    await wire.close(1006)


async def _leaves_after_a_turn(far: Far, wire: Wire, voice: Samples) -> None:
    await _greet(far, voice)
    await far.hang_up("assistant-ended-call")


async def _fails_after_a_turn(far: Far, wire: Wire, voice: Samples) -> None:
    await _greet(far, voice)
    await far.hang_up("pipeline-error-openai-llm-failed")


async def _stutters(far: Far, wire: Wire, voice: Samples) -> None:
    await _greet(far, voice)
    await wire.send('{"type": "speech-update", ')


async def _sends_a_number_for_a_text(far: Far, wire: Wire, voice: Samples) -> None:
    await _greet(far, voice)
    await wire.send('{"type": "transcript", "transcriptType": "final", "role": 7}')


async def _falls_silent(far: Far, wire: Wire, voice: Samples) -> None:
    await _greet(far, voice)


async def _says_nothing(far: Far, wire: Wire, voice: Samples) -> None:
    pass


async def _never_ends_its_turn(far: Far, wire: Wire, voice: Samples) -> None:
    await far.send(AgentTurnStarted())
    await far.send(Audio(words(1.0, voice)))


@pytest.mark.parametrize(
    ("behaviour", "status", "kind", "words_", "heard"),
    [
        (_closes_at_once, "failed", "", "", False),
        (_breaks_at_once, "error", "connection", "closed with code 1006", False),
        (_breaks_in_a_word, "error", "connection", "closed with code 1011", True),
        (_breaks_after_a_turn, "error", "connection", "closed with code 1006", True),
        (_leaves_after_a_turn, "failed", "", "", True),
        (
            _fails_after_a_turn,
            "error",
            "connection",
            "the agent's platform ended the call: pipeline-error-openai-llm-failed",
            True,
        ),
        (_stutters, "failed", "", "no JSON", True),
        (_sends_a_number_for_a_text, "failed", "", "'role' is not text", True),
        (_falls_silent, "failed", "", "", True),
        (_says_nothing, "failed", "", "", False),
        (_never_ends_its_turn, "failed", "", "", True),
    ],
)
def test_whatever_goes_wrong_the_result_is_clear_and_the_recording_is_kept(
    tmp_path: Path,
    speech: Speech,
    voice: Samples,
    behaviour: Behaviour,
    status: str,
    kind: str,
    words_: str,
    heard: bool,
) -> None:
    result = _held(tmp_path, speech, voice, behaviour)
    assert result.status == status, (result.errors, result.checks)
    if kind:
        (error,) = result.errors
        assert (error.kind, error.where) == (kind, "calling")
        assert words_ in error.message
    elif words_:
        assert any(words_ in warning.message for warning in result.warnings)
    assert result.duration_s < 30
    sound = read_span(tmp_path / "call/recording.wav", 0, -1)[:, 1]
    assert bool(abs(sound.astype(int)).max(initial=0) > 2_000) is heard
    told = [event for event in _log(tmp_path) if event["by"] == "platform"]
    assert told[-1]["fields"] == {"call": "c", "endedReason": "unknown", "cost": 1}


async def _out_of_order(far: Far, wire: Wire, voice: Samples) -> None:
    await wire.send('{"type": "workflow.node.started", "node": {}}')
    await wire.send('{"type": "speech-update", "status": "stopped", "role": "assistant"}')
    await far.send(Transcript("agent", "Hello."))
    await far.send(Audio(words(1.0, voice)))
    await wire.send('{"message": {"type": "speech-update", "status": "started", "role": "user"}}')
    await far.send(AgentTurnStarted())
    await far.send(ToolCalled("1", "f", "{}"))
    await wire.send('{"type": "what nobody knows", "role": [1]}')
    await far.send(AgentTurnEnded())
    await far.send(AgentTurnEnded())


def test_unknown_and_reordered_messages_are_one_turn(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    script = [{"agent": {"says": "hello", "calls_tool": "f"}}, {"silence": "2s"}]
    result = _held(tmp_path, speech, voice, _out_of_order, script)
    assert result.status == "passed", (result.checks, result.errors)
    assert len(result.turns) == 1


async def _has_a_tail(far: Far, wire: Wire, voice: Samples) -> None:
    for pause in (0.0, 2.0):
        await asyncio.sleep(pause)
        await far.send(AgentTurnStarted())
        await far.send(Transcript("agent", "Hello."))
        await far.send(Audio(words(0.5, voice)))
        await asyncio.sleep(0.5)
        await far.send(AgentTurnEnded())
        await asyncio.sleep(0.2)
        await far.send(Audio(words(0.3, voice)))


def test_sound_that_comes_shortly_after_the_end_belongs_to_its_turn(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    result = _held(tmp_path, speech, voice, _has_a_tail, ["agent", "agent", {"silence": "2s"}])
    assert result.status == "passed", (result.checks, result.errors)
    assert [turn.by for turn in result.turns] == ["agent", "agent"]
    assert all(turn.end_s - turn.start_s > 0.9 for turn in result.turns)


async def _streams_silence(far: Far, wire: Wire, voice: Samples) -> None:
    await far.send(AgentTurnStarted())
    await far.send(Audio(words(1.0, voice)))
    await far.send(AgentTurnEnded())
    while True:
        await asyncio.sleep(0.02)
        await far.send(Audio(AudioChunk(bytes(960))))


def test_a_minute_of_streamed_silence_is_a_silence(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    script = ["agent", {"silence": "1m", "stays_silent": True}]
    result = _held(tmp_path, speech, voice, _streams_silence, script)
    assert result.status == "passed", (result.checks, result.errors)
    assert result.duration_s > 60
