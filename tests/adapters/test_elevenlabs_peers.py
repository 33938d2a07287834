"""Calls to ElevenLabs agents that break their line or their protocol at each stage."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.calls import Quiet
from voicetest.audio.chunk import Samples
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.checks.unheard import AFTERWARDS
from voicetest.clock import Clock
from voicetest.protocols.words import sound_text
from voicetest.report.summary import exit_code_of
from voicetest.run import plan, run
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport, TransportClosed
from voicetest.transports.memory import memory_pair

METADATA = {
    "conversation_id": "conv_1",
    "agent_output_audio_format": "pcm_24000",
    "user_input_audio_format": "pcm_16000",
}
STAGES = ("before the metadata", "after the metadata", "in mid-turn", "after the turn")


@dataclass
class Platform:
    """The far end of a call to an agent that is written by hand."""

    line: Transport[bytes | str]
    sound: Samples
    inbox: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, kind: str, key: str, **fields: Any) -> None:
        """One message."""
        await self.line.send(json.dumps({"type": kind, key: fields}))

    async def hear(self, key: str) -> dict[str, Any]:
        """The next message that has that key or type, and not those before it."""
        while True:
            found: dict[str, Any] = json.loads(await self.line.receive())
            self.inbox.append(found)
            if found.get("type") == key or key in found:
                return found

    async def audio(self, samples: Samples, event: int | None) -> None:
        """Sound of a response."""
        number = {} if event is None else {"event_id": event}
        said = sound_text(samples.tobytes())
        await self.say("audio", "audio_event", audio_base_64=said, **number)

    async def answer(self, event: int, text: str = "Hello there.") -> None:
        """One response of half a second."""
        said = {"agent_response": text, "event_id": event}
        await self.say("agent_response", "agent_response_event", **said)
        await self.audio(self.sound, event)

    async def begin(self) -> None:
        """Answer the initiation."""
        await self.hear("conversation_initiation_client_data")
        await self.say(
            "conversation_initiation_metadata",
            "conversation_initiation_metadata_event",
            **METADATA,
        )

    async def error(self, code: int, kind: str) -> None:
        """The event that precedes a close."""
        await self.say("error", "error_event", code=code, message="it is over", error_type=kind)

    async def ping_for_ever(self) -> None:
        """Pings and nothing else."""
        for event in itertools.count(1):
            await self.say("ping", "ping_event", event_id=event, ping_ms=None)
            await asyncio.sleep(2)


Behaviour = Callable[[Platform], Awaitable[None]]


@dataclass(frozen=True)
class Held:
    """A call that is over."""

    result: Result
    folder: Path
    platform: Platform

    @property
    def heard(self) -> Samples:
        """What was heard of the agent."""
        both = read_span(self.folder / "recording.wav", 0, -1)
        assert len(both) / 24_000 == pytest.approx(self.result.duration_s)
        return both[:, 1]

    @property
    def loud_s(self) -> float:
        """How many seconds of it sound."""
        return float(np.count_nonzero(np.abs(self.heard.astype(int)) > 200) / 24_000)

    @property
    def warnings(self) -> list[str]:
        """What was warned of in the call."""
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        events = [json.loads(line) for line in lines]
        return [event["message"] for event in events if event["type"] == "warning"]

    @property
    def error(self) -> tuple[str, str]:
        """Kind and message of the one error."""
        (found,) = self.result.errors
        return found.kind, found.message


@pytest.fixture(name="hold")
def _hold(tmp_path: Path, speech: Speech, voice: Samples) -> Callable[..., Held]:
    def hold(
        behave: Behaviour,
        script: str = "[agent, user: Hi, agent]",
        settings: str = "",
        top: str = "",
    ) -> Held:
        made: list[Platform] = []

        @asynccontextmanager
        async def dial(
            url: str,
            *,
            headers: Mapping[str, str] | None = None,
            subprotocols: Sequence[str] = (),
            keep_alive: object = None,
        ) -> AsyncIterator[Transport[bytes | str]]:
            near: Transport[bytes | str]
            far: Transport[bytes | str]
            near, far = memory_pair()
            made.append(Platform(far, voice[2_400:14_400]))

            async def go() -> None:
                with contextlib.suppress(TransportClosed):
                    await behave(made[0])

            async with asyncio.TaskGroup() as tasks:
                behaving = tasks.create_task(go())
                try:
                    yield near
                finally:
                    behaving.cancel()

        file = tmp_path / "scenario.yaml"
        file.write_text(
            "version: 1\nagent: {adapter: elevenlabs, agent_id: a, api_key: k, "
            f"response_timeout: 3s, response_max_duration: 4s{settings}}}\n"
            f"user: {{voice: espeak/en-us}}\nscript: {script}\n{top}"
        )
        planned = plan(file, {}, speech)
        world = replace(planned.world, dial=dial, real_time=False)
        (tmp_path / "call/segments").mkdir(parents=True)
        result = run(replace(planned, world=world, clock=Clock.VIRTUAL), tmp_path / "call", Quiet())
        return Held(result, tmp_path / "call", made[0])

    return hold


Hold = Callable[..., Held]


async def _reach(platform: Platform, stage: str) -> None:
    """Behave well until then."""
    if stage == STAGES[0]:
        await platform.hear("conversation_initiation_client_data")
        return
    await platform.begin()
    if stage == STAGES[1]:
        return
    await platform.answer(1)
    await asyncio.sleep(0.25 if stage == STAGES[2] else 1.5)


def _well_bounded(held: Held, stage: str) -> None:
    """A recording is kept, with what was heard until then, and nobody waited for long."""
    assert held.result.duration_s < 40
    assert (held.folder / "manifest.json").exists()
    if stage in STAGES[2:]:
        assert held.loud_s > 0.05
    else:
        assert not held.heard.any()


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", [1000, 1002, 1006, 1008, 1011])
def test_a_close_at_any_stage_has_a_clear_result(hold: Hold, stage: str, code: int) -> None:
    async def behave(platform: Platform) -> None:
        await _reach(platform, stage)
        await platform.line.close(code, "cut")

    held = hold(behave)
    _well_bounded(held, stage)
    if code == 1000 and stage != STAGES[0]:
        assert not held.result.errors
        assert held.result.termination.by == "agent"
        assert held.result.status == "failed"  # nobody answered the user
        return
    kind, words = held.error
    assert kind == "connection"
    assert str(code) in words
    assert "cut" in words
    assert exit_code_of(held.result) == 4
    assert held.result.errors[0].where == ("dialling" if stage == STAGES[0] else "calling")
    if code in (1002, 1008):
        assert words.startswith("ElevenLabs: ")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("code", "kind", "advice"),
    [
        (1008, "override_error", "allow this override in the agent's Security settings"),
        (1002, "transport_receive_timeout", "the agent got nothing from the user"),
        (1011, "unknown_websocket_crash", ""),
    ],
)
@pytest.mark.parametrize("closes", [True, False])
def test_an_error_event_at_any_stage_is_told_with_what_to_do(
    hold: Hold, stage: str, code: int, kind: str, advice: str, closes: bool
) -> None:
    async def behave(platform: Platform) -> None:
        await _reach(platform, stage)
        await platform.error(code, kind)
        if closes:
            await platform.line.close(code, "cut")

    held = hold(behave)
    _well_bounded(held, stage)
    found, words = held.error
    assert found == "connection"
    assert f"{kind} it is over" in words
    assert advice in words


BROKEN: dict[str, str | bytes] = {
    "malformed JSON": '{"type":"audio",',
    "no JSON": "hello",
    "binary": b"\0\1",
    "no type": "{}",
    "missing fields": '{"type":"audio","audio_event":{"event_id":3}}',
    "wrong types": '{"type":"agent_response","agent_response_event":{"agent_response":7}}',
    "garbage base64": '{"type":"audio","audio_event":{"audio_base_64":"@@","event_id":3}}',
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_message_of_the_protocol_is_told_of_and_ends_no_call(
    hold: Hold, stage: str, what: str
) -> None:
    async def behave(platform: Platform) -> None:
        await _reach(platform, stage)
        await platform.line.send(BROKEN[what])
        try:
            while True:
                await platform.line.receive()
        except TransportClosed:
            return

    held = hold(behave)
    _well_bounded(held, stage)
    if stage == STAGES[0]:
        kind, words = held.error
        assert kind == "connection"
        assert "was not ready within 15 s: messages such as" in words
        assert "the peer sent" in words
        return
    assert all(error.where == AFTERWARDS for error in held.result.errors)
    (warned,) = [message for message in held.warnings if "ignored" in message]
    assert "the peer sent" in warned


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("pings", [True, False])
def test_an_agent_that_goes_on_for_ever_without_a_word_is_left(
    hold: Hold, stage: str, pings: bool
) -> None:
    async def behave(platform: Platform) -> None:
        await _reach(platform, stage)
        if pings:
            await platform.ping_for_ever()
        await asyncio.sleep(10_000)

    held = hold(behave)
    _well_bounded(held, stage)
    if stage == STAGES[0]:
        assert "was not ready within 15 s" in held.error[1]
        return
    assert held.result.status == "failed"
    assert not held.result.errors
    assert held.result.termination.by == "user"


def test_unknown_messages_are_told_of_once_and_skipped(hold: Hold) -> None:
    async def behave(platform: Platform) -> None:
        await platform.begin()
        for number in range(500):
            await platform.say(f"news {number}", "news", value=number)
        await platform.say("vad_score", "vad_score_event", vad_score=0.5)
        await platform.answer(1)

    held = hold(behave, "[agent: {says: hello there}]")
    assert held.result.status == "passed", held.result
    (warned,) = [event for event in _events(held) if event["type"] == "warning"]
    assert "news" in warned["message"]
    assert "they are ignored" in warned["message"]


def _events(held: Held) -> list[dict[str, Any]]:
    lines = (held.folder / "events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_messages_out_of_order_lose_nothing_but_what_was_interrupted(hold: Hold) -> None:
    async def behave(platform: Platform) -> None:
        await platform.begin()
        await platform.audio(platform.sound, 1)  # before its words
        said = {"agent_response": "Hello there.", "event_id": 1}
        await platform.say("agent_response", "agent_response_event", **said)
        await asyncio.sleep(1)
        await platform.say("interruption", "interruption_event", event_id=4)
        await platform.audio(platform.sound, 3)  # of what was interrupted
        await asyncio.sleep(1)

    held = hold(behave, "[agent: {says: hello there}, silence: 2s, hangup]")
    assert held.result.status == "passed", held.result
    assert len(held.result.turns) == 1
    assert not held.heard[round(1.5 * 24_000) :].any()


@pytest.mark.parametrize("name", ["pcm_8000", "pcm_22050", "pcm_44100", "pcm_48000", "ulaw_8000"])
def test_sound_is_sent_in_the_format_that_was_announced(hold: Hold, name: str) -> None:
    async def behave(platform: Platform) -> None:
        await platform.hear("conversation_initiation_client_data")
        await platform.say(
            "conversation_initiation_metadata",
            "conversation_initiation_metadata_event",
            **METADATA | {"user_input_audio_format": name},
        )
        while True:
            await platform.hear("user_audio_chunk")

    held = hold(behave, "[silence: 1s, hangup]")
    chunks = [message["user_audio_chunk"] for message in held.platform.inbox[1:]]
    rate = int(name.rpartition("_")[2])
    size = 1 if name.startswith("ulaw") else 2
    sent = sum(len(chunk) * 3 // 4 - chunk.count("=") for chunk in chunks)
    assert sent / size / rate == pytest.approx(held.result.duration_s, abs=0.05)
    manifest = json.loads((held.folder / "manifest.json").read_text())
    assert manifest["adapter"]["hears"] == f"{'mulaw' if size == 1 else 'pcm16'}/{rate}"


def test_pings_are_answered_in_their_order(hold: Hold) -> None:
    async def behave(platform: Platform) -> None:
        await platform.begin()
        for event in (3, 4, 5):
            await platform.say("ping", "ping_event", event_id=event, ping_ms=20)
            assert (await platform.hear("pong"))["event_id"] == event
        await platform.answer(6)

    assert hold(behave, "[agent: {says: hello}]").result.status == "passed"


def test_typed_turns_come_alone_and_the_users_channel_holds_what_was_said(hold: Hold) -> None:
    async def behave(platform: Platform) -> None:
        await platform.begin()
        await platform.answer(1)
        said = await platform.hear("user_message")
        assert said["text"] == "Hi"
        await platform.answer(2, "Good-bye.")

    held = hold(behave, "[agent, user: Hi, agent: {says: good-bye}]", ", turn_commit_mode: text")
    assert held.result.status == "passed", held.result
    assert not [message for message in held.platform.inbox if "user_audio_chunk" in message]
    assert np.abs(read_span(held.folder / "recording.wav", 0, -1)[:, 0].astype(int)).max() > 2_000
    manifest = json.loads((held.folder / "manifest.json").read_text())
    assert manifest["adapter"]["user_audio_sent"] is False


def test_a_turn_committed_by_silence_is_two_messages(hold: Hold) -> None:
    async def behave(platform: Platform) -> None:
        await platform.begin()
        await platform.answer(1)
        speech = await platform.hear("user_audio_chunk")
        silence = await platform.hear("user_audio_chunk")
        assert len(speech["user_audio_chunk"]) > 10_000
        assert silence["user_audio_chunk"] == sound_text(bytes(320))
        await platform.answer(2, "Good-bye.")

    settings = ", turn_commit_mode: silence, silence_tail_bytes: 320"
    held = hold(behave, "[agent, user: Hello again, agent: {says: good-bye}]", settings)
    assert held.result.status == "passed", held.result
    assert len(held.platform.inbox) == 3


def test_a_client_tool_is_answered_and_the_agent_goes_on(hold: Hold) -> None:
    results: list[dict[str, Any]] = []

    async def behave(platform: Platform) -> None:
        await platform.begin()
        for call, name in (("c1", "find"), ("c2", "lose")):
            called = {"tool_name": name, "tool_call_id": call, "parameters": {"n": 1}}
            await platform.say("client_tool_call", "client_tool_call", **called)
            results.append(await platform.hear("client_tool_result"))
        await platform.answer(3, "Found.")

    tools = "tools: [{name: find, returns: {at: home}}, {name: lose, returns: {error: gone}}]\n"
    held = hold(behave, "[agent: {says: found, calls_tool: find}]", top=tools)
    assert held.result.status == "passed", held.result
    assert [said["tool_call_id"] for said in results] == ["c1", "c2"]
    assert [said["is_error"] for said in results] == [False, True]
    assert json.loads(results[0]["result"]) == {"at": "home"}
    assert all(isinstance(said["result"], str) for said in results)


def test_an_agent_that_hangs_up_by_its_tool_ends_the_call_without_a_close(hold: Hold) -> None:
    async def behave(platform: Platform) -> None:
        await platform.begin()
        await platform.answer(1, "Good-bye.")
        ended = {"tool_name": "end_call", "tool_call_id": "c", "tool_type": "system"}
        await platform.say("agent_tool_response", "agent_tool_response", **ended)

    held = hold(behave, "[agent: {says: good-bye, ends_call: true}]")
    assert held.result.status == "passed", held.result
    assert held.result.termination.by == "agent"
    assert held.loud_s > 0.2  # what had arrived is heard to its end


@pytest.mark.process
def test_an_hour_of_silence_is_an_hour(hold: Hold) -> None:
    async def behave(platform: Platform) -> None:
        await platform.begin()
        await platform.ping_for_ever()

    script = "[silence: 3600s, hangup]"
    held = hold(behave, script, ", turn_commit_mode: text", "limits: {max_duration: 2h}\n")
    assert held.result.status == "passed", held.result
    assert held.result.duration_s == pytest.approx(3_600, abs=0.1)
