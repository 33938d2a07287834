from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from voicetest import registry
from voicetest.adapters.base import Adapter, World
from voicetest.errors import ConnectionFailed
from voicetest.speech.providers import Speech
from voicetest.transports.base import KEPT_ALIVE, KeepAlive, Transport

DIALLING: Mapping[str, dict[str, Any]] = {
    "websocket": {"url": "ws://agent.invalid/"},
    "pipecat": {"url": "ws://agent.invalid/"},
    "openai_realtime": {"api_key": "k"},
    "gemini_live": {"api_key": "k"},
    "elevenlabs": {"agent_id": "a", "api_key": "k"},
    "vapi": {"assistant_id": "a", "api_key": "k"},
}
"""Every adapter that dials a WebSocket, with what it cannot do without."""


def _adapter(name: str, **settings: str) -> Adapter:
    kind: type[Adapter] = registry.load(registry.ADAPTERS, name)
    return TypeAdapter[Adapter](kind).validate_python(DIALLING[name] | settings)


def _created(request: httpx.Request) -> httpx.Response:
    transport = {"provider": "vapi.websocket", "websocketCallUrl": "ws://agent.invalid/"}
    return httpx.Response(201, json={"id": "call_1", "transport": transport})


def _dialled(adapter: Adapter, speech: Speech) -> KeepAlive | None:
    """How the line is kept alive that the adapter asks for."""
    found: list[KeepAlive] = []

    @asynccontextmanager
    async def dial(
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: KeepAlive = KEPT_ALIVE,
    ) -> AsyncIterator[Transport[bytes | str]]:
        found.append(keep_alive)
        raise ConnectionFailed("far enough")
        yield

    def http(base_url: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(_created), base_url=base_url)

    world = World(speech.voice, speech.transcriber, speech.cache, dial=dial, http=http)

    async def main() -> None:
        async with adapter.connect(replace(world, real_time=False)):
            pass

    with pytest.raises(ConnectionFailed, match="far enough"):
        asyncio.run(main())
    return found[-1]


@pytest.mark.parametrize("name", DIALLING)
def test_every_adapter_that_dials_asks_for_what_its_settings_say(name: str, speech: Speech) -> None:
    assert _dialled(_adapter(name), speech) == KeepAlive(20.0, 60.0)
    seldom = _adapter(name, ping_interval="2m", ping_timeout="5m")
    assert _dialled(seldom, speech) == KeepAlive(120.0, 300.0)
    never = _adapter(name, ping_interval="off", ping_timeout="off")
    assert _dialled(never, speech) == KeepAlive(None, None)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ping_timeout": "20s"}, r"ping_timeout \(20s\) has to be longer than ping_interval"),
        ({"ping_interval": "soon"}, "expected a duration such as 800ms, 1.5s or 2m, found 'soon'"),
        ({"ping_interval": "0s"}, "write more than 0s"),
        ({"ping_timeout": "30"}, "30 has no unit"),
    ],
)
def test_a_setting_that_makes_no_sense_says_what_to_write(
    settings: dict[str, str], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        _adapter("websocket", **settings)


def test_a_line_over_webrtc_has_no_websocket_to_keep_alive() -> None:
    kind: type[Adapter] = registry.load(registry.ADAPTERS, "pipecat")
    settings = {"transport": "webrtc", "signaling_url": "https://a.invalid/", "ping_interval": "9s"}
    with pytest.raises(ValidationError, match="ping_interval is for transport websocket"):
        kind.model_validate(settings)


def test_whoever_is_not_asked_may_be_silent() -> None:
    assert KeepAlive(None, 60.0).patience is None
    assert KeepAlive(20.0, 60.0).patience == 60.0
    assert KeepAlive(20.0, None).patience is None
