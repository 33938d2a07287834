"""The settings of the Gemini Live API, what its errors mean, and calls to servers that fail."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calls import Quiet, plans_of
from voicetest.adapters.gemini_live import GeminiLiveAgentAdapter
from voicetest.audio.chunk import Samples
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.errors import ConnectionFailed, ScenarioError, SetupError
from voicetest.events import (
    AgentTurnEnded,
    Audio,
    Dtmf,
    Interrupted,
    ReplyRequested,
    ToolResult,
    UserTurnStarted,
)
from voicetest.executor.plan import Plan, plan
from voicetest.run import run
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport, TransportClosed
from voicetest.transports.memory import memory_pair
from voicetest.transports.refusals import by_status

HIDDEN = "AIza-very-secret-key"
BRIEF = "response_timeout: 2s, response_max_duration: 3s"

Line = Transport[bytes | str]
Behaviour = Callable[[Line], Awaitable[None]]


@pytest.fixture(autouse=True)
def _without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def _file(folder: Path, settings: str, script: str = "[agent]") -> Path:
    file = folder / "scenario.yaml"
    agent = f"{{adapter: gemini_live, {settings}}}"
    file.write_text(
        f"version: 1\nagent: {agent}\nuser: {{voice: espeak/en-us}}\n"
        f"tools: [{{name: find_parcel, parameters: {{type: object}}}}]\nscript: {script}\n"
    )
    return file


def _plan(folder: Path, speech: Speech, settings: str, script: str = "[agent]") -> Plan:
    return plan(_file(folder, settings, script), {}, speech)


def _adapter(folder: Path, speech: Speech, settings: str = "") -> GeminiLiveAgentAdapter:
    adapter = _plan(folder, speech, settings).adapter
    assert isinstance(adapter, GeminiLiveAgentAdapter)
    return adapter


# Settings.


def test_by_default_the_script_marks_the_turns(tmp_path: Path, speech: Speech) -> None:
    adapter = _adapter(tmp_path, speech)
    assert adapter.url == (
        "wss://generativelanguage.googleapis.com/ws/"
        "google.ai.generativelanguage.v1.GenerativeService.BidiGenerateContent"
    )
    line = adapter.capabilities
    assert (line.hears.rate, line.speaks.rate, line.continuous) == (16_000, 24_000, False)
    assert {Audio, UserTurnStarted, ReplyRequested, ToolResult} <= line.sends
    assert not {Interrupted, Dtmf} & line.sends
    assert AgentTurnEnded in line.receives
    (setup,) = (json.loads(message)["setup"] for message in adapter.codec().start())
    assert setup["model"] == "models/gemini-3.8-live"
    voice = setup["generationConfig"]["speechConfig"]["voiceConfig"]
    assert voice == {"prebuiltVoiceConfig": {"voiceName": "Algieba"}}


def test_settings_reach_the_model(tmp_path: Path, speech: Speech) -> None:
    adapter = _adapter(
        tmp_path,
        speech,
        "model: gemini-2.5-flash-native-audio-latest, voice: Puck, system_instruction: Be nice., "
        "turn_detection: automatic, base_url: 'ws://gateway/gemini/', api_version: v1beta",
    )
    assert adapter.url.startswith("ws://gateway/gemini/ws/google.ai.generativelanguage.v1beta.")
    assert adapter.capabilities.continuous
    assert UserTurnStarted not in adapter.capabilities.sends
    (setup,) = (json.loads(message)["setup"] for message in adapter.codec().start())
    assert setup["model"] == "models/gemini-2.5-flash-native-audio-latest"
    assert setup["systemInstruction"]["parts"] == [{"text": "Be nice."}]
    assert setup["realtimeInputConfig"]["automaticActivityDetection"] == {}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("turn_detection: vad", "'none' or 'automatic'"),
        ("api_version: v2", "'v1', 'v1beta' or 'v1alpha'"),
        ("base_url: 'https://host'", "expected an address such as wss://"),
        ("simulator: {greeting: Hi., faults: [no_such_quirk]}", "unknown fault 'no_such_quirk'"),
        ("model: ''", "expected a text, found nothing"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    tmp_path: Path, speech: Speech, settings: str, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        plan(_file(tmp_path, settings), {}, speech, offline="simulator" in settings)


def test_without_a_key_nothing_is_dialled_and_it_is_said_where_to_get_one(
    tmp_path: Path, speech: Speech
) -> None:
    with pytest.raises(SetupError, match="set GEMINI_API_KEY"):
        plans_of([_file(tmp_path, "voice: Puck")], speech)


def test_a_simulated_call_needs_no_key(tmp_path: Path, speech: Speech) -> None:
    file = _file(tmp_path, "simulator: {greeting: 'Hello.'}")
    result = _run(plan(file, {}, speech, offline=True), tmp_path)
    assert result.status == "passed"


def test_an_address_of_ones_own_needs_no_key(tmp_path: Path, speech: Speech) -> None:
    assert _adapter(tmp_path, speech, "base_url: 'ws://localhost:1'").missing == ()


# Keys and errors.


@dataclass
class Door:
    """What was dialled, and what answers."""

    behave: Behaviour | None = None
    refusal: ConnectionFailed | None = None
    url: str = ""
    headers: Mapping[str, str] | None = None

    @asynccontextmanager
    async def dial(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: object = None,
    ) -> AsyncIterator[Line]:
        """A line in memory with the behaviour at its other end."""
        self.url, self.headers = url, headers
        if self.refusal is not None:
            raise self.refusal
        near: Line
        far: Line
        near, far = memory_pair()

        async def answer() -> None:
            if self.behave is not None:
                with suppress(TransportClosed):
                    await self.behave(far)

        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(answer())
            try:
                yield near
            finally:
                await near.close()
                answering.cancel()


def _run(planned: Plan, folder: Path) -> Result:
    (folder / "call/segments").mkdir(parents=True)
    return run(planned, folder / "call", Quiet())


def _hold(
    folder: Path, speech: Speech, door: Door, settings: str = "", script: str = "[agent]"
) -> Result:
    """A call in virtual time."""
    planned = _plan(folder, speech, f"{BRIEF}, {settings}", script)
    world = replace(planned.world, dial=door.dial, real_time=False)
    result = _run(replace(planned, world=world, clock=Clock.VIRTUAL), folder)
    for file in folder.glob("call/**/*"):
        assert not file.is_file() or HIDDEN.encode() not in file.read_bytes()
    assert HIDDEN not in repr(result)
    return result


def _refuses(code: int, reason: str) -> Behaviour:
    async def behave(line: Line) -> None:
        await line.receive()
        await line.close(code, reason)

    return behave


BAD_KEY = "API key not valid. Please pass a valid API key."


@pytest.mark.parametrize(
    ("variable", "settings"),
    [("GEMINI_API_KEY", ""), ("GOOGLE_API_KEY", ""), ("MINE", "api_key: '${env.MINE}'")],
)
def test_the_key_is_sent_in_a_header_and_shown_nowhere(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch, variable: str, settings: str
) -> None:
    if variable == "MINE":
        monkeypatch.setenv("GEMINI_API_KEY", "another")
    monkeypatch.setenv(variable, HIDDEN)
    door = Door(_refuses(1007, f"{BAD_KEY} {HIDDEN}"))
    result = _hold(tmp_path, speech, door, settings)
    assert door.headers == {"x-goog-api-key": HIDDEN}
    assert HIDDEN not in door.url
    assert result.status == "error"


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (1007, BAD_KEY, "(Google refuses the key: check GEMINI_API_KEY (or 'api_key'))"),
        (1007, "Request contains an invalid argument.", "check 'model' and 'voice'"),
        (1008, "models/x is not found for API version v1", "there is no such 'model'"),
        (1011, "You exceeded your current quota", "the quota of the key is used up"),
        (1011, "Internal error encountered.", "the fault is at Google's side"),
        (1000, "", "hung up before it was ready"),
    ],
)
def test_a_session_that_is_refused_says_what_to_do(
    tmp_path: Path, speech: Speech, code: int, reason: str, words: str
) -> None:
    result = _hold(tmp_path, speech, Door(_refuses(code, reason)))
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert words in error.message
    assert reason in error.message


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "Google refuses the key"),
        (403, "Google refuses the key"),
        (404, "check 'api_version' and 'base_url'"),
        (429, "the quota of the key is used up"),
        (503, "the fault is at its side"),
    ],
)
def test_an_upgrade_that_is_refused_says_what_to_do(
    tmp_path: Path, speech: Speech, status: int, words: str
) -> None:
    result = _hold(tmp_path, speech, Door(refusal=by_status(status, "wss://host/?key=1")))
    (error,) = result.errors
    assert words in error.message
    assert f"HTTP {status}" in error.message


# Servers that fail, at each stage.

READY: dict[str, Any] = {"setupComplete": {}}


def _words(text: str) -> dict[str, Any]:
    return {"serverContent": {"outputTranscription": {"text": text}}}


def _sound(samples: Samples) -> dict[str, Any]:
    data = base64.b64encode(samples.tobytes()).decode()
    part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}}
    return {"serverContent": {"modelTurn": {"parts": [part]}}}


DONE: dict[str, Any] = {"serverContent": {"turnComplete": True}}


class Server:
    """The far end of a line, which is past the setup."""

    def __init__(self, line: Line) -> None:
        self.line = line

    async def say(self, *messages: dict[str, Any] | str) -> None:
        """Send messages as binary frames; a text goes as it is."""
        for message in messages:
            text = message if isinstance(message, str) else json.dumps(message)
            await self.line.send(text.encode())


def _after_setup(behave: Callable[[Server], Awaitable[None]]) -> Door:
    async def whole(line: Line) -> None:
        await line.receive()
        server = Server(line)
        await server.say(READY)
        await behave(server)
        while True:
            await line.receive()

    return Door(whole)


def _loud(folder: Path) -> float:
    """How many seconds of the agent sound in the recording."""
    heard = read_span(folder / "call/recording.wav", 0, -1)[:, 1]
    return float(np.count_nonzero(np.abs(heard.astype(int)) > 200) / 24_000)


def test_a_session_that_google_closes_in_mid_call_says_what_to_do(
    tmp_path: Path, speech: Speech
) -> None:
    async def close(server: Server) -> None:
        await server.line.close(1011, "You exceeded your current quota, please check your plan.")

    result = _hold(tmp_path, speech, _after_setup(close))
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "calling")
    assert "You exceeded your current quota" in error.message
    assert "the quota of the key is used up: wait, or raise it" in error.message


def test_the_tools_of_the_scenario_are_in_the_setup_and_their_answers_come_back(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    got: list[dict[str, Any]] = []

    async def behave(line: Line) -> None:
        server = Server(line)
        got.append(json.loads(await line.receive()))
        await server.say(READY)
        got.append(json.loads(await line.receive()))
        call = {"id": "c1", "name": "find_parcel", "args": {"number": "45"}}
        await server.say({"toolCall": {"functionCalls": [call]}})
        got.append(json.loads(await line.receive()))
        await server.say(_sound(voice[:24_000]), _words("Here."), DONE)
        await line.receive()

    script = "[{agent: {calls_tool: find_parcel, says: here}}]"
    result = _hold(tmp_path, speech, Door(behave), script=script)
    assert result.status == "passed", (result.checks, result.errors)
    setup, asked, answered = got
    (tool,) = setup["setup"]["tools"]
    assert tool["functionDeclarations"] == [
        {
            "name": "find_parcel",
            "parametersJsonSchema": {"type": "object"},
            "behavior": "BLOCKING",
        }
    ]
    assert asked == {"clientContent": {"turnComplete": True}}
    (response,) = answered["toolResponse"]["functionResponses"]
    assert response == {"id": "c1", "name": "find_parcel", "response": {"output": None}}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ('{"broken": ', "no JSON"),
        ("[]", "no object"),
        ('{"serverContent": 5}', "serverContent as '5'"),
        ('{"toolCall": {"functionCalls": [{}]}}', "without a name"),
        (json.dumps(_sound(np.zeros(2, np.int16))).replace("AAAAAA==", "@@@@"), "64"),
        ('{"server_content": {"model_turn": {"parts": [{"text": 5}]}}}', "text as '5'"),
        ('{"unknown": {"a": 1}}', "known to send"),
        ('{"serverContent": {"turnComplete": true, "interrupted": true}}', ""),
        ('{"serverContent": {}}', ""),
        ("{}", "known to send"),
    ],
)
def test_a_message_that_is_wrong_or_strange_is_told_of_and_ends_no_call(
    tmp_path: Path, speech: Speech, voice: Samples, broken: str, words: str
) -> None:
    async def behave(server: Server) -> None:
        await server.say(_sound(voice[2_400:26_400]), _words("Hello."))
        await asyncio.sleep(0.5)
        await server.say(broken)
        await server.say(DONE)

    result = _hold(tmp_path, speech, _after_setup(behave))
    assert _loud(tmp_path) > 0.1
    assert result.duration_s < 10
    assert result.status == "passed", (result.checks, result.errors)
    told = [warning.message for warning in result.warnings]
    assert [words in message for message in told] == [True] * bool(words)


def _never_ready() -> Mapping[str, Behaviour]:
    async def nothing(line: Line) -> None:
        await asyncio.sleep(3_600)

    async def keeps_alive(line: Line) -> None:
        while True:
            await line.send(b'{"sessionResumptionUpdate": {}}')
            await asyncio.sleep(1)

    async def closes(line: Line) -> None:
        await line.close(1006, "the connection was lost")

    return {"stalled": nothing, "alive without progress": keeps_alive, "cut": closes}


@pytest.mark.parametrize("name", _never_ready())
def test_a_server_that_is_never_ready_is_given_up(
    tmp_path: Path, speech: Speech, name: str
) -> None:
    result = _hold(tmp_path, speech, Door(_never_ready()[name]))
    (error,) = result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert "ready" in error.message


@pytest.mark.parametrize("code", [1000, 1006, 1011])
@pytest.mark.parametrize("stage", ["after setup", "in a turn", "after a turn"])
def test_a_line_that_ends_anywhere_leaves_a_clear_result(
    tmp_path: Path, speech: Speech, voice: Samples, stage: str, code: int
) -> None:
    async def behave(server: Server) -> None:
        if stage != "after setup":
            await server.say(_sound(voice[2_400:26_400]), _words("Hello."))
            await asyncio.sleep(0.4)
        if stage == "after a turn":
            await server.say(DONE)
            await asyncio.sleep(2)
        await server.line.close(code, "Deadline expired")

    script = "[agent, {user: Hello.}, agent]"
    result = _hold(tmp_path, speech, _after_setup(behave), script=script)
    assert result.duration_s < 15
    if code == 1000:
        assert result.status == "failed"
        assert result.termination.by == "agent"
    else:
        (error,) = result.errors
        assert (error.kind, error.where) == ("connection", "calling")
        assert f"closed with code {code} Deadline expired" in error.message
    assert (_loud(tmp_path) > 0.1) is (stage != "after setup")


@pytest.mark.parametrize("alive", [False, True], ids=["stalled", "alive without progress"])
def test_an_hour_of_silence_is_a_call_that_fails_in_time(
    tmp_path: Path, speech: Speech, alive: bool
) -> None:
    async def behave(server: Server) -> None:
        for _ in range(3_600):
            if alive:
                await server.say({"voiceActivity": {}}, {"usageMetadata": {"totalTokenCount": 1}})
            await asyncio.sleep(1)

    result = _hold(tmp_path, speech, _after_setup(behave))
    assert result.status == "failed"
    assert not result.errors
    assert result.duration_s < 10
    assert _loud(tmp_path) == 0


def test_a_warning_that_the_server_leaves_is_noted_and_the_call_goes_on(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    async def behave(server: Server) -> None:
        leaving = {"goAway": {"timeLeft": "50s"}}
        await server.say(leaving, _sound(voice[2_400:26_400]), DONE, _words("Hello."))

    result = _hold(tmp_path, speech, _after_setup(behave))
    assert result.status == "passed", (result.checks, result.errors)
    assert "end the connection in '50s'" in (tmp_path / "call/events.jsonl").read_text()
