"""Tunnels, with programs of the test in place of cloudflared and ngrok."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import httpx
import pytest

from voicetest.adapters import tunnel
from voicetest.adapters.tunnel import Tunnel
from voicetest.clock import Clock, run
from voicetest.errors import SetupError

pytestmark = pytest.mark.process

CLOUDFLARED = """
import sys, time
assert sys.argv[1:] == ["tunnel", "--no-autoupdate", "--url", "http://127.0.0.1:8765"]
print("INF Requesting new quick Tunnel on trycloudflare.com...", file=sys.stderr, flush=True)
print("INF |  https://quiet-river-7.trycloudflare.com  |", file=sys.stderr, flush=True)
"""
NGROK = """
import json, sys, time
assert sys.argv[1:] == ["http", "127.0.0.1:8765", "--log", "stdout", "--log-format", "json"]
print("no json", flush=True)
print(json.dumps({"msg": "starting web service", "addr": "127.0.0.1:4040"}), flush=True)
print(json.dumps({"msg": "started tunnel", "url": "https://a1b2.ngrok-free.app"}), flush=True)
"""
STAYS = "print('x' * 3_000_000, flush=True)\ntime.sleep(60)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def _install(folder: Path, name: str, text: str) -> Path:
    """A program that writes its process id beside itself when it begins."""
    path = folder / name
    noted = f"import os\nopen({str(path) + '.pid'!r}, 'w').write(str(os.getpid()))\n"
    path.write_text(f"#!{sys.executable}\n{noted}{text}")
    path.chmod(0o755)
    return path.with_name(name + ".pid")


def _runs(noted: Path) -> bool:
    try:
        os.kill(int(noted.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "program", "address"),
    [
        (Tunnel.CLOUDFLARED, CLOUDFLARED, "https://quiet-river-7.trycloudflare.com"),
        (Tunnel.NGROK, NGROK, "https://a1b2.ngrok-free.app"),
    ],
)
def test_a_tunnel_says_its_address_and_ends_with_the_block(
    programs: Path, kind: Tunnel, program: str, address: str
) -> None:
    noted = _install(programs, kind.value, program + STAYS)

    async def open_one() -> None:
        async with tunnel.opened(kind, 8765) as url:
            assert url == address
            await asyncio.sleep(0.1)
            assert _runs(noted)

    assert tunnel.installed(kind)
    run(open_one(), Clock.REAL)
    assert not _runs(noted)


def test_a_tunnel_that_does_not_want_to_end_is_ended(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tunnel, "END_LIMIT_S", 0.2)
    noted = _install(programs, "ngrok", STUBBORN + NGROK + STAYS)

    async def open_one() -> None:
        async with tunnel.opened(Tunnel.NGROK, 8765):
            pass

    run(open_one(), Clock.REAL)
    assert not _runs(noted)


def test_one_that_is_not_installed_says_where_it_is_to_be_had(programs: Path) -> None:
    async def open_one() -> None:
        async with tunnel.opened(Tunnel.CLOUDFLARED, 8765):
            pass

    assert not tunnel.installed(Tunnel.CLOUDFLARED)
    assert tunnel.installed(Tunnel.NONE)
    with pytest.raises(SetupError, match=r"not installed.*developers\.cloudflare\.com"):
        run(open_one(), Clock.REAL)


def test_one_that_fails_is_quoted(programs: Path) -> None:
    _install(programs, "ngrok", 'print("authentication failed: no authtoken")')

    async def open_one() -> None:
        async with tunnel.opened(Tunnel.NGROK, 8765):
            pass

    with pytest.raises(SetupError, match=r"ended without.*authentication failed"):
        run(open_one(), Clock.REAL)


def test_one_that_says_no_address_in_time_is_given_up(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tunnel, "OPEN_LIMIT_S", 0.5)
    noted = _install(programs, "ngrok", "import time\ntime.sleep(60)")

    async def open_one() -> None:
        async with tunnel.opened(Tunnel.NGROK, 8765):
            pass

    with pytest.raises(SetupError, match=r"opened no tunnel within 0\.5 s"):
        run(open_one(), Clock.REAL)
    assert not _runs(noted)


def _client(*answers: int | Exception) -> httpx.AsyncClient:
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def test_a_tunnel_is_ready_when_requests_come_through() -> None:
    async def wait() -> float:
        async with _client(httpx.ConnectError("no such name"), 502, 200) as client:
            await tunnel.answers(client, "https://a.example/twilio/ready")
        return asyncio.get_running_loop().time()

    assert 0.5 < run(wait(), Clock.VIRTUAL) < 2


def test_one_through_which_nothing_comes_is_given_up_with_what_it_said() -> None:
    async def wait() -> None:
        async with _client(502) as client:
            await tunnel.answers(client, "https://a.example/twilio/ready")

    with pytest.raises(SetupError, match="within 30 s: HTTP 502"):
        run(wait(), Clock.VIRTUAL)
