"""What may answer a request with an offer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from voicetest.adapters.signalling import JsonSignalling, PipecatSignalling, WhipSignalling
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed

URL = "https://agent.example/offer"
SDP = "application/sdp"
ANSWER = {"sdp": "v=0", "type": "answer"}
Handler = Callable[[Request], Awaitable[Response] | Response]


def _client(handler: Handler, **others: Handler) -> httpx.AsyncClient:
    def route(path: str, answer: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            found = answer(request)
            return found if isinstance(found, Response) else await found

        return Route(f"/{path}", endpoint, methods=["POST", "DELETE"])

    every = {"offer": handler, **others}
    app = Starlette(routes=[route(path, answer) for path, answer in every.items()])
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://agent.example")
    client.headers["Authorization"] = "Bearer sk-very-secret"
    return client


def _by_json(response: Response) -> str:
    async def main() -> str:
        async with _client(lambda request: response) as client:
            return await JsonSignalling(client, URL, {}).exchange("v=0")

    return run(main(), Clock.VIRTUAL)


def _by_whip(response: Response) -> str:
    async def main() -> str:
        async with _client(lambda request: response) as client:
            return await WhipSignalling(client, URL).exchange("v=0")

    return run(main(), Clock.VIRTUAL)


def test_an_offer_is_json_with_the_fields_beside_it() -> None:
    bodies: list[object] = []

    async def take(request: Request) -> Response:
        bodies.append(await request.json())
        return JSONResponse(ANSWER)

    async def main() -> None:
        async with _client(take) as client:
            assert await JsonSignalling(client, URL, {"room": "a"}).exchange("v=0") == "v=0"

    run(main(), Clock.VIRTUAL)
    assert bodies == [{"sdp": "v=0", "type": "offer", "room": "a"}]


def test_a_bots_further_offer_names_the_connection_of_the_first() -> None:
    bodies: list[dict[str, object]] = []

    async def take(request: Request) -> Response:
        bodies.append(await request.json())
        return JSONResponse(ANSWER | {"pc_id": "SmallWebRTCConnection#0"})

    async def main() -> None:
        async with _client(take) as client:
            signalling = PipecatSignalling(client, URL, {"plan": "gold"})
            await signalling.exchange("v=0")
            await signalling.exchange("v=0")

    run(main(), Clock.VIRTUAL)
    assert [body["pc_id"] for body in bodies] == [None, "SmallWebRTCConnection#0"]
    assert bodies[0]["request_data"] == {"plan": "gold"}


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (JSONResponse({"message": "no such room"}, 400), "HTTP 400 'no such room'.*'signaling'"),
        (JSONResponse({}, 401), "HTTP 401.*check 'headers' and the key"),
        (HTMLResponse("<title>x</title>", 404), "HTTP 404.*path of 'signaling_url'"),
        (Response(status_code=405), "HTTP 405.*takes no offers at this path"),
        (JSONResponse({"detail": "busy"}, 409), "HTTP 409 'busy'.*already has a call"),
        (Response(status_code=415), "HTTP 415.*set 'signaling' to json, or to whip"),
        (HTMLResponse("<h1>Oops</h1>", 502), "HTTP 502: the fault is at its side"),
        (HTMLResponse("<title>x</title>"), "is not the agent, it sends no JSON.*'signaling_url'"),
        (JSONResponse({"sdp": "v=0", "type": "offer"}), "no 'sdp' of type answer"),
        (JSONResponse({"type": "answer"}), "no 'sdp' of type answer"),
        (RedirectResponse("https://elsewhere.example/o", 307), r"redirects to https://elsewhere"),
        (RedirectResponse("https://agent.example/login", 302), r"redirects to https://agent"),
        (RedirectResponse(URL, 308), "it redirects, which is not followed"),
    ],
)
def test_an_answer_that_is_none_says_what_to_do_and_shows_no_key(
    response: Response, words: str
) -> None:
    with pytest.raises(ConnectionFailed, match=words) as failed:
        _by_json(response)
    assert "secret" not in str(failed.value)


def test_a_redirect_to_the_same_host_is_followed_with_the_offer() -> None:
    async def main() -> str:
        async with _client(
            lambda request: RedirectResponse("/there", 307), there=lambda _: JSONResponse(ANSWER)
        ) as client:
            return await JsonSignalling(client, URL, {}).exchange("v=0")

    assert run(main(), Clock.VIRTUAL) == "v=0"


def test_a_request_that_is_never_answered_ends_after_ten_seconds() -> None:
    async def never(request: Request) -> Response:
        await asyncio.sleep(3600)
        return Response()

    async def main() -> float:
        async with _client(never) as client:
            with pytest.raises(ConnectionFailed, match="did not answer at"):
                await JsonSignalling(client, URL, {}).exchange("v=0")
        return asyncio.get_running_loop().time()

    assert run(main(), Clock.VIRTUAL) == 10


def test_an_answer_over_whip_is_a_description_as_it_is() -> None:
    assert _by_whip(Response("v=0", 201, media_type=SDP)) == "v=0"


def test_an_answer_over_whip_that_is_no_description_is_refused() -> None:
    with pytest.raises(ConnectionFailed, match="its answer is no application/sdp"):
        _by_whip(PlainTextResponse("v=0", 201))


@pytest.mark.parametrize("location", ["session/7", "/session/7", "https://agent.example/session/7"])
def test_a_session_is_deleted_once_wherever_its_address_is_written(location: str) -> None:
    deleted: list[str] = []

    def delete(request: Request) -> Response:
        deleted.append(f"{request.method} {request.headers['authorization']}")
        return Response()

    async def main() -> None:
        headers = {"location": location, "link": '<stun:s.example>; rel="ice-server", <x>; rel=y'}
        taken = Response("v=0", 201, headers, SDP)
        async with _client(lambda _: taken, **{"session/7": delete}) as client:
            signalling = WhipSignalling(client, URL)
            await signalling.exchange("v=0")
            assert signalling.ice_servers == ("stun:s.example",)
            await signalling.end()
            await signalling.end()

    run(main(), Clock.VIRTUAL)
    assert deleted == ["DELETE Bearer sk-very-secret"]


def test_no_key_goes_to_a_session_at_another_host() -> None:
    async def main() -> None:
        taken = Response("v=0", 201, {"location": "https://elsewhere.example/7"}, SDP)
        async with _client(lambda _: taken) as client:
            signalling = WhipSignalling(client, URL)
            await signalling.exchange("v=0")
            with pytest.raises(ConnectionFailed, match="where no key is sent"):
                await signalling.end()

    run(main(), Clock.VIRTUAL)


def test_a_session_that_cannot_be_deleted_is_told_of() -> None:
    async def main() -> None:
        taken = Response("v=0", 201, {"location": "/session"}, SDP)
        refused = Response(status_code=500)
        async with _client(lambda _: taken, session=lambda _: refused) as client:
            signalling = WhipSignalling(client, URL)
            await signalling.exchange("v=0")
            with pytest.raises(ConnectionFailed, match="HTTP 500"):
                await signalling.end()

    run(main(), Clock.VIRTUAL)
