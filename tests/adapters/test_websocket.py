"""What arrives at an agent's socket and from it, and that nothing shifts on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.calls import Quiet, plans_of
from voicetest.adapters.base import World
from voicetest.adapters.websocket import WebSocketAgentAdapter
from voicetest.audio.chunk import AudioFormat, Encoding, Samples
from voicetest.audio.wav import read_span
from voicetest.checks.result import Result
from voicetest.clock import Clock
from voicetest.clock import run as run_on
from voicetest.errors import ScenarioError, SetupError
from voicetest.events import Audio, Hangup, Interrupted, UserTurnEnded
from voicetest.executor.plan import Plan
from voicetest.run import plan, run
from voicetest.simulators.background import in_background
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

HIDDEN = "Zq7-very-secret-value"
HEAD = "version: 1\nagent: {adapter: websocket, "

Behaviour = Callable[[ServerConnection], Awaitable[None]]


def _plan(folder: Path, speech: Speech, settings: str, clock: str = "auto") -> Plan:
    file = folder / "scenario.yaml"
    file.write_text(f"{HEAD}{settings}}}\nscript: [agent]\n")
    return plan(file, {}, speech, clock)


@asynccontextmanager
async def _agent(behave: Behaviour) -> AsyncIterator[str]:
    """An agent written by hand with nothing of ours in it; gives its address."""

    async def handle(connection: ServerConnection) -> None:
        await behave(connection)
        async for _ in connection:  # a full queue would hide the caller's hang-up
            pass

    async with serve(handle, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/"


def _call(
    folder: Path, speech: Speech, behave: Behaviour, settings: str = ""
) -> tuple[Result, Samples]:
    """The result of a call to that agent, and what was heard of it."""
    with in_background(_agent(behave)) as url:
        planned = _plan(folder, speech, f"url: '{url}', response_timeout: 5s, {settings}")
        (folder / "call/segments").mkdir(parents=True)
        result = run(planned, folder / "call", Quiet())
    return result, read_span(folder / "call/recording.wav", 0, -1)[:, 1]


def _events(folder: Path) -> list[Any]:
    lines = (folder / "call/events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def _found(heard: Samples, sound: Samples) -> float:
    """Where the whole sound is in what was heard, sample for sample; in seconds."""
    first = int(np.flatnonzero(sound)[0])
    start = int(np.flatnonzero(heard)[0]) - first
    assert np.array_equal(heard[start : start + len(sound)], sound)
    return start / 24_000


@pytest.mark.process
def test_sound_in_odd_pieces_is_heard_as_it_was_said(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    said = voice[:24_000]
    data = said.tobytes()

    async def behave(connection: ServerConnection) -> None:
        for at in range(0, len(data), 777):
            await connection.send(data[at : at + 777])
            await connection.send(b"")
        await connection.send("this is no JSON")
        await connection.send('{"type": "state"}')

    result, heard = _call(tmp_path, speech, behave)
    assert result.status == "passed", result.checks
    assert _found(heard, said) < 1
    (warned,) = [w for w in result.warnings if "this is no JSON" in w.message]
    assert "mean nothing to raw_pcm" in warned.message


@pytest.mark.process
def test_sound_stands_on_the_recording_where_it_arrived(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    said = voice[2_400:7_200]
    sent: list[float] = []

    async def behave(connection: ServerConnection) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        # Half a sample, a text and an empty message wait in between.
        for piece in (said.tobytes() + b"\0", b"\0" + said.tobytes()):
            sent.append(loop.time() - start)
            await connection.send(piece)
            await connection.send("{}")
            await connection.send(b"")
            await asyncio.sleep(0.4)

    result, heard = _call(tmp_path, speech, behave)
    assert result.status == "passed", result.checks
    first = _found(heard, said)
    second = _found(heard[round(first * 24_000) + len(said) + 240 :], said) + 0.21
    assert second == pytest.approx(sent[1] - sent[0], abs=0.2)


@pytest.mark.process
def test_ten_megabytes_at_once_are_heard_from_their_beginning(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    said = np.resize(voice, 5_000_000)

    async def behave(connection: ServerConnection) -> None:
        await connection.send(said.tobytes())

    result, heard = _call(tmp_path, speech, behave, "response_max_duration: 1s")
    assert not result.errors
    assert _found(heard, said[:20_000]) < 1.5
    assert 0.8 < len(heard) / 24_000 < 5


@pytest.mark.process
def test_a_connection_that_is_lost_is_an_error_and_what_was_heard_is_kept(
    tmp_path: Path, speech: Speech, voice: Samples
) -> None:
    said = voice[:24_000]

    async def behave(connection: ServerConnection) -> None:
        await connection.send(said.tobytes())
        await asyncio.sleep(0.3)
        connection.transport.abort()

    result, heard = _call(tmp_path, speech, behave)
    assert result.status == "error"
    assert [error.kind for error in result.errors] == ["connection"]
    assert "closed with code 1006 the connection " in result.errors[0].message
    assert _found(heard, said) < 1


@pytest.mark.process
@pytest.mark.parametrize(("code", "status"), [(1000, "passed"), (1001, "passed"), (1008, "error")])
def test_the_code_of_a_close_says_whether_it_was_meant(
    tmp_path: Path, speech: Speech, voice: Samples, code: int, status: str
) -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send(voice[:9_600].tobytes())
        await connection.close(code, "that is all")

    result, _ = _call(tmp_path, speech, behave)
    assert result.status == status
    (hangup,) = [event for event in _events(tmp_path) if event["type"] == "hangup"]
    assert (hangup["code"], hangup["reason"]) == (code, "that is all")
    assert hangup["by"] == ("agent" if status == "passed" else "platform")


@pytest.mark.process
def test_the_agent_gets_a_live_line_of_whole_frames(tmp_path: Path, speech: Speech) -> None:
    got: list[bytes | str] = []

    async def behave(connection: ServerConnection) -> None:
        got.extend([await connection.recv() for _ in range(10)])
        await connection.close()

    result, _ = _call(
        tmp_path, speech, behave, "protocol: {preset: raw_pcm, encoding: alaw, rate: 16000}"
    )
    assert not result.errors
    assert got == [b"\xd5" * 320] * 10


def _dialled(settings: Mapping[str, Any]) -> tuple[str, Mapping[str, str] | None, Sequence[str]]:
    """What the adapter asks its world to dial."""
    calls: list[tuple[str, Mapping[str, str] | None, Sequence[str]]] = []

    @asynccontextmanager
    async def line() -> AsyncIterator[Transport[bytes | str]]:
        near: Transport[bytes | str]
        near, _ = memory_pair()
        yield near

    def dial(
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: object = None,
    ) -> AbstractAsyncContextManager[Transport[bytes | str]]:
        calls.append((url, headers, subprotocols))
        return line()

    async def main() -> None:
        adapter = WebSocketAgentAdapter.model_validate(settings)
        async with adapter.connect(_world(dial)) as link:
            assert link.sends == adapter.capabilities.sends

    run_on(main(), Clock.VIRTUAL)
    (call,) = calls
    return call


def _world(dial: Any) -> World:
    def never(*names: object) -> Any:
        raise AssertionError("not needed to dial")

    return World(never, never, None, dial=dial)  # type: ignore[arg-type]  # no cache is needed


def test_what_is_dialled_is_what_the_settings_say() -> None:
    settings = {
        "url": "wss://host/a?b=c",
        "query": {"key": "k&=", "n": "1"},
        "headers": {"X-Key": "v"},
        "subprotocols": ["v2", "v1"],
    }
    assert _dialled(settings) == (
        "wss://host/a?b=c&key=k%26%3D&n=1",
        {"X-Key": "v"},
        ("v2", "v1"),
    )
    assert _dialled({"url": "ws://host"}) == ("ws://host", {}, ())


def test_the_wire_is_what_the_settings_say() -> None:
    plain = WebSocketAgentAdapter.model_validate({"url": "ws://host"})
    assert plain.capabilities.speaks == AudioFormat(Encoding.PCM16, 24_000)
    assert plain.capabilities.sends == plain.capabilities.receives == {Audio}
    assert (plain.capabilities.paced, plain.capabilities.continuous) == (False, True)
    assert plain.tail_silence == 0.6
    phone = WebSocketAgentAdapter.model_validate(
        {
            "url": "ws://host",
            "protocol": {
                "preset": "raw_pcm",
                "rate": 8000,
                "encoding": "mulaw",
                "paced": True,
                "events": True,
            },
        }
    )
    assert phone.capabilities.hears == AudioFormat(Encoding.MULAW, 8_000)
    assert phone.capabilities.sends == {Audio, UserTurnEnded, Interrupted}
    assert phone.capabilities.paced
    assert phone.tail_silence == 1.0
    assert Hangup not in phone.capabilities.sends


def test_secrets_are_not_in_the_adapters_own_text() -> None:
    adapter = WebSocketAgentAdapter.model_validate(
        {"url": "ws://host", "headers": {"X-Key": HIDDEN}, "query": {"key": HIDDEN}}
    )
    assert HIDDEN not in f"{adapter!r} {adapter} {adapter.model_dump()} {adapter.outside}"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("protocol: raw_pcm", "'url' is missing"),
        (
            "url: 'http://host/'",
            "expected an address such as wss://host/path, found 'http://host/'",
        ),
        ("url: 'wss://'", "expected an address"),
        ("url: 'ws://host:99999/'", "expected an address"),
        ("url: 'ws://ho st/'", "expected an address"),
        ("url: 'ws://[::1/'", "expected an address"),
        ("url: 'ws://h', protocol: raw", "unknown protocol 'raw'"),
        ("url: 'ws://h', protocol: {preset: raw_pcm, rate: 24001}", "a multiple of 25"),
        ("url: 'ws://h', protocol: {preset: raw_pcm, rate: 4000}", "at least 8000"),
        (
            "url: 'ws://h', protocol: {preset: raw_pcm, encoding: opus}",
            "'pcm16', 'mulaw' or 'alaw'",
        ),
        ("url: 'ws://h', headers: {'a b': c}", "expected a name of letters"),
        ("url: 'ws://h', headers: {a: 'ü'}", "ASCII"),
        ("url: 'ws://h', subprotocols: ['a,b']", "expected a name of letters"),
        ("url: 'ws://h', jitter_buffer: 3s", "jitter_buffer is 2s at most"),
        ("url: 'ws://h', sample_rate: 8000", "unknown key 'sample_rate'"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    tmp_path: Path, speech: Speech, settings: str, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        _plan(tmp_path, speech, settings)


def test_a_header_without_its_variable_is_the_environments_fault(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGENT_URL", raising=False)
    _plan(tmp_path, speech, "url: '${env.AGENT_URL}'")
    with pytest.raises(SetupError, match="AGENT_URL is not set"):
        plans_of([tmp_path / "scenario.yaml"], speech)


def test_a_call_over_the_network_runs_on_the_real_clock(tmp_path: Path, speech: Speech) -> None:
    assert _plan(tmp_path, speech, "url: 'ws://host:8765/a'").clock is Clock.REAL
    with pytest.raises(ScenarioError, match=r"agent\.url \(host\) leaves this process"):
        _plan(tmp_path, speech, "url: 'ws://host:8765/a'", "virtual")
