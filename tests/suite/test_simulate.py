"""An agent behind a platform's wire, as a process."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from voicetest.errors import ScenarioError, SetupError
from voicetest.run import plan, run
from voicetest.speech.providers import Speech
from voicetest.suite.simulate import simulate

ROOT = Path(__file__).parents[2]
DIALOGUE = ROOT / "scenarios/agents/parcels.yaml"


@contextmanager
def _simulated(
    target: str, cache_folder: Path
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The process and what it printed before it could be called."""
    command = [sys.executable, "-m", "voicetest", "simulate", target, "--agent", str(DIALOGUE)]
    environment = os.environ | {"VOICETEST_CACHE": str(cache_folder), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or not lines[-1].startswith("Ctrl-C"):
                lines.append(process.stdout.readline())
                assert lines[-1], "it ended before it could be called"
            yield process, lines
        finally:
            process.kill()


def _call(folder: Path, speech: Speech, printed: str) -> str:
    """The status of a call to what a printed line points at."""
    folder.mkdir()
    file = folder / "scenario.yaml"
    words = "" if "json_audio" in printed or "protobuf" in printed else "pocketsphinx/espeak"
    transcriber = f"transcriber: {words}\n" if words else ""
    file.write_text(
        f"version: 1\n{printed}{transcriber}user: {{voice: espeak/en-us+f2}}\nscript:\n"
        "  - agent: how can I help\n  - user: Where is my parcel?\n  - agent: parcel number\n"
    )
    (folder / "call/segments").mkdir(parents=True)
    return run(plan(file, {}, speech), folder / "call", _Silent()).status


class _Silent:
    def phase(self, phase: str) -> None:
        """Not shown."""

    def entry(self, entry: object) -> None:
        """Not shown."""


@pytest.mark.process
def test_what_it_prints_is_all_that_a_scenario_needs(
    tmp_path: Path, speech: Speech, cache_folder: Path
) -> None:
    with _simulated("websocket", cache_folder) as (_, lines):
        presets = [re.findall(r"protocol: (\w+)", line)[0] for line in lines[:-1]]
        assert presets == ["json_audio", "raw_pcm", "twilio_media_stream"]
        assert _call(tmp_path / presets[0], speech, lines[0]) == "passed"


@pytest.mark.process
def test_ctrl_c_closes_the_calls_and_ends_it_without_an_error(cache_folder: Path) -> None:
    with _simulated("pipecat:protobuf", cache_folder) as (process, lines):
        assert len(lines) == 2
        (url,) = re.findall(r"url: '(.*)'", lines[0])

        async def hold() -> int:
            async with connect(url) as line, asyncio.timeout(20):
                process.send_signal(signal.SIGINT)
                try:
                    while True:
                        await line.recv()
                except ConnectionClosed as closed:
                    return closed.rcvd.code if closed.rcvd else 0

        assert asyncio.run(hold()) == 1001
        assert process.wait(20) == 0


@pytest.mark.process
def test_ctrl_c_ends_a_platform_with_requests_as_well(cache_folder: Path) -> None:
    wanted = {"assistantId": "a", "transport": {"provider": "vapi.websocket"}}
    with _simulated("vapi", cache_folder) as (process, lines):
        (base,) = re.findall(r"base_url: '(.*)'", lines[0])
        with httpx.Client(base_url=base, headers={"Authorization": "Bearer any"}) as client:
            created = client.post("/call", json=wanted).json()

        async def hold() -> int:
            url = created["transport"]["websocketCallUrl"]
            async with connect(url) as line, asyncio.timeout(20):
                await line.recv()
                process.send_signal(signal.SIGINT)
                try:
                    while True:
                        await line.recv()
                except ConnectionClosed as closed:
                    return closed.rcvd.code if closed.rcvd else 0

        assert asyncio.run(hold()) == 1001
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("websoket", "unknown simulator 'websoket' (did you mean 'websocket'?)"),
        (
            "websocket:json_adio",
            "no preset 'json_adio' (did you mean 'json_audio'?)",
        ),
        ("pipecat:raw", "'pipecat' has no preset 'raw'; there is: twilio, protobuf"),
        ("composable", "unknown simulator 'composable'"),
    ],
)
def test_what_is_not_there_is_told(target: str, message: str) -> None:
    with pytest.raises(SetupError, match=re.escape(message)):
        simulate(target, DIALOGUE, "127.0.0.1", 0, lambda line: None)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"cannot listen on 127.0.0.1:{port}: .* --port"):
            simulate("websocket", DIALOGUE, "127.0.0.1", port, lambda line: None)


def test_a_dialogue_with_mistakes_is_told_at_its_place(tmp_path: Path) -> None:
    dialogue = tmp_path / "agent.yaml"
    dialogue.write_text("greting: Hi.\n")
    with pytest.raises(ScenarioError, match=r"agent\.yaml:1:1: unknown key 'greting'"):
        simulate("websocket", dialogue, "127.0.0.1", 0, lambda line: None)
