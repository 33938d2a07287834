"""Why a WebSocket could not be opened, said against real servers that refuse."""

from __future__ import annotations

import asyncio
import socket
import ssl
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.transports.raw_servers import Stream, deaf, listening, vanishing
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed
from voicetest.transports.base import Upgrade
from voicetest.transports.refusals import masked
from voicetest.transports.websocket import WebSocketTransport, connect, serve

pytestmark = pytest.mark.process

SECRETS = {"Authorization": "Bearer sk-secret-header"}
QUERY = "token=sk-secret-query"


def _failure(url: str, limit: float = 5.0) -> ConnectionFailed:
    """What dialling says; no secret is in it."""

    async def main() -> ConnectionFailed:
        with pytest.raises(ConnectionFailed) as failed:
            async with connect(url, headers=SECRETS, open_limit=limit):
                pass
        return failed.value

    failure = run(main(), Clock.REAL)
    assert "secret" not in str(failure)
    return failure


def _failure_at(
    server: Stream, scheme: str = "ws", limit: float = 5.0, tls: ssl.SSLContext | None = None
) -> str:
    async def main() -> str:
        async with listening(server, tls) as port:
            url = f"{scheme}://localhost:{port}/agent?{QUERY}"
            with pytest.raises(ConnectionFailed) as failed:
                async with connect(url, headers=SECRETS, open_limit=limit):
                    pass
            return str(failed.value).replace(f":{port}", ":PORT")

    message = run(main(), Clock.REAL)
    assert "secret" not in message
    assert "localhost:PORT" in message
    return message


def _saying(answer: bytes) -> Stream:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return handle


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_where_nobody_listens_the_agent_has_to_be_started(host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        failure = _failure(f"ws://{host}:{port}/agent?{QUERY}")
    assert f"nobody listens at {host}:{port}: start the agent" in str(failure)
    assert f"cannot reach ws://{host}:{port}/agent?token=***" in str(failure)
    assert failure.code is None


def test_a_name_that_is_not_known_is_the_hosts() -> None:
    failure = _failure("ws://no-such-host.invalid:9/")
    assert "the name no-such-host.invalid is not known" in str(failure)


def test_a_server_that_never_answers_is_given_up() -> None:
    assert "no answer within 0.3 s" in _failure_at(deaf, limit=0.3)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (HTTPStatus.UNAUTHORIZED, "check 'headers' and the key"),
        (HTTPStatus.FORBIDDEN, "check 'headers' and the key"),
        (HTTPStatus.NOT_FOUND, "check the path of 'url'"),
        (HTTPStatus.TOO_MANY_REQUESTS, "max_concurrent"),
        (HTTPStatus.BAD_REQUEST, "does not accept this upgrade"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "at its side"),
        (HTTPStatus.IM_A_TEAPOT, "not a WebSocket server"),
    ],
)
def test_each_refusal_of_the_upgrade_says_what_to_check(status: HTTPStatus, advice: str) -> None:
    async def handle(transport: WebSocketTransport, upgrade: Upgrade) -> None:
        raise AssertionError("nobody gets in")

    async def main() -> ConnectionFailed:
        async with serve(handle, admit=lambda upgrade: status) as port:
            with pytest.raises(ConnectionFailed) as failed:
                async with connect(f"ws://127.0.0.1:{port}/?{QUERY}", headers=SECRETS):
                    pass
        return failed.value

    failure = run(main(), Clock.REAL)
    assert f"answered HTTP {int(status)}" in str(failure)
    assert advice in str(failure)
    assert "secret" not in str(failure)
    assert failure.code == status


def test_a_redirect_is_shown_and_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: wss://elsewhere.example/x?key=sk-secret\r\n\r\n"
    message = _failure_at(_saying(answer))
    assert "answered HTTP 302: it redirects to wss://elsewhere.example/x?key=***" in message


@pytest.mark.parametrize(
    ("server", "advice"),
    [
        (_saying(b"SSH-2.0-OpenSSH_9.6\r\n"), "not a WebSocket server: check host, port and path"),
        (_saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), "answers as a web page"),
        (_saying(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n"), "not a WebSocket server"),
        (_saying(b""), "write wss://"),
        (vanishing, "write wss://"),
    ],
)
def test_what_is_no_websocket_server_is_told(server: Stream, advice: str) -> None:
    assert advice in _failure_at(server)


@pytest.mark.parametrize("url", ["http://localhost/", "ws://[::1/", "localhost:80"])
def test_what_is_no_websocket_address_is_told(url: str) -> None:
    assert "address" in str(_failure(url)) or "cannot dial" in str(_failure(url))


def _served_with(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_that_nobody_trusts_is_named(certificate: Path) -> None:
    message = _failure_at(deaf, "wss", tls=_served_with(certificate))
    assert "its certificate is not trusted (self-signed certificate)" in message


def test_encryption_that_only_one_side_speaks_is_told(certificate: Path) -> None:
    assert "write ws://" in _failure_at(_saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "wss")
    assert "write wss://" in _failure_at(deaf, "ws", tls=_served_with(certificate))


def test_a_trusted_certificate_opens_the_line(certificate: Path) -> None:
    async def greet(transport: WebSocketTransport, upgrade: Upgrade) -> None:
        await transport.send("hello")

    async def main() -> str | bytes:
        trusting = ssl.create_default_context(cafile=certificate)
        async with (
            serve(greet, tls=_served_with(certificate)) as port,
            connect(f"wss://localhost:{port}", tls=trusting) as near,
        ):
            return await near.receive()

    assert run(main(), Clock.REAL) == "hello"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://host/a?key=k&x=", "wss://host/a?key=***&x=***"),
        ("ws://user:word@host:1/a#part", "ws://host:1/a"),
        ("ws://[::1", "the address"),
        ("/only/a/path?k=v", "/only/a/path?k=***"),
    ],
)
def test_an_address_is_shown_without_what_is_secret(url: str, shown: str) -> None:
    assert masked(url) == shown
