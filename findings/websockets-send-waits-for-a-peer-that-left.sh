#!/usr/bin/env bash
# websockets: send() to a peer that said goodbye waits for seconds instead of raising.
#
# Guess: once the far side's close frame has arrived, send() raises ConnectionClosed at once, so a
# sender of a frame every 20 ms loses one frame when the other party hangs up.
# Seen (websockets 17.4, asyncio client): while the connection is CLOSING, send() waits until the
# TCP connection is gone, for up to close_timeout: 10 s by default, 2.0 s in this run. An agent that
# says goodbye and does not read any more holds up the loop of whoever sends for as long.
# So: a sender in real time looks at connection.state first, or sends from a task of its own.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check websockets==17.4
"$work/venv/bin/python" - <<'PY'
import asyncio
import base64
import hashlib

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def agent(reader, writer):
    """Takes the call, says goodbye (close, 1000) and reads nothing more."""
    request = await reader.readuntil(b"\r\n\r\n")
    key = request.lower().split(b"sec-websocket-key: ")[1].split(b"\r\n")[0]
    key = request[request.lower().index(key) :][: len(key)]
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n" + b"\x88\x02\x03\xe8")
    await over.wait()
    writer.close()


async def main():
    global over
    over = asyncio.Event()
    async with await asyncio.start_server(agent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        line = await connect(f"ws://127.0.0.1:{port}", close_timeout=2.0)
        await asyncio.sleep(0.3)
        state = line.state.name
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await line.send(bytes(320))
            seconds = "sent"
        except ConnectionClosed:
            seconds = round(loop.time() - began)
        over.set()
        return state, seconds


state, seconds = asyncio.run(main())
print(f"state {state}: send() raised after {seconds} s (rounded)")
raise SystemExit(0 if (state, seconds) == ("CLOSING", 2) else "changed: expected CLOSING and 2")
PY
