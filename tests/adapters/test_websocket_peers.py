"""Calls to agents that say nonsense, too much or nothing, or are cut off anywhere."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.calls import Quiet
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.audio.chunk import Encoding, Samples
from voicetest.audio.g711 import compress
from voicetest.audio.wav import read_span
from voicetest.call.closing import broken_line
from voicetest.call.timeline import Entry
from voicetest.checks.result import Result
from voicetest.clock import Clock, sleep_until
from voicetest.errors import ExitCode, ProtocolError
from voicetest.events import Hangup
from voicetest.executor.execute import Progress
from voicetest.protocols.base import End
from voicetest.protocols.choice import preset
from voicetest.report.summary import exit_code_of
from voicetest.run import plan, run
from voicetest.simulators.background import in_background
from voicetest.simulators.offline import in_memory
from voicetest.simulators.websocket import WebSocketSimulator
from voicetest.speech.providers import Speech
from voicetest.transports.base import Dial, Transport
from voicetest.transports.memory import memory_pair

BRIEF = "response_timeout: 1s, response_max_duration: 2s"
PATIENT = "response_timeout: 5s, response_max_duration: 4s"
STREAM = "MZ00000000000000000000000000000000"
MAP = "sends: {audio: {a: <audio>}}, receives: {audio: {pcm: <audio>}, error: {oops: <message>}%s}"
READY_MAP = MAP % ", ready: {hi: <session>}"

Behaviour = Callable[[ServerConnection], Awaitable[None]]
Line = Transport[bytes | str]


@dataclass(frozen=True)
class Spoken:
    """How an agent written by hand says things over one protocol."""

    protocol: str
    """The settings of the protocol."""
    sound: Callable[[bytes], str]
    """A message with those bytes of sound."""
    bad_sound: Sequence[str]
    """Messages with sound that is none."""
    unknown: Callable[[int], str]
    """One of many messages that have no meaning."""
    encode: Callable[[Samples], bytes] = lambda samples: samples.tobytes()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _media(payload: object) -> str:
    return json.dumps({"event": "media", "streamSid": STREAM, "media": {"payload": payload}})


def _telephone(samples: Samples) -> bytes:
    return compress(samples[::3], Encoding.MULAW)


SPOKEN = {
    "json_audio": Spoken(
        "preset: json_audio",
        lambda data: json.dumps({"type": "audio", "audio": _base64(data)}),
        ('{"type":"audio","audio":"@@@@"}', '{"type":"audio","audio":7}'),
        lambda number: json.dumps({"type": f"news {number}"}),
    ),
    "map": Spoken(
        MAP % "",
        lambda data: json.dumps({"pcm": _base64(data)}),
        ('{"pcm":"abc"}', '{"pcm":["AAAA"]}'),
        lambda number: json.dumps({f"news {number}": number}),
    ),
    "twilio_media_stream": Spoken(
        f"preset: twilio_media_stream, stream_sid: {STREAM}",
        lambda data: _media(_base64(data)),
        (_media("@@@@"), _media(None)),
        lambda number: json.dumps({"event": f"news {number}", "streamSid": STREAM}),
        _telephone,
    ),
}
ALL = pytest.mark.parametrize("name", SPOKEN)


@dataclass(frozen=True)
class Held:
    """A call that is over."""

    result: Result
    folder: Path

    @property
    def heard(self) -> Samples:
        """What was heard of the agent; its length is what the manifest says."""
        both = read_span(self.folder / "recording.wav", 0, -1)
        manifest = json.loads((self.folder / "manifest.json").read_text())
        assert len(both) / 24_000 == pytest.approx(manifest["duration_s"])
        assert manifest["duration_s"] == self.result.duration_s
        (file,) = [file for file in manifest["files"] if file["path"] == "recording.wav"]
        assert file["duration_s"] == pytest.approx(manifest["duration_s"])
        assert manifest["status"] == self.result.status
        return both[:, 1]

    @property
    def error(self) -> tuple[str, str]:
        """Kind and message of the one error."""
        (found,) = self.result.errors
        return found.kind, found.message

    def events(self, kind: str) -> list[Any]:
        """The events of a kind."""
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        return [event for line in lines if (event := json.loads(line))["type"] == kind]


def _hold(
    folder: Path,
    speech: Speech,
    protocol: str,
    *,
    url: str = "ws://agent/",
    script: str = "[agent]",
    dial: Dial | None = None,
    limits: str = BRIEF,
    progress: Progress | None = None,
) -> Held:
    """A call to an address, or in virtual time to what is dialled instead."""
    folder.mkdir(exist_ok=True)
    file = folder / "scenario.yaml"
    file.write_text(
        f"version: 1\nagent: {{adapter: websocket, url: '{url}', {limits}, "
        f"protocol: {{{protocol}}}}}\nscript: {script}\n"
    )
    planned = plan(file, {}, speech)
    if dial is not None:
        world = replace(planned.world, dial=dial, real_time=False)
        planned = replace(planned, world=world, clock=Clock.VIRTUAL)
    (folder / "call/segments").mkdir(parents=True)
    return Held(run(planned, folder / "call", progress or Quiet()), folder / "call")


def _call(
    folder: Path, speech: Speech, behave: Behaviour, protocol: str, **settings: Any
) -> tuple[Held, tuple[int | None, str | None]]:
    """A call to an agent written by hand, and the code and reason with which it was closed."""
    ends: list[tuple[int | None, str | None]] = []

    async def handle(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await behave(connection)
            async for _ in connection:
                pass
        await connection.wait_closed()
        ends.append((connection.close_code, connection.close_reason))

    @asynccontextmanager
    async def agent() -> AsyncIterator[str]:
        async with serve(handle, "127.0.0.1", 0, max_size=None, max_queue=None) as server:
            yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"

    with in_background(agent()) as url:
        held = _hold(folder, speech, protocol, url=url, **settings)
    gc.collect()  # a socket that was left open warns when it is collected
    (end,) = ends
    return held, end


def _heard_whole(heard: Samples, sound: Samples) -> bool:
    """Whether the whole sound is in what was heard, sample for sample."""
    start = int(np.flatnonzero(heard)[0]) - int(np.flatnonzero(sound)[0])
    return np.array_equal(heard[start : start + len(sound)], sound)


def _loud(heard: Samples) -> float:
    """How many seconds of it sound."""
    return float(np.count_nonzero(np.abs(heard.astype(int)) > 200) / 24_000)


def _nonsense() -> Sequence[Any]:
    for_all = [
        ("[1, 2]", "the peer sent JSON that is no object: '[1, 2]'"),
        ("hello?", "the peer sent text that is no JSON: 'hello?'"),
        (b"\0\1\2", "messages such as a binary message"),
    ]
    bad_sound = ("the peer sent sound that is no base64", "else than a text where sound is")
    return [
        pytest.param(name, said, message, id=f"{name} {said!r}"[:50])
        for name, spoken in SPOKEN.items()
        for said, message in [*for_all, *zip(spoken.bad_sound, bad_sound, strict=True)]
    ]


@pytest.mark.process
@pytest.mark.parametrize(("name", "said", "message"), _nonsense())
def test_nonsense_is_told_of_and_what_comes_after_it_is_heard(
    tmp_path: Path, speech: Speech, voice: Samples, name: str, said: str | bytes, message: str
) -> None:
    spoken = SPOKEN[name]
    sound = voice[2_400:7_200]

    async def behave(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(spoken.sound(spoken.encode(sound)))
        await asyncio.sleep(0.5)
        await connection.send(said)
        await connection.close()

    held, (code, _) = _call(tmp_path, speech, behave, spoken.protocol)
    assert not held.result.errors
    assert code == 1000
    (warned,) = held.events("warning")
    assert message in warned["message"]
    if name == "twilio_media_stream":
        assert _loud(held.heard) > 0.05
    else:
        assert _heard_whole(held.heard, sound)


@pytest.mark.process
@ALL
def test_minutes_of_sound_at_once_are_heard_from_their_beginning(
    tmp_path: Path, speech: Speech, voice: Samples, name: str
) -> None:
    spoken = SPOKEN[name]
    data = spoken.encode(voice)
    message = spoken.sound(data * (4_000_000 // len(data)))

    async def behave(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(message)

    held, (code, _) = _call(tmp_path, speech, behave, spoken.protocol, limits=PATIENT)
    assert not held.result.errors
    assert code == 1000
    assert 0.8 < held.result.duration_s < 60  # of some 1 to 8 minutes
    if name == "twilio_media_stream":
        assert _loud(held.heard) > 0.3
    else:
        assert _heard_whole(held.heard, voice[:20_000])


@pytest.mark.process
@ALL
def test_an_agent_that_takes_the_call_and_says_nothing_fails_the_test(
    tmp_path: Path, speech: Speech, name: str
) -> None:
    async def behave(connection: ServerConnection) -> None:
        """Nothing."""

    held, (code, _) = _call(tmp_path, speech, behave, SPOKEN[name].protocol)
    assert held.result.status == "failed"
    assert exit_code_of(held.result) is ExitCode.FAILED
    assert "answers" in held.result.reason
    assert code == 1000
    assert not held.heard.any()


@pytest.mark.process
@ALL
def test_a_flood_of_unknown_messages_is_survived_with_few_warnings(
    tmp_path: Path, speech: Speech, voice: Samples, name: str
) -> None:
    spoken = SPOKEN[name]

    async def behave(connection: ServerConnection) -> None:
        await connection.recv()
        for number in range(5_000):
            await connection.send(spoken.unknown(number))
        await connection.send(spoken.sound(spoken.encode(voice[2_400:7_200])))
        await connection.close()

    held, _ = _call(tmp_path, speech, behave, spoken.protocol, limits=PATIENT)
    assert held.result.status == "passed", held.result
    warned = held.events("warning")
    assert 1 <= len(warned) <= 10
    assert sum(event["count"] for event in held.events("messages_ignored")) == 5_000
    assert _loud(held.heard) > 0.05


@pytest.mark.process
@ALL
@pytest.mark.parametrize("paced", [False, True])
def test_a_flood_of_tiny_sounds_is_heard(
    tmp_path: Path, speech: Speech, voice: Samples, name: str, paced: bool
) -> None:
    spoken = SPOKEN[name]
    data = spoken.encode(voice[2_400:14_400])

    async def behave(connection: ServerConnection) -> None:
        await connection.recv()
        for at in range(0, len(data), 5):
            await connection.send(spoken.sound(data[at : at + 5]))
        await connection.close()

    protocol = f"{spoken.protocol}, paced: true" if paced else spoken.protocol
    held, _ = _call(tmp_path, speech, behave, protocol, limits=PATIENT)
    # Whether it is speech depends on how slowly the thousands of messages come.
    assert not held.result.errors
    if name == "twilio_media_stream" or paced:
        assert _loud(held.heard) > 0.2
    else:
        sound = voice[2_400:14_400]  # with gaps, where the sender was slower than the sound
        assert np.array_equal(held.heard[held.heard != 0], sound[sound != 0])


class Dawdling(Quiet):
    """Somebody who keeps the call waiting when the line is closed."""

    def entry(self, entry: Entry) -> None:
        """Longer than the sound that is still to be heard."""
        if isinstance(entry.what, Hangup):
            time.sleep(0.7)


@pytest.mark.process
@pytest.mark.parametrize("code", [1000, 1011])
def test_a_late_frame_loses_nothing_of_what_was_said_before_the_end(
    tmp_path: Path, speech: Speech, voice: Samples, code: int
) -> None:
    spoken = SPOKEN["map"]
    sound = voice[2_400:14_400]

    async def behave(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(spoken.sound(sound.tobytes()))
        await connection.close(code)

    held, _ = _call(tmp_path, speech, behave, spoken.protocol, progress=Dawdling())
    assert _heard_whole(held.heard, sound)


def _saying(*messages: str) -> Dial:
    """Dials an agent in memory that says that at once and then nothing."""

    @asynccontextmanager
    async def dial(
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: object = None,
    ) -> AsyncIterator[Line]:
        near: Line
        far: Line
        near, far = memory_pair()
        for message in messages:
            await far.send(message)
        yield near

    return dial


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ((), "was not ready within 15 s: check that it speaks this protocol"),
        (('{"bye":1}',) * 4_000, "was not ready within 15 s: messages such as {bye: …}"),
        (('{"oops":"no bot"}',), "was not ready within 15 s, after it said 'error no bot': check"),
    ],
    ids=["nothing", "what is unknown", "an error"],
)
def test_an_agent_that_never_says_the_word_for_ready_was_never_connected(
    tmp_path: Path, speech: Speech, said: Sequence[str], message: str
) -> None:
    held = _hold(tmp_path, speech, READY_MAP, dial=_saying(*said))
    kind, words = held.error
    assert kind == "connection"
    assert message in words
    assert exit_code_of(held.result) is ExitCode.CONNECTION
    assert held.result.errors[0].where == "dialling"
    assert len(held.heard) == 0


@pytest.mark.parametrize("escaped", ["\\ud83d", "\\ude00 x", "x \\uDFFF"])
def test_half_a_character_is_no_crash(tmp_path: Path, speech: Speech, escaped: str) -> None:
    said = (
        f'{{"type":"transcript","role":"assistant","text":"{escaped}","final":false}}',
        f'{{"type":"error","message":"{escaped}"}}',
        f'{{"type":"tool_call","id":"1","name":"{escaped}","arguments":{{"a":"{escaped}"}}}}',
        f'{{"type":"{escaped}"}}',
    )
    held = _hold(tmp_path, speech, SPOKEN["json_audio"].protocol, dial=_saying(*said))
    assert "protocol" not in {error.kind for error in held.result.errors}
    assert "\N{REPLACEMENT CHARACTER}" in held.events("error")[0]["message"]


@pytest.mark.parametrize(
    "around",
    [
        '{"type":"news","a":%s}',
        '{"type":"transcript","role":"assistant","text":%s,"final":true}',
        '{"type":"tool_call","id":"1","name":"n","arguments":%s}',
    ],
)
def test_json_that_is_nested_too_deeply_is_the_peers_fault(around: str) -> None:
    codec = preset("json_audio").codec(End.CLIENT)
    refused = 0
    for depth in range(sys.getrecursionlimit() - 100, sys.getrecursionlimit() + 10):
        try:
            codec.decode(around % ("[" * depth + "]" * depth))
        except ProtocolError:
            refused += 1
    assert refused


DIALOGUE = Dialogue.model_validate(
    {
        "greeting": "Hello, how can I help?",
        "rules": [{"when": ["invoice"], "say": "It is on its way. Goodbye.", "ends_call": True}],
    }
)
SCRIPT = "[agent, user: I have a question about my invoice., agent: {ends_call: true}]"
CODES = [1000, 1001, 1006, 1008, 1011]


@dataclass(frozen=True)
class Said:
    """One message of the agent, and when it came in seconds from the start of the call."""

    at: float
    message: bytes | str


@dataclass
class Overheard:
    """The near end of a line on which what arrives is written down."""

    line: Line
    said: list[Said]

    async def send(self, message: bytes | str) -> None:
        """As it is."""
        await self.line.send(message)

    async def receive(self) -> bytes | str:
        """What arrives."""
        message = await self.line.receive()
        self.said.append(Said(asyncio.get_running_loop().time(), message))
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """As it is."""
        await self.line.close(code, reason)


def _overheard(folder: Path, speech: Speech, name: str) -> Sequence[Said]:
    """What a simulated agent says in one whole call."""
    said: list[Said] = []
    ears = speech.transcriber("pocketsphinx/espeak", DIALOGUE.phrases)
    recipe = AgentRecipe.follows(DIALOGUE, ears, speech.voice("espeak/en-us"))
    simulated = in_memory(WebSocketSimulator.speaking(preset(name), recipe))

    @asynccontextmanager
    async def dial(
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: object = None,
    ) -> AsyncIterator[Line]:
        async with simulated(url) as line:
            yield Overheard(line, said)

    protocol = SPOKEN[name].protocol
    held = _hold(folder / "whole", speech, protocol, script=SCRIPT, dial=dial, limits=PATIENT)
    assert held.result.status == "passed", held.result
    return said


def _replayed(said: Sequence[Said], code: int) -> Dial:
    """Dials an agent in memory that says the same again, and then closes with that code."""

    @asynccontextmanager
    async def dial(
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: object = None,
    ) -> AsyncIterator[Line]:
        near: Line
        far: Line
        near, far = memory_pair()

        async def replay() -> None:
            for one in said:
                await sleep_until(one.at)
                await far.send(one.message)
            await far.close(code, "cut")

        async with asyncio.TaskGroup() as tasks:
            replaying = tasks.create_task(replay())
            yield near
            assert asyncio.all_tasks() <= {asyncio.current_task(), replaying}
            replaying.cancel()

    return dial


@pytest.mark.parametrize("name", ["json_audio", "twilio_media_stream"])
def test_a_call_that_is_cut_after_any_message_has_a_result_and_a_recording(
    tmp_path: Path, speech: Speech, name: str
) -> None:
    said = _overheard(tmp_path, speech, name)
    sounds = [at for at, one in enumerate(said) if _is_sound(one.message)]
    assert len(sounds) > 4
    # Before and after the first piece of sound and the last message, and amid the many pieces.
    first, middle, last = sounds[0], sounds[len(sounds) // 2], len(said)
    lengths = sorted({0, first, first + 1, middle, last - 1, last})
    for code in CODES:
        for length in lengths:
            held = _hold(
                tmp_path / f"{code}-{length}",
                speech,
                SPOKEN[name].protocol,
                script=SCRIPT,
                dial=_replayed(said[:length], code),
                limits=PATIENT,
            )
            _ended_well(held, code)
            assert bool(held.heard.any()) == (length > sounds[0])


def _is_sound(message: bytes | str) -> bool:
    read = json.loads(message)
    return "audio" in read or "media" in read


def _ended_well(held: Held, code: int) -> None:
    """Soon, with a result that says who has to act."""
    assert held.result.duration_s < 10
    if code in (1000, 1001):
        assert held.result.status in ("passed", "failed")
        assert not held.result.errors
        return
    assert exit_code_of(held.result) is ExitCode.CONNECTION
    assert held.error == ("connection", str(broken_line(Hangup(code, "cut", normal=False))))


@pytest.mark.process
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", ["json_audio", "twilio_media_stream"])
def test_a_connection_that_is_cut_in_mid_call_is_a_result(
    tmp_path: Path, speech: Speech, voice: Samples, name: str, code: int
) -> None:
    spoken = SPOKEN[name]

    async def behave(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(spoken.sound(spoken.encode(voice[2_400:7_200])))
        await asyncio.sleep(0.3)
        if code == 1006:
            connection.transport.abort()
        else:
            await connection.close(code, "cut")

    held, _ = _call(tmp_path, speech, behave, spoken.protocol)
    assert _loud(held.heard) > 0.05
    if code in (1000, 1001):
        assert held.result.status == "passed"
        assert held.result.termination.by == "agent"
        return
    assert (held.result.termination.by, held.result.termination.code) == ("platform", code)
    reason = held.result.termination.reason
    assert reason.startswith("the connection ") if code == 1006 else reason == "cut"
    assert held.error == ("connection", str(broken_line(Hangup(code, reason, normal=False))))
