"""Connections to providers: whom they go through, and what an error on one means."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.speech.speech_server import PAGE, Answer, speech_server
from voicetest.speech.connections import accepted, http_client, http_errors, tls
from voicetest.speech.refusal import Cause, Refusal


async def _post(url: str) -> httpx.Response:
    async with http_client() as http:
        with http_errors():
            return accepted(await http.post(url, content=b"x"))


@pytest.mark.process
def test_a_proxy_of_the_system_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with speech_server(PAGE) as server:
        assert asyncio.run(_post(server.url)).content == PAGE.body


@pytest.mark.process
def test_a_redirect_is_not_followed() -> None:
    with speech_server(PAGE) as elsewhere:
        moved = Answer(status=307, headers={"Location": elsewhere.url})
        with speech_server(moved) as server, pytest.raises(Refusal, match="redirects"):
            asyncio.run(_post(server.url))
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (httpx.ConnectTimeout(""), Cause.SLOW),
        (httpx.ReadTimeout(""), Cause.SLOW),
        (httpx.RemoteProtocolError(""), Cause.CUT_OFF),
        (httpx.ReadError(""), Cause.CUT_OFF),
        (httpx.DecodingError(""), Cause.CUT_OFF),
        (httpx.ConnectError("no route"), Cause.UNREACHABLE),
        (httpx.ProxyError("403"), Cause.UNREACHABLE),
        (httpx.UnsupportedProtocol("no scheme"), Cause.UNREACHABLE),
        (httpx.InvalidURL("no host"), Cause.UNREACHABLE),
    ],
)
def test_an_error_on_the_way_has_a_cause(error: Exception, cause: Cause) -> None:
    with pytest.raises(Refusal) as raised, http_errors():
        raise error
    assert raised.value.cause is cause


def test_certificates_are_read_once() -> None:
    assert tls() is tls()
