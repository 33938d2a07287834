"""Whole runs against far sides that go wrong: the exit code, the words, and what is kept."""

from __future__ import annotations

import json
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.transports.faults import FAULTS
from tests.transports.raw_servers import listening
from voicetest.report.console import Console
from voicetest.simulators.background import in_background
from voicetest.suite.options import RunOptions
from voicetest.suite.parallel import run_suite

pytestmark = pytest.mark.process

NAMES = [
    "reset within a message",
    "end within a frame",
    "closed 1008",
    "closed 4001",
    "reserved bits",
    "close reason that is no UTF-8",
    "message of an exabyte",
    "endless fragments",
    "endless pings",
    "data after the close frame",
    "HTTP instead of an upgrade",
]


@asynccontextmanager
async def _servers() -> AsyncIterator[list[int]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(listening(FAULTS[name].does)) for name in NAMES]


def test_each_fault_is_an_error_of_the_line_and_what_was_heard_is_kept(tmp_path: Path) -> None:
    with in_background(_servers()) as ports:
        paths = []
        for number, (name, port) in enumerate(zip(NAMES, ports, strict=True)):
            path = tmp_path / f"{number:02}.yaml"
            path.write_text(
                f"version: 1\nname: {name}\n"
                f"agent: {{adapter: websocket, url: 'ws://127.0.0.1:{port}/'}}\n"
                "script: [agent, agent]\n"
            )
            paths.append(path)
        summary = run_suite(paths, tmp_path / "runs", Console(), RunOptions(jobs=4))
    assert summary.exit_code == 4
    for line in summary.scenarios:
        assert line.exit_code == 4, line
        assert FAULTS[line.name].words in line.reason
        assert line.folder is not None
        folder = Path(summary.folder) / line.folder
        assert json.loads((folder / "manifest.json").read_text())["status"] == "error"
        with wave.open(str(folder / "recording.wav")) as recording:
            assert (recording.getnframes() > 0) == ("HTTP" not in line.name)
