"""Calls whose process is stopped somewhere on the way: what a busy or sleeping machine does."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PLACES", "Place", "Stopped", "call", "simulated", "slow_door"]

ROOT = Path(__file__).parents[1]
_LONGEST_S = 100.0
_LOOK_S = 0.01


@dataclass(frozen=True)
class Place:
    """Where a call is stopped: so long after the nth event of a kind (from 1) stands in its log.

    Without an event it is stopped while it dials.
    """

    event: str = ""
    nth: int = 1
    after_s: float = 0.0


PLACES: Mapping[str, Place] = {
    "while it dials": Place(),
    "before the greeting": Place("step_started"),
    "in the greeting": Place("agent_start_speaking", 1, 0.5),
    "in a pause of the agent": Place("agent_start_speaking", 2, 1.15),
    "when the user begins": Place("user_start_speaking"),
    "while the user speaks": Place("user_start_speaking", 1, 0.5),
    "when the user ends": Place("user_start_speaking", 1, 0.95),
    "while an answer is awaited": Place("user_stop_speaking", 1, 0.3),
    "in an answer": Place("agent_start_speaking", 2, 0.5),
    "at an interruption": Place("user_interrupt"),
    "in the silence that ends a turn": Place("agent_stop_speaking", 3),
    "when the agent hangs up": Place("line_closed"),
}


@dataclass(frozen=True)
class Stopped:
    """How a call that was stopped ended."""

    exit_code: int
    reason: str
    output: str
    manifest: Mapping[str, object]
    was_stopped: bool


@contextmanager
def simulated(target: str, dialogue: Path) -> Iterator[list[str]]:
    """An agent in a process of its own; gives the `agent:` lines it printed."""
    command = [sys.executable, "-m", "voicetest", "simulate", target, "--agent", str(dialogue)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or not lines[-1].startswith("Ctrl-C"):
                lines.append(process.stdout.readline())
                assert lines[-1], "it ended before it could be called"
            yield lines[:-1]
        finally:
            process.kill()


@contextmanager
def slow_door(port: int, delay_s: float) -> Iterator[int]:
    """A port of this machine that leads to another one, for connections that wait before it."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def let_in() -> None:
            try:
                inside, _ = door.accept()
            except OSError:
                return  # nobody came
            time.sleep(delay_s)
            with inside, socket.create_connection(("127.0.0.1", port)) as beyond:
                back = threading.Thread(target=_pump, args=(beyond, inside))
                back.start()
                _pump(inside, beyond)
                back.join()

        waiting = threading.Thread(target=let_in)
        waiting.start()
        try:
            yield door.getsockname()[1]
        finally:
            door.close()
            waiting.join(timeout=5)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # either end has gone


def call(
    scenario: Path,
    out: Path,
    place: Place | None = None,
    stop_s: float = 3.0,
    arguments: tuple[str, ...] = (),
) -> Stopped:
    """`voicetest run` on the real clock, its process stopped at a place for so long."""
    command = [sys.executable, "-m", "voicetest", "run", str(scenario), "--clock", "real"]
    process = subprocess.Popen(
        [*command, "--out", str(out), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(process.stdout or ()))
    reader.start()
    try:
        stopped = place is not None and _come(place, out, said, process)
        if stopped:
            process.send_signal(signal.SIGSTOP)
            time.sleep(stop_s)
            process.send_signal(signal.SIGCONT)
        code = process.wait(timeout=_LONGEST_S)
    finally:
        process.kill()
        reader.join()
        if process.stdout is not None:
            process.stdout.close()
    found = next(out.glob("20*/*/manifest.json"), None)
    manifest = json.loads(found.read_text(encoding="utf-8")) if found is not None else {}
    return Stopped(code, str(manifest.get("reason", "")), "".join(said), manifest, stopped)


def _come(place: Place, out: Path, said: list[str], process: subprocess.Popen[str]) -> bool:
    """Wait for the place; False if the call is over before."""
    while process.poll() is None:
        if not place.event and any(": dialling" in line for line in said):
            time.sleep(0.3)
            return True
        if place.event and _logged(out, place.event) >= place.nth:
            time.sleep(place.after_s)
            return process.poll() is None
        time.sleep(_LOOK_S)
    return False


def _logged(out: Path, event: str) -> int:
    log = next(out.glob("20*/*/events.jsonl"), None)
    text = "" if log is None else log.read_text(encoding="utf-8")
    return len(re.findall(f'"type": "{event}"', text))
