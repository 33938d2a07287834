"""A simulated ElevenLabs agent: with the vendor's own client, and with each of its quirks."""

from __future__ import annotations

import asyncio
import base64
import json
import queue
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from elevenlabs import ElevenLabs as VendorsClient
from elevenlabs.conversational_ai.conversation import (
    AudioInterface,
    ClientTools,
    Conversation,
    ConversationInitiationData,
    DisconnectionDetails,
)
from websockets.asyncio.client import connect as bare_connect

from tests.calls import Quiet
from tests.conftest import Speak
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.clock import run as run_on
from voicetest.errors import ConnectionFailed, ScenarioError
from voicetest.protocols.elevenlabs import ElevenLabs
from voicetest.run import plan, run
from voicetest.simulators.background import in_background
from voicetest.simulators.elevenlabs import ElevenLabsSimulator
from voicetest.simulators.offline import in_memory
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport, TransportClosed, Upgrade

URL = "wss://agent.invalid/v1/convai/conversation?agent_id=a"
GREETING = "Hello, how can I help you?"
LONG = "Your parcel is on its way and it will be with you today between two and four o'clock."
DIALOGUE: dict[str, Any] = {
    "greeting": GREETING,
    "rules": [
        {
            "when": ["parcel"],
            "tool": {"name": "find_parcel", "arguments": {"number": 45}},
            "say": "Your parcel is ${result.status} and it will be with you today between two "
            "and four o'clock.",
        },
        {"when": ["thank you"], "say": "Goodbye.", "ends_call": True},
    ],
}

Line = Transport[bytes | str]


def _agent(speech: Speech, *quirks: str, **dialogue: Any) -> AgentRecipe:
    found = Dialogue.model_validate(DIALOGUE | dialogue | {"faults": list(quirks)})
    ears = speech.transcriber("pocketsphinx/espeak", found.phrases)
    return AgentRecipe.follows(found, ears, speech.voice("espeak/en-us"))


def _simulator(speech: Speech, *quirks: str) -> ElevenLabsSimulator:
    return ElevenLabsSimulator(_agent(speech, *quirks))


def _talk(simulator: ElevenLabsSimulator, caller: Callable[[Line], Awaitable[None]]) -> None:
    """A call in memory, in virtual time."""

    async def main() -> None:
        async with in_memory(simulator)(URL) as line:
            await caller(line)

    run_on(main(), Clock.VIRTUAL)


async def _next(line: Line, kind: str) -> dict[str, Any]:
    """The next message of a type."""
    while True:
        found: dict[str, Any] = json.loads(await line.receive())
        if found["type"] == kind:
            return found


async def _until_closed(line: Line) -> tuple[list[dict[str, Any]], TransportClosed]:
    """What comes until the far side closes the line, and how it does."""
    said = []
    try:
        while True:
            said.append(json.loads(await line.receive()))
    except TransportClosed as closed:
        return said, closed


async def _pong_for_ever(line: Line) -> None:
    """Say that somebody is there, and nothing else."""
    while True:
        await asyncio.sleep(1)
        await line.send('{"type":"pong","event_id":1}')


def _opening(**agent: Any) -> str:
    return json.dumps(
        {
            "type": "conversation_initiation_client_data",
            "conversation_config_override": {"agent": agent},
        }
    )


class Caller(AudioInterface):
    """A microphone and an ear for the vendor's client, in real time."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.interruptions = 0
        self.lines: queue.Queue[bytes] = queue.Queue()
        """What is to be said next: PCM16 at 16 kHz."""
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, input_callback: Callable[[bytes], None]) -> None:
        """Speak, or send silence, in pieces of 50 ms."""
        self._thread = threading.Thread(target=self._speak, args=(input_callback,), daemon=True)
        self._thread.start()

    def _speak(self, give: Callable[[bytes], None]) -> None:
        saying, due = b"", time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            if not saying and not self.lines.empty():
                saying = self.lines.get()
            piece, saying = saying[:1_600], saying[1_600:]
            give(piece.ljust(1_600, b"\0"))
            due += 0.05

    def stop(self) -> None:
        """Say nothing more."""
        self._over.set()

    def output(self, audio: bytes) -> None:
        """Hear the agent."""
        self.heard += audio

    def interrupt(self) -> None:
        """The agent was interrupted."""
        self.interruptions += 1


@dataclass
class Told:
    """What the vendor's client told its user."""

    agent: list[str] = field(default_factory=list)
    user: list[str] = field(default_factory=list)
    corrections: list[tuple[str, str]] = field(default_factory=list)
    latencies: list[int] = field(default_factory=list)
    ends: list[DisconnectionDetails] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)


@pytest.mark.process
def test_the_vendors_own_client_holds_a_spoken_conversation(speech: Speech, speak: Speak) -> None:
    def said(text: str) -> bytes:
        """A line at 16 kHz, with a pause before it."""
        whole = speak(text, "en-us+f2")
        wide = np.interp(np.arange(0, len(whole), 1.5), np.arange(len(whole)), whole)
        sound: bytes = wide.astype("<i2").tobytes()
        return bytes(32_000) + sound

    caller, told = Caller(), Told()
    ask, thank = said("Where is my parcel?"), said("Thank you very much, thank you.")

    def answered(text: str) -> None:
        told.agent.append(text)
        if text == GREETING:
            caller.lines.put(bytes(48_000) + ask)
        elif text.startswith("Your parcel"):
            caller.lines.put(thank)

    def find(parameters: dict[str, Any]) -> dict[str, str]:
        told.calls.append(parameters)
        return {"status": "on its way"}

    tools = ClientTools()
    tools.register("find_parcel", find)
    with in_background(_simulator(speech).listen("127.0.0.1", 0)) as url:
        conversation = Conversation(
            VendorsClient(api_key="k", base_url=url.replace("ws://", "http://")),
            "agent_1",
            requires_auth=False,
            audio_interface=caller,
            client_tools=tools,
            config=ConversationInitiationData(dynamic_variables={"name": "Ann"}),
            callback_agent_response=answered,
            callback_agent_response_correction=lambda old, new: told.corrections.append((old, new)),
            callback_user_transcript=told.user.append,
            callback_latency_measurement=told.latencies.append,
            callback_disconnect=told.ends.append,
        )
        conversation.start_session()  # type: ignore[no-untyped-call]
        name = conversation.wait_for_session_end()
    assert name is not None
    assert name.startswith("conv_")
    assert told.agent == [GREETING, LONG, "Goodbye."]
    assert "parcel" in told.user[0]
    (call,) = told.calls
    assert call["number"] == 45
    assert caller.interruptions == 1
    ((original, corrected),) = told.corrections
    assert original == LONG
    assert original.startswith(corrected)
    assert corrected != original
    assert np.abs(np.frombuffer(bytes(caller.heard), "<i2").astype(int)).max() > 2_000
    (end,) = told.ends
    assert (end.reason, end.close_code) == ("agent", 1000)


def test_a_client_that_speaks_another_rate_than_is_announced_is_told_of(
    speech: Speech, caplog: pytest.LogCaptureFixture
) -> None:
    async def caller(line: Line) -> None:
        await line.send(_opening())
        for _ in range(50):  # a microphone at 16 kHz, 100 ms at a time
            piece = base64.b64encode(bytes(3_200)).decode()
            await line.send(json.dumps({"user_audio_chunk": piece}))
            await asyncio.sleep(0.1)

    _talk(_simulator(speech), caller)
    assert not caplog.records
    _talk(_simulator(speech, "pcm_24000"), caller)
    (record,) = caplog.records
    assert "announced 24000 Hz" in record.getMessage()
    assert "in 16000 Hz" in record.getMessage()


@pytest.mark.process
@pytest.mark.parametrize(("offered", "chosen"), [(["convai", "bearer.x"], "convai"), ([], None)])
def test_the_browsers_subprotocol_is_accepted_and_not_required(
    speech: Speech, offered: list[Any], chosen: str | None
) -> None:
    async def main() -> None:
        async with (
            _simulator(speech).listen("127.0.0.1", 0) as url,
            bare_connect(
                f"{url}/v1/convai/conversation?agent_id=a", subprotocols=offered or None
            ) as line,
        ):
            assert line.subprotocol == chosen
            await line.send(_opening())
            assert json.loads(await line.recv())["type"] == "conversation_initiation_metadata"

    run_on(main(), Clock.REAL)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/convai/conversation?agent_id=a&source=python_sdk", None),
        ("/v1/convai/conversation", HTTPStatus.BAD_REQUEST),
        ("/v1/convai/conversation?agent_id=", HTTPStatus.BAD_REQUEST),
        ("/v1/convai?agent_id=a", HTTPStatus.NOT_FOUND),
    ],
)
def test_there_is_one_path_and_it_wants_an_agent(
    speech: Speech, path: str, status: HTTPStatus | None
) -> None:
    assert _simulator(speech).admit(Upgrade(path, {})) == status


def test_it_greets_as_the_initiation_wishes(speech: Speech) -> None:
    async def caller(line: Line) -> None:
        await line.send(_opening(first_message="Good evening."))
        said = await _next(line, "agent_response")
        assert said["agent_response_event"]["agent_response"] == "Good evening."
        audio = await _next(line, "audio")
        assert audio["audio_event"]["event_id"] == said["agent_response_event"]["event_id"]

    _talk(_simulator(speech), caller)


@pytest.mark.parametrize("opens", ["empty first message", "no initiation", "silence"])
def test_without_a_first_message_the_user_begins(speech: Speech, opens: str) -> None:
    async def caller(line: Line) -> None:
        if opens == "empty first message":
            await line.send(_opening(first_message=""))
        elif opens == "no initiation":
            await line.send('{"user_audio_chunk":"AAAA"}')
        assert json.loads(await line.receive())["type"] == "conversation_initiation_metadata"
        now = asyncio.get_running_loop().time()
        assert now == pytest.approx(3 if opens == "silence" else 0)
        for _ in range(3):
            assert json.loads(await line.receive())["type"] == "ping"
        await line.send('{"type":"user_message","text":"thank you"}')
        heard = await _next(line, "user_transcript")
        assert heard["user_transcription_event"]["user_transcript"] == "thank you"
        assert (await _next(line, "agent_response"))["agent_response_event"]
        _, closed = await _until_closed(line)
        assert closed.code == 1000

    _talk(_simulator(speech), caller)


def test_it_pings_every_two_seconds_and_ends_a_call_without_input_after_a_minute(
    speech: Speech,
) -> None:
    async def caller(line: Line) -> None:
        await line.send(_opening())
        answering = asyncio.create_task(_pong_for_ever(line))
        said, closed = await _until_closed(line)
        answering.cancel()
        assert closed.code == 1002
        pings = [one["ping_event"]["event_id"] for one in said if one["type"] == "ping"]
        assert pings == list(range(1, len(pings) + 1))
        assert len(pings) == pytest.approx(30, abs=1)
        assert said[-1]["error_event"]["error_type"] == "transport_receive_timeout"
        assert asyncio.get_running_loop().time() == pytest.approx(62, abs=2.1)

    _talk(_simulator(speech), caller)


@pytest.mark.parametrize("message", ["nonsense", "{}", '{"type":"flush"}', b"\0"])
@pytest.mark.parametrize("opened", [True, False])
def test_what_it_cannot_read_is_an_error_and_a_close_with_1008(
    speech: Speech, message: str | bytes, opened: bool
) -> None:
    async def caller(line: Line) -> None:
        if opened:
            await line.send(_opening())
        await line.send(message)
        said, closed = await _until_closed(line)
        assert closed.code == 1008
        error = said[-1]["error_event"]
        assert (error["code"], error["error_type"]) == (1008, "invalid_message")
        assert error["message"] == closed.reason

    _talk(_simulator(speech), caller)


def test_an_answer_that_the_platform_fails_to_make_ends_the_conversation(speech: Speech) -> None:
    async def caller(line: Line) -> None:
        await line.send(_opening())
        await _next(line, "agent_response")
        await line.send('{"type":"user_message","text":"Where is my parcel?"}')
        await _next(line, "client_tool_call")
        call = {"type": "client_tool_result", "tool_call_id": "call_1", "result": "{}"}
        await line.send(json.dumps(call))
        said, closed = await _until_closed(line)
        error = said[-1]["error_event"]
        assert (error["code"], error["message"]) == (1011, closed.reason)
        assert closed.code == 1011
        assert "quota" in closed.reason

    _talk(_simulator(speech, "fails"), caller)


def test_quirks_are_its_own(speech: Speech) -> None:
    with pytest.raises(ValueError, match="not pcm_16000 and ulaw_8000"):
        _simulator(speech, "ulaw_8000", "pcm_16000")


def test_it_says_how_it_is_called(tmp_path: Path, speech: Speech) -> None:
    for name in (*ElevenLabsSimulator.presets, None):
        simulator = ElevenLabsSimulator.of_preset(name, _agent(speech))
        (address,) = simulator.addresses("ws://127.0.0.1:8765")
        file = tmp_path / "scenario.yaml"
        file.write_text(f"version: 1\n{address}\nscript: [agent]\n")
        adapter: Any = plan(file, {}, speech).adapter
        assert adapter.missing == ()
        assert adapter.spoken == ElevenLabs(adapter.turn_commit_mode)
        assert name in (None, adapter.turn_commit_mode)


@dataclass(frozen=True)
class Called:
    """A call to a simulator that is over."""

    result: Result
    folder: Path

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind."""
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        return [event for line in lines if (event := json.loads(line))["type"] == kind]


@pytest.fixture(name="call")
def _call(tmp_path: Path, speech: Speech) -> Callable[..., Called]:
    def call(script: list[Any], *quirks: str, **settings: Any) -> Called:
        scenario = {
            "version": 1,
            "agent": {
                "adapter": "elevenlabs",
                "agent_id": "a",
                "response_timeout": "4s",
                "response_max_duration": "9s",
                "simulator": DIALOGUE | {"faults": list(quirks)},
                **settings,
            },
            "user": {"voice": "espeak/en-us+f2"},
            "tools": [{"name": "find_parcel", "returns": {"status": "on its way"}}],
            "script": script,
        }
        file = tmp_path / "scenario.yaml"
        file.write_text(yaml.safe_dump(scenario, sort_keys=False))
        planned = plan(file, {}, speech, offline=True)
        (tmp_path / "call/segments").mkdir(parents=True)
        return Called(run(planned, tmp_path / "call", Quiet()), tmp_path / "call")

    return call


Call = Callable[..., Called]
ASK = {"user": "Where is my parcel?"}
SPOKEN_OVER = [
    {"agent": {"says": "how can I help"}},
    ASK,
    {"interrupt": "Thank you very much, thank you.", "after": "1s", "mode": "voice"},
    {"agent": {"says": "goodbye", "ends_call": True}},
]


@pytest.mark.parametrize(
    "quirk", [None, "pcm_16000", "pcm_24000", "ulaw_8000", "no_event_ids", "late_corrections"]
)
def test_a_call_passes_whatever_the_formats_and_numbers_are(call: Call, quirk: str | None) -> None:
    done = call(SPOKEN_OVER, *([quirk] if quirk else []))
    assert done.result.status == "passed", (done.result.checks, done.result.errors)
    adapter = json.loads((done.folder / "manifest.json").read_text())["adapter"]
    wire = {"pcm_24000": "pcm16/24000", "ulaw_8000": "mulaw/8000"}.get(quirk or "", "pcm16/16000")
    assert (adapter["speaks"], adapter["hears"]) == (wire, wire)
    said = [turn.transcript for turn in done.result.turns if turn.by == "agent"]
    cut = said[1]
    assert cut is not None
    assert cut != LONG
    assert LONG.startswith(cut)
    (correction,) = [one for one in done.events("transcript") if one["replaces"]]
    assert correction["replaces"] == LONG
    (cleared,) = done.events("agent_interrupted")
    assert (correction["at"] - cleared["at"] > 0.5) == (quirk == "late_corrections")


def test_silence_that_is_ignored_ends_in_a_failed_check(call: Call) -> None:
    script = [{"agent": {"says": "help"}}, ASK, {"agent": {"says": "parcel"}}, ASK, "agent"]
    done = call(script, "silence_ignored", turn_commit_mode="silence")
    assert done.result.status == "failed"
    assert not done.result.errors
    assert [check.step for check in done.result.checks if not check.passed] == [4]
    assert done.result.duration_s < 30


def test_the_same_turns_are_answered_where_silence_ends_them(call: Call) -> None:
    script = [{"agent": {"says": "help"}}, ASK, {"agent": {"says": "parcel"}}, ASK, "agent"]
    assert call(script, turn_commit_mode="silence").result.status == "passed"


def test_a_platform_that_only_pings_fails_the_check_in_time(call: Call) -> None:
    done = call(["agent", ASK, "agent"], "wedge")
    assert done.result.status == "failed"
    assert not done.result.errors
    assert done.result.duration_s < 20


def test_an_override_that_is_refused_is_told_with_what_to_do(call: Call) -> None:
    done = call(["agent"], "override_refused", first_message_override="Hi")
    (error,) = done.result.errors
    assert (error.kind, error.where) == ("connection", "dialling")
    assert "override_error" in error.message
    assert "allow this override in the agent's Security settings" in error.message


def test_typed_turns_may_not_take_a_minute(call: Call) -> None:
    done = call(["agent", {"silence": "70s"}], turn_commit_mode="text")
    (error,) = done.result.errors
    assert "transport_receive_timeout" in error.message
    assert done.result.duration_s < 65


def test_a_minute_of_silence_into_the_microphone_is_input(call: Call) -> None:
    done = call(["agent", {"silence": "70s"}])
    assert done.result.status == "passed", (done.result.checks, done.result.errors)


def test_a_quirk_of_two_formats_is_a_mistake_of_the_file(call: Call) -> None:
    with pytest.raises(ScenarioError, match="not pcm_16000 and ulaw_8000"):
        call(["agent"], "ulaw_8000", "pcm_16000")


def test_an_agent_that_does_not_take_calls_refuses_the_upgrade(speech: Speech) -> None:
    async def caller(line: Line) -> None:
        """Never reached."""

    with pytest.raises(ConnectionFailed, match="HTTP 503"):
        _talk(_simulator(speech, "refuses"), caller)
