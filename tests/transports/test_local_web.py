"""Applications that are reached without a network behave as they do behind a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed
from voicetest.transports.asgi import AsgiTransport, serve_app
from voicetest.transports.base import Dial, TransportClosed
from voicetest.transports.local_web import LocalWeb
from voicetest.transports.websocket import connect


async def _hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.method} {request.url} {request.headers['x-signed']}")


class _App:
    """Keeps what it sees of its connections."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.application = Starlette(
            routes=[
                Route("/hello", _hello),
                WebSocketRoute("/echo", self._echo),
                WebSocketRoute("/refuses", self._refuse),
                WebSocketRoute("/closes", self._close),
                WebSocketRoute("/breaks", self._break),
            ]
        )

    async def _echo(self, websocket: WebSocket) -> None:
        self.seen.append(f"{websocket.url.path} {websocket.headers['x-signed']}")
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(f"again: {await websocket.receive_text()}")
        except WebSocketDisconnect as gone:
            self.seen.append(f"gone {gone.code} {gone.reason}")

    async def _refuse(self, websocket: WebSocket) -> None:
        await websocket.send_denial_response(PlainTextResponse("no", 403))

    async def _close(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_bytes(b"last")
        await websocket.close(4001, "enough")

    async def _break(self, websocket: WebSocket) -> None:
        await websocket.accept()


Behave = Callable[[Dial, str], Awaitable[None]]


async def _in_process(app: _App, behave: Behave) -> None:
    web = LocalWeb()
    async with web.serve(app.application, "127.0.0.1", 0):
        await behave(web.dial, "wss://agent.example")


async def _over_a_socket(app: _App, behave: Behave) -> None:
    async with serve_app(app.application, "127.0.0.1", 0) as port:
        await behave(connect, f"ws://127.0.0.1:{port}")


Way = Callable[[_App, Behave], Coroutine[Any, Any, None]]
BOTH = pytest.mark.parametrize(
    ("way", "clock"),
    [
        pytest.param(_in_process, Clock.VIRTUAL, id="in process"),
        pytest.param(_over_a_socket, Clock.REAL, id="socket", marks=pytest.mark.process),
    ],
)


@BOTH
def test_messages_go_both_ways_and_the_application_learns_how_it_ended(
    way: Way, clock: Clock
) -> None:
    app = _App()

    async def behave(dial: Dial, url: str) -> None:
        async with dial(f"{url}/echo", headers={"X-Signed": "s"}) as line:
            await line.send("one")
            assert await line.receive() == "again: one"
            await line.close(4000, "done")
            with pytest.raises(TransportClosed):
                await line.send("two")

    run(way(app, behave), clock)
    assert app.seen == ["/echo s", "gone 4000 done"]


@BOTH
def test_a_refusal_has_its_status(way: Way, clock: Clock) -> None:
    async def behave(dial: Dial, url: str) -> None:
        with pytest.raises(ConnectionFailed) as refused:
            async with dial(f"{url}/refuses"):
                raise AssertionError("it was accepted")
        assert refused.value.code == 403

    run(way(_App(), behave), clock)


@BOTH
def test_a_path_at_which_nothing_is_served_refuses(way: Way, clock: Clock) -> None:
    async def behave(dial: Dial, url: str) -> None:
        with pytest.raises(ConnectionFailed) as refused:
            async with dial(f"{url}/nothing"):
                raise AssertionError("it was accepted")
        assert refused.value.code == 403

    run(way(_App(), behave), clock)


@BOTH
def test_what_came_before_the_end_is_received_and_then_the_end(way: Way, clock: Clock) -> None:
    async def behave(dial: Dial, url: str) -> None:
        async with dial(f"{url}/closes") as line:
            assert await line.receive() == b"last"
            with pytest.raises(TransportClosed) as closed:
                await line.receive()
            assert (closed.value.code, closed.value.reason) == (4001, "enough")

    run(way(_App(), behave), clock)


@BOTH
def test_an_application_that_returns_without_a_word_breaks_the_connection(
    way: Way, clock: Clock
) -> None:
    async def behave(dial: Dial, url: str) -> None:
        async with dial(f"{url}/breaks") as line:
            with pytest.raises(TransportClosed) as closed:
                await line.receive()
            assert closed.value.code == 1006

    run(way(_App(), behave), clock)


@BOTH
def test_a_server_that_stops_ends_its_connections(way: Way, clock: Clock) -> None:
    app = _App()
    codes: list[int] = []

    async def main() -> None:
        opened = asyncio.Event()

        async def call(dial: Dial, url: str) -> None:
            async with dial(f"{url}/echo", headers={"X-Signed": "s"}) as line:
                opened.set()
                try:
                    await line.receive()
                except TransportClosed as closed:
                    codes.append(closed.code)

        async with asyncio.TaskGroup() as tasks:

            async def behave(dial: Dial, url: str) -> None:
                tasks.create_task(call(dial, url))
                await opened.wait()

            await way(app, behave)

    run(main(), clock)
    assert codes == [1012]
    assert app.seen == ["/echo s", "gone 1012 "]


@BOTH
def test_an_application_that_speaks_to_nobody_still_learns_how_it_ended(
    way: Way, clock: Clock
) -> None:
    ends: list[int] = []

    async def speak(websocket: WebSocket) -> None:
        await websocket.accept()
        transport = AsgiTransport(websocket)
        while True:
            try:
                await transport.send("hello")
                await asyncio.sleep(0.01)
            except TransportClosed:
                break
        with pytest.raises(TransportClosed) as closed:
            await transport.receive()
        ends.append(closed.value.code)
        await transport.close()

    app = _App()
    app.application = Starlette(routes=[WebSocketRoute("/", speak)])

    async def behave(dial: Dial, url: str) -> None:
        async with dial(f"{url}/") as line:
            await line.receive()
            await line.close(4000)

    run(way(app, behave), clock)
    assert ends == [4000]


def test_requests_reach_the_application_whatever_the_host() -> None:
    async def main() -> str:
        web = LocalWeb()
        async with (
            web.serve(_App().application, "127.0.0.1", 8765) as port,
            web.http("https://tunnel.example") as http,
        ):
            assert port == 8765
            return (await http.get("/hello?a=1", headers={"x-signed": "s"})).text

    assert run(main(), Clock.VIRTUAL) == "GET https://tunnel.example/hello?a=1 s"


def test_addresses_lead_to_the_application_of_their_port() -> None:
    def says(word: str) -> Starlette:
        async def answer(request: Request) -> PlainTextResponse:
            return PlainTextResponse(word)

        return Starlette(routes=[Route("/", answer)])

    async def main() -> list[str]:
        web = LocalWeb()
        async with (
            web.serve(says("first"), "127.0.0.1", 0) as first,
            web.serve(says("second"), "127.0.0.1", 0) as second,
            web.http("") as http,
        ):
            assert first != second
            ports = (f":{first}", f":{second}", "")
            return [(await http.get(f"http://any{port}/")).text for port in ports]

    assert run(main(), Clock.VIRTUAL) == ["first", "second", "second"]


def test_where_nothing_is_served_nobody_listens() -> None:
    async def main() -> None:
        web = LocalWeb()
        async with web.serve(_App().application, "127.0.0.1", 80):
            with pytest.raises(OSError, match="in use"):
                async with web.serve(_App().application, "127.0.0.1", 80):
                    raise AssertionError("it was served twice")
        with pytest.raises(ConnectionFailed, match="nobody listens"):
            async with web.dial("ws://127.0.0.1:80/echo"):
                raise AssertionError("it was accepted")
        async with web.http("http://127.0.0.1:80") as http:
            with pytest.raises(httpx.ConnectError):
                await http.get("/hello")

    run(main(), Clock.VIRTUAL)


def test_what_an_application_raises_is_raised_where_it_was_called() -> None:
    async def broken(websocket: WebSocket) -> None:
        await websocket.accept()
        raise ZeroDivisionError

    async def main() -> None:
        web = LocalWeb()
        app = Starlette(routes=[WebSocketRoute("/", broken)])
        async with web.serve(app, "127.0.0.1", 0), web.dial("ws://any/") as line:
            with pytest.raises(TransportClosed):
                await line.receive()

    with pytest.raises(ExceptionGroup) as raised:
        run(main(), Clock.VIRTUAL)
    assert raised.group_contains(ZeroDivisionError)
