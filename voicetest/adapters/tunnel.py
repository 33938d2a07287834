"""Lets the internet reach a port of this machine while a call lasts."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

from voicetest.errors import SetupError

if TYPE_CHECKING:
    import httpx

__all__ = ["Tunnel", "answers", "installed", "opened"]

OPEN_LIMIT_S = 30.0
"""How long a tunnel may take to say its address."""
READY_LIMIT_S = 30.0
"""How long after that it may take until requests come through: names have to spread."""
END_LIMIT_S = 3.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 2.0
_LAST_WORDS = 300


class Tunnel(StrEnum):
    """How a server of this machine becomes public."""

    NONE = "none"
    CLOUDFLARED = "cloudflared"
    NGROK = "ngrok"


@dataclass(frozen=True)
class _Program:
    """A tunnel's command line for a port, its address in a line of its output, where it is from."""

    arguments: Callable[[int], list[str]]
    address: Callable[[str], str | None]
    source: str


def _cloudflared_address(line: str) -> str | None:
    found = re.search(r"https://[a-z0-9-]+\.trycloudflare\.com\b", line)
    return found[0] if found else None


def _ngrok_address(line: str) -> str | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    match said:
        case {"msg": "started tunnel", "url": str(url)} if url.startswith("https://"):
            return url
        case _:
            return None


_PROGRAMS: Mapping[Tunnel, _Program] = {
    Tunnel.CLOUDFLARED: _Program(
        lambda port: ["tunnel", "--no-autoupdate", "--url", f"http://127.0.0.1:{port}"],
        _cloudflared_address,
        "https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads",
    ),
    Tunnel.NGROK: _Program(
        lambda port: ["http", f"127.0.0.1:{port}", "--log", "stdout", "--log-format", "json"],
        _ngrok_address,
        "https://ngrok.com/download",
    ),
}


def installed(kind: Tunnel) -> bool:
    """Whether a tunnel can be opened here."""
    return kind is Tunnel.NONE or shutil.which(kind.value) is not None


def absent(kind: Tunnel) -> str:
    """What to do about a tunnel that is not installed."""
    return (
        f"{kind.value} is not installed, or not on PATH: get it from {_PROGRAMS[kind].source}, or "
        "set 'public_base_url' to an address that leads to this machine"
    )


@asynccontextmanager
async def opened(kind: Tunnel, port: int) -> AsyncIterator[str]:
    """A tunnel to a port of this machine, which ends with the block; gives its address.

    Raises SetupError when it is not installed, or says no address within 30 s.
    """
    program = shutil.which(kind.value)
    if program is None:
        raise SetupError(absent(kind))
    process = await asyncio.create_subprocess_exec(
        program, *_PROGRAMS[kind].arguments(port), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
    )
    try:
        url = await _said_address(kind, process)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(_drain(process))  # a full pipe would make it wait
            yield url
            reading.cancel()
    finally:
        await _end(process)


async def _said_address(kind: Tunnel, process: Process) -> str:
    said = ""
    try:
        async with asyncio.timeout(OPEN_LIMIT_S):
            while line := await _line(process):
                said = line.strip() or said
                url = _PROGRAMS[kind].address(line)
                if url is not None:
                    return url
    except TimeoutError:
        words = f"{kind.value} opened no tunnel within {OPEN_LIMIT_S:g} s"
    else:
        words = f"{kind.value} ended without opening a tunnel"
    raise SetupError(f"{words}; the last that it said: {said[:_LAST_WORDS] or 'nothing'}")


async def _line(process: Process) -> str:
    """The next line of its output, empty at its end; what is too long for a line is none."""
    if process.stdout is None:
        return ""
    try:
        return (await process.stdout.readline()).decode(errors="replace")
    except ValueError:
        return "\n"


async def _drain(process: Process) -> None:
    while await _line(process):
        pass


async def _end(process: Process) -> None:
    """End a program and read what it still says, without which its pipe would stay open."""
    for end in (process.terminate, process.kill):
        with suppress(ProcessLookupError):
            end()
        with suppress(TimeoutError):
            async with asyncio.timeout(END_LIMIT_S):
                await process.communicate()
                return


async def answers(client: httpx.AsyncClient, url: str) -> None:
    """Wait until requests to `url` come through; raises SetupError after 30 s."""
    # Not needed to validate a scenario, and slow to import.
    import httpx

    pause = _FIRST_PAUSE_S
    last = "nothing came back"
    with suppress(TimeoutError):
        async with asyncio.timeout(READY_LIMIT_S):
            while True:
                try:
                    answer = await client.get(url)
                    if answer.status_code == HTTPStatus.OK:
                        return
                    last = f"HTTP {answer.status_code}"
                except httpx.HTTPError as error:
                    last = str(error) or type(error).__name__
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
    raise SetupError(f"{url} does not lead to this machine within {READY_LIMIT_S:g} s: {last}")
