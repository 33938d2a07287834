"""A real livekit-server on the loopback of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

__all__ = ["KEY", "SECRET", "LiveKitServer", "find_server", "running_server"]

KEY, SECRET = "devkey", "a-secret-of-tests-that-is-long-enough"
_START_LIMIT_S = 20.0


@dataclass(frozen=True)
class LiveKitServer:
    """Where it is, and its process."""

    url: str
    process: subprocess.Popen[bytes]


def find_server() -> str | None:
    """The program, from the path or as `make peers` built it."""
    found = shutil.which("livekit-server")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    built = sorted((cache / "voicetest-peers").glob("livekit-server-*/server"))
    return found or (str(built[-1]) if built else None)


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running_server(program: str, folder: Path) -> Iterator[LiveKitServer]:
    """The server while the block runs; nothing of it is reachable from elsewhere."""
    port = _free_port(socket.SOCK_STREAM)
    settings = {
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "rtc": {
            "tcp_port": 0,
            "udp_port": _free_port(socket.SOCK_DGRAM),
            "use_external_ip": False,
            "node_ip": "127.0.0.1",
            "enable_loopback_candidate": True,
            "interfaces": {"includes": ["lo"]},
            "stun_servers": [],
        },
        "keys": {KEY: SECRET},
    }
    config, log = folder / "livekit.yaml", folder / "livekit.log"
    config.write_text(yaml.safe_dump(settings))
    with (
        log.open("wb") as output,
        subprocess.Popen([program, "--config", str(config)], stdout=output, stderr=output) as run,
    ):
        try:
            _await(port, run, log)
            yield LiveKitServer(f"ws://127.0.0.1:{port}", run)
        finally:
            run.kill()


def _await(port: int, run: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline and run.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/", timeout=1.0).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)  # a process of others says nowhere that it is ready
    raise RuntimeError(f"livekit-server did not start: {log.read_text()[-2000:]}")
