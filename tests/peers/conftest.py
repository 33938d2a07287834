"""Peers that are not ours, each in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conftest import Speak
from tests.peers.livekit_server import LiveKitServer, find_server, running_server
from voicetest.audio.wav import write_wav

ROOT = Path(__file__).parents[2]
PIPECAT = ROOT / ".peers/pipecat/bin/python"
BOT = Path(__file__).parent / "pipecat_bot.py"

LINES = {
    "greeting": "Parcel service, how can I help you?",
    "line-1": "I can look that up. What is your parcel number?",
    "line-2": "Your parcel is on its way, and our driver will be with you this afternoon.",
    "line-3": "You are welcome. Goodbye.",
    "key-2": "This is the invoice department.",
}
"""What the bot says: to begin with, to each turn of the user, and to a key."""

StartBot = Callable[..., str]


@pytest.fixture(scope="session")
def pipecat_python() -> str:
    """The interpreter of Pipecat's environment."""
    python = os.environ.get("VOICETEST_PIPECAT_PYTHON", str(PIPECAT))
    if not Path(python).exists():
        pytest.skip("Pipecat is not installed: run make peers")
    return python


@pytest.fixture(scope="session")
def bot_lines(tmp_path_factory: pytest.TempPathFactory, speak: Speak) -> Path:
    """A folder with the bot's recordings and their words."""
    folder = tmp_path_factory.mktemp("lines")
    for name, words in LINES.items():
        write_wav(folder / f"{name}.wav", speak(words, "en-us"))
        (folder / f"{name}.txt").write_text(words)
    return folder


@contextmanager
def _bot(python: str, lines: Path, *options: str) -> Iterator[str]:
    command = [python, str(BOT), "--lines", str(lines), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().removeprefix("listening on ").strip()
            assert port.isdecimal(), "the bot did not start"
            webrtc = "webrtc" in options
            yield f"http://127.0.0.1:{port}/api/offer" if webrtc else f"ws://127.0.0.1:{port}/ws"
        finally:
            process.kill()


@pytest.fixture
def start_bot(pipecat_python: str, bot_lines: Path) -> Iterator[StartBot]:
    """Starts a bot with the options given and returns its address; it is killed at the end."""
    with ExitStack() as running:
        yield lambda *options: running.enter_context(_bot(pipecat_python, bot_lines, *options))


@pytest.fixture(scope="session")
def livekit_program() -> str:
    """The program of a livekit-server."""
    found = find_server()
    if found is None:
        pytest.skip("there is no livekit-server: run make peers where Go is installed")
    return found


@pytest.fixture(scope="session")
def livekit_server(
    livekit_program: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveKitServer]:
    """One server for all calls, each in a room of its own."""
    with running_server(livekit_program, tmp_path_factory.mktemp("livekit")) as server:
        yield server
