"""The simulated Realtime API: called by the official SDK, and with its quirks by our adapter."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.exceptions import ConnectionClosed

from tests.calls import Quiet
from tests.conftest import Speak
from tests.protocols.realtime import valid_of_server
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.quirks import QUIRKS
from voicetest.agents.recipe import AgentRecipe
from voicetest.checks.result import Result
from voicetest.clock import Clock, run
from voicetest.errors import ScenarioError
from voicetest.run import plan
from voicetest.run import run as run_call
from voicetest.simulators.offline import in_memory
from voicetest.simulators.openai_realtime import OpenAIRealtimeSimulator
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport, TransportClosed, Upgrade

AUDIO = "response.output_audio.delta"
WORDS = "response.output_audio_transcript.done"
DIALOGUE: dict[str, Any] = {
    "greeting": "Parcel service, how can I help you?",
    "rules": [
        {"when": ["parcel"], "say": "What is your parcel number?"},
        {
            "when": ["four five"],
            "tool": {"name": "find_parcel", "arguments": {"number": "45"}},
            "say": "It is ${result.status} to you.",
        },
    ],
}
KEY = {"authorization": "Bearer any"}


def _simulator(speech: Speech, **dialogue: Any) -> OpenAIRealtimeSimulator:
    found = Dialogue.model_validate(DIALOGUE | dialogue)
    ears = speech.transcriber("pocketsphinx/espeak", found.phrases)
    agent = AgentRecipe.follows(found, ears, speech.voice("espeak/en-us"))
    return OpenAIRealtimeSimulator.of_preset(None, agent)


def test_it_is_found_at_its_path_with_any_key(speech: Speech) -> None:
    simulator = _simulator(speech)
    admitted = {
        ("/v1/realtime?model=gpt-realtime-2.1", "Bearer any"): None,
        ("/v1/realtime", "bearer any"): None,
        ("/v1/realtime", "Basic any"): HTTPStatus.UNAUTHORIZED,
        ("/v1/realtime", "Bearer "): HTTPStatus.UNAUTHORIZED,
        ("/realtime", "Bearer any"): HTTPStatus.NOT_FOUND,
        ("/v1/live/sessions", "Bearer any"): HTTPStatus.NOT_FOUND,
    }
    for (path, authorization), status in admitted.items():
        assert simulator.admit(Upgrade(path, {"authorization": authorization})) is status
    assert simulator.admit(Upgrade("/v1/realtime", {})) is HTTPStatus.UNAUTHORIZED


def test_each_preset_is_shown_as_an_agent(speech: Speech) -> None:
    shown = _simulator(speech).addresses("ws://h:1")
    agents = [yaml.safe_load(line)["agent"] for line in shown]
    assert [agent["turn_detection"] for agent in agents] == list(OpenAIRealtimeSimulator.presets)
    assert {agent["base_url"] for agent in agents} == {"ws://h:1/v1"}


async def _end(line: Transport[bytes | str]) -> tuple[list[dict[str, Any]], int, str]:
    """What the server says, and how it closes the line."""
    said: list[dict[str, Any]] = []
    try:
        while True:
            said.append(valid_of_server(await line.receive()))
    except TransportClosed as closed:
        return said, closed.code, closed.reason


def _refusal(simulator: OpenAIRealtimeSimulator, headers: dict[str, str]) -> Any:
    async def main() -> Any:
        dial = in_memory(simulator)
        async with dial("ws://h/v1/realtime", headers=headers) as line:
            return await _end(line)

    return run(main(), Clock.VIRTUAL)


def test_a_client_of_the_beta_is_refused(speech: Speech) -> None:
    said, code, reason = _refusal(_simulator(speech), KEY | {"OpenAI-Beta": "realtime=v1"})
    assert "no longer supported" in said[0]["error"]["message"]
    assert (code, reason) == (4000, "invalid_request_error.beta_api_shape_disabled")


# The official SDK


@asynccontextmanager
async def _connected(
    simulator: OpenAIRealtimeSimulator,
) -> AsyncIterator[AsyncRealtimeConnection]:
    async with asyncio.timeout(40), simulator.listen("127.0.0.1", 0) as url:
        sdk = AsyncOpenAI(api_key="any", websocket_base_url=f"{url}/v1")
        async with sdk, sdk.realtime.connect(model="gpt-realtime-2.1") as connection:
            yield connection


async def _until(connection: AsyncRealtimeConnection, kind: str) -> list[Any]:
    """Every event up to one of that type; all have the SDK's own types."""
    found: list[Any] = []
    while not found or found[-1].type != kind:
        found.append(await connection.recv())
        valid_of_server(found[-1].model_dump_json())
    return found


def _one(events: list[Any], kind: str) -> Any:
    (found,) = [event for event in events if event.type == kind]
    return found


def _live(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run(main(), Clock.REAL)


TOOL: Any = {"type": "function", "name": "find_parcel", "parameters": {"type": "object"}}


@pytest.mark.process
def test_the_official_sdk_holds_a_spoken_conversation(speech: Speech, speak: Speak) -> None:
    where, number = "Where is my parcel?", "It is four five."
    said = {text: speak(text, "en-us+f2").tobytes() for text in (where, number)}

    async def ask(connection: AsyncRealtimeConnection, text: str) -> None:
        sound = said[text]
        for offset in range(0, len(sound), 9_600):
            piece = base64.b64encode(sound[offset : offset + 9_600]).decode()
            await connection.input_audio_buffer.append(audio=piece)
        await connection.input_audio_buffer.commit()
        await connection.response.create()

    async def main() -> None:
        async with _connected(_simulator(speech, reply_delay=0.3)) as connection:
            created = _one(await _until(connection, "session.created"), "session.created")
            assert created.session.audio.input.turn_detection.type == "server_vad"
            assert created.session.model == "gpt-realtime-2.1"
            heard: Any = {"turn_detection": None, "transcription": {"model": "gpt-transcribe"}}
            await connection.session.update(
                session={"type": "realtime", "audio": {"input": heard}, "tools": [TOOL]}
            )
            await _until(connection, "session.updated")
            await connection.response.create()
            greeting = await _until(connection, "response.done")
            assert _one(greeting, WORDS).transcript == DIALOGUE["greeting"]
            assert any(event.type == AUDIO for event in greeting)

            await ask(connection, where)
            answer = await _until(connection, "response.done")
            spoken = _one(answer, "conversation.item.input_audio_transcription.completed")
            assert "parcel" in spoken.transcript
            assert _one(answer, WORDS).transcript == "What is your parcel number?"

            await ask(connection, number)
            done = (await _until(connection, "response.done"))[-1]
            (call,) = done.response.output
            assert (call.name, json.loads(call.arguments)) == ("find_parcel", {"number": "45"})
            result = '{"status": "on its way"}'
            output: Any = {"type": "function_call_output", "call_id": call.call_id}
            await connection.conversation.item.create(item=output | {"output": result})
            await connection.response.create()
            told = await _until(connection, "response.done")
            assert _one(told, WORDS).transcript == "It is on its way to you."

            await ask(connection, where)
            await _until(connection, "response.created")
            await connection.response.create()
            error = _one(await _until(connection, "error"), "error").error
            assert error.code == "conversation_already_has_active_response"
            await connection.response.cancel()
            stopped = await _until(connection, "response.done")
            assert stopped[-1].response.status == "cancelled"
            assert not [event for event in stopped if event.type == AUDIO]
            await connection.response.cancel()
            error = _one(await _until(connection, "error"), "error").error
            assert error.code == "response_cancel_not_active"

    _live(main)


@pytest.mark.process
def test_the_official_sdk_is_heard_without_saying_when_it_has_finished(
    speech: Speech, speak: Speak
) -> None:
    sound = speak("Where is my parcel?", "en-us+f2").tobytes() + bytes(48_000)

    async def main() -> None:
        async with _connected(_simulator(speech)) as connection:

            async def talk() -> None:
                for offset in range(0, len(sound), 960):
                    piece = base64.b64encode(sound[offset : offset + 960]).decode()
                    await connection.input_audio_buffer.append(audio=piece)
                    await asyncio.sleep(0.001)

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(talk())
                events = await _until(connection, "response.done")
            kinds = [event.type for event in events]
            wanted = [
                "session.created",
                "input_audio_buffer.speech_started",
                "input_audio_buffer.speech_stopped",
                "input_audio_buffer.committed",
                "conversation.item.added",
                "response.created",
                "response.done",
            ]
            places = [kinds.index(kind) for kind in wanted]
            assert places == sorted(places)
            assert _one(events, WORDS).transcript == "What is your parcel number?"

    _live(main)


@pytest.mark.process
def test_the_official_sdk_is_told_of_its_mistakes_and_goes_on(speech: Speech) -> None:
    async def main() -> None:
        async with _connected(_simulator(speech)) as connection:

            async def refused(*messages: Any) -> list[str]:
                for message in messages:
                    await connection.send_raw(message)
                errors = [_one(await _until(connection, "error"), "error") for _ in messages]
                return [error.error.code for error in errors]

            await _until(connection, "session.created")
            assert await refused("{", b"\xff", "[]") == ["invalid_json"] * 3
            assert await refused('{"type": "response.think"}') == ["invalid_value"]
            assert await refused('{"type": "response.cancel"}') == ["response_cancel_not_active"]
            await connection.input_audio_buffer.append(audio="@@")
            await connection.input_audio_buffer.commit()
            await connection.conversation.item.truncate(
                item_id="item_x", content_index=0, audio_end_ms=5
            )
            codes = [_one(await _until(connection, "error"), "error").error.code for _ in range(3)]
            assert codes == [
                "invalid_value",
                "input_audio_buffer_commit_empty",
                "item_truncate_invalid_item_id",
            ]
            await connection.response.create()
            greeting = await _until(connection, "response.done")
            assert _one(greeting, WORDS).transcript == DIALOGUE["greeting"]

    _live(main)


LONG = "We are open on Monday, Tuesday, Wednesday, Thursday and Friday, from nine until six."


@pytest.mark.process
def test_the_official_sdk_cuts_a_long_answer_while_it_is_being_made(speech: Speech) -> None:
    async def main() -> None:
        async with _connected(_simulator(speech, greeting=LONG)) as connection:
            await connection.response.create()
            begun = await _until(connection, AUDIO)
            await connection.response.create()
            refused = await _until(connection, "error")
            code = _one(refused, "error").error.code
            assert code == "conversation_already_has_active_response"
            await connection.response.cancel()
            cut = await _until(connection, "response.done")
            assert cut[-1].response.status == "cancelled"
            said = _one(cut, WORDS).transcript
            assert said
            assert LONG.startswith(said)
            assert said != LONG
            sound = [e for e in (*begun, *refused, *cut) if e.type == AUDIO]
            assert 1 <= len(sound) < 15  # in pieces of 200 ms
            item, made_ms = sound[0].item_id, 200 * len(sound)
            await connection.conversation.item.truncate(
                item_id=item, content_index=0, audio_end_ms=made_ms + 1
            )
            assert _one(await _until(connection, "error"), "error").error.param == "audio_end_ms"
            await connection.conversation.item.truncate(
                item_id=item, content_index=0, audio_end_ms=100
            )
            kind = "conversation.item.truncated"
            assert _one(await _until(connection, kind), kind).audio_end_ms == 100

    _live(main)


@pytest.mark.process
def test_the_official_sdk_sees_a_refused_key_as_a_close(speech: Speech) -> None:
    async def main() -> None:
        async with _connected(_simulator(speech, faults=["invalid_key"])) as connection:
            with pytest.raises(ConnectionClosed) as closed:
                await connection.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 3000

    _live(main)


# Quirks, by our own adapter


def _call(folder: Path, speech: Speech, *faults: str, **settings: Any) -> Result:
    scenario = {
        "version": 1,
        "agent": {
            "adapter": "openai_realtime",
            "simulator": DIALOGUE | {"faults": list(faults)},
            "response_timeout": "4s",
            "response_max_duration": "8s",
            **settings,
        },
        "tools": [{"name": "find_parcel", "returns": {"status": "on its way"}}],
        "user": {"voice": "espeak/en-us+f2"},
        "limits": {"patience": "1s"},
        "script": [
            {"agent": {"says": "how can I help"}},
            {"user": "Where is my parcel?"},
            {"agent": {"says": "parcel number"}},
            {"user": "It is four five."},
            {"agent": {"calls_tool": "find_parcel", "says": "on its way"}},
        ],
    }
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump(scenario, sort_keys=False))
    planned = plan(file, {}, speech, offline=True)
    assert planned.clock is Clock.VIRTUAL
    (folder / "call/segments").mkdir(parents=True)
    return run_call(planned, folder / "call", Quiet())


HARMLESS = ["late_transcripts", "legacy_names", "odd_deltas", "error_mid_response"]


@pytest.mark.parametrize("detection", ["none", "server_vad", "semantic_vad"])
@pytest.mark.parametrize("quirk", HARMLESS)
def test_quirks_that_change_nothing(
    tmp_path: Path, speech: Speech, quirk: str, detection: str
) -> None:
    result = _call(tmp_path, speech, quirk, turn_detection=detection)
    assert result.status == "passed", (result.checks, result.errors)
    users = [turn.understood or "" for turn in result.turns if turn.by == "user"]
    assert "parcel" in users[0]


def test_an_answer_that_failed_is_an_error_and_no_fault_of_the_agent(
    tmp_path: Path, speech: Speech
) -> None:
    result = _call(tmp_path, speech, "response_failed")
    assert result.status == "error", result.checks
    assert "server_error The server had an error" in result.errors[0].message
    assert [check.passed for check in result.checks if check.name == "says"][:2] == [True, False]


def test_a_session_that_expires_ends_the_call_with_what_was_heard(
    tmp_path: Path, speech: Speech
) -> None:
    result = _call(tmp_path, speech, "session_expired")
    assert result.status == "error"
    (error,) = result.errors
    assert "session_expired" in error.message
    assert result.checks[0].passed


def test_a_key_that_is_refused_after_the_upgrade(tmp_path: Path, speech: Speech) -> None:
    result = _call(tmp_path, speech, "invalid_key")
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert "OPENAI_API_KEY" in error.message


def test_all_quirks_are_explained(speech: Speech) -> None:
    assert OpenAIRealtimeSimulator.quirks <= set(QUIRKS)
    tested = {*HARMLESS, "response_failed", "session_expired", "invalid_key"}
    assert OpenAIRealtimeSimulator.quirks == tested


def test_another_platform_has_no_such_quirk(tmp_path: Path, speech: Speech) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(
        "version: 1\nagent: {adapter: websocket, url: 'ws://h/', protocol: json_audio, "
        "simulator: {greeting: Hi., faults: [odd_deltas]}}\nscript: [agent]\n"
    )
    with pytest.raises(ScenarioError, match="no quirk 'odd_deltas'"):
        plan(file, {}, speech, offline=True)
