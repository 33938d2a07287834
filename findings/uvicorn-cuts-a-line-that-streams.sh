#!/usr/bin/env bash
# uvicorn: a client whose messages keep coming is cut off for a pong that it owes.
#
# Guess: a keepalive finds lines that are dead, so a line on which a message arrives every 50 ms is
# alive, whatever becomes of pings; a telephone bridge that sends sound need not answer them.
# Seen (uvicorn 0.50.2, both of its implementations on websockets 17.4): with ws_ping_interval 1 s
# and ws_ping_timeout 1 s (20 and 20 by default) the line is closed with 1011, "keepalive ping
# timeout", some 2 s after it opened, with 30 and more messages received in between. Only
# ws_ping_timeout=None lets it live.
# So: a server of media streams sets ws_ping_timeout=None and looks for silence by itself.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.50.2 websockets==17.4 wsproto==1.3.2
cat > "$work/probe.py" <<'PY'
import asyncio
import socket

import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode

received = 0


async def app(scope, receive, send):
    global received
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        received += 1


async def stream(port):
    """Send sound every 50 ms for 4 s and answer no ping."""
    async with connect(f"ws://127.0.0.1:{port}", ping_interval=None) as line:
        plain = line.protocol.send_frame
        line.protocol.send_frame = lambda f: None if f.opcode is Opcode.PONG else plain(f)
        try:
            for _ in range(80):
                await line.send(bytes(320))
                await asyncio.sleep(0.05)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
        return "alive after 4 s"


async def main(ws, timeout):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(app, port=port, ws=ws, log_level="critical", lifespan="off",
                            ws_ping_interval=1.0, ws_ping_timeout=timeout)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    seen = await stream(port)
    server.should_exit = True
    await task
    return seen


def run(ws, timeout):
    global received
    received = 0
    seen = asyncio.run(main(ws, timeout))
    print(f"{ws}, ws_ping_timeout={timeout}: {seen}, {received} messages received")
    return seen, received >= 20


found = {(ws, timeout): run(ws, timeout) for ws in ("websockets", "websockets-sansio") for timeout in (1.0, None)}
expected = {key: (1011 if key[1] else "alive after 4 s", True) for key in found}
raise SystemExit(0 if found == expected else f"changed: expected {expected}")
PY
"$work/venv/bin/python" -W ignore "$work/probe.py"
