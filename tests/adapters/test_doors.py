from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from voicetest import registry
from voicetest.adapters.base import Adapter, World
from voicetest.errors import ConnectionFailed
from voicetest.speech.providers import Speech
from voicetest.transports.base import KEPT_ALIVE, KeepAlive, Transport

HIDDEN = "door-secret"
SIGNALLED = {"signaling_url": "https://agent.invalid/offer"}
ASKING: Mapping[str, tuple[str, dict[str, Any]]] = {
    "websocket": ("websocket", {"url": "ws://agent.invalid/?own=1"}),
    "pipecat": ("pipecat", {"url": "ws://agent.invalid/?own=1"}),
    "pipecat webrtc": ("pipecat", {"transport": "webrtc", **SIGNALLED}),
    "webrtc": ("webrtc", SIGNALLED),
    "webrtc whip": ("webrtc", {"signaling": "whip", **SIGNALLED}),
    "openai_realtime": ("openai_realtime", {"api_key": "k"}),
    "gemini_live": ("gemini_live", {"api_key": "k"}),
    "elevenlabs": ("elevenlabs", {"agent_id": "a", "api_key": "k"}),
    "vapi": ("vapi", {"assistant_id": "a", "api_key": "k"}),
}
"""Every adapter that makes a request of its own, with what it cannot do without."""
KEYS = ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "ELEVENLABS_API_KEY", "VAPI_API_KEY")
IN_THE_WAY = "key-of-the-environment"


@dataclass
class Door:
    """Where every request ends; what it came with is kept."""

    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query))

    @asynccontextmanager
    async def dial(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        keep_alive: KeepAlive = KEPT_ALIVE,
    ) -> AsyncIterator[Transport[bytes | str]]:
        self._note(url, headers or {})
        raise ConnectionFailed("far enough")
        yield

    def http(self, base_url: str) -> httpx.AsyncClient:
        def answer(request: httpx.Request) -> httpx.Response:
            self._note(str(request.url), request.headers)
            return httpx.Response(418)

        return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url=base_url)

    def _note(self, url: str, headers: Mapping[str, str]) -> None:
        self.url = url
        self.headers = {name.lower(): value for name, value in headers.items()}


def _adapter(name: str, without_key: bool = False, **settings: Any) -> Adapter:
    kind, needed = ASKING[name]
    own = {k: v for k, v in needed.items() if not (without_key and k == "api_key")}
    adapter: type[Adapter] = registry.load(registry.ADAPTERS, kind)
    return TypeAdapter[Adapter](adapter).validate_python(own | settings)


def _opened(adapter: Adapter, speech: Speech) -> Door:
    door = Door()
    world = World(
        speech.voice,
        speech.transcriber,
        speech.cache,
        real_time=False,
        dial=door.dial,
        http=door.http,
    )

    async def main() -> None:
        async with adapter.connect(world):
            pass

    with pytest.raises(ConnectionFailed):
        asyncio.run(main())
    return door


def test_every_adapter_that_asks_an_agent_in_has_its_row() -> None:
    doors = {
        name
        for name in registry.names(registry.ADAPTERS)
        if "query" in registry.load(registry.ADAPTERS, name).model_fields
    }
    assert doors == {kind for kind, _ in ASKING.values()}
    others = set(registry.names(registry.ADAPTERS)) - doors
    assert others == {"composable", "elevenlabs_voice", "livekit", "twilio"}


@pytest.mark.parametrize("name", ASKING)
def test_headers_and_parameters_are_sent_and_hidden(name: str, speech: Speech) -> None:
    query = {"tenant": f"{HIDDEN}&="}
    adapter = _adapter(name, headers={"X-Gateway": HIDDEN}, query=query)
    door = _opened(adapter, speech)
    assert door.headers["x-gateway"] == HIDDEN
    assert door.query["tenant"] == f"{HIDDEN}&="
    plain = _opened(_adapter(name), speech)
    assert door.query.items() >= plain.query.items()
    assert {HIDDEN, f"{HIDDEN}&="} <= adapter.secrets
    assert HIDDEN not in f"{adapter!r} {adapter.model_dump()} {adapter.outside}"


@pytest.mark.parametrize("name", ["websocket", "webrtc", "openai_realtime", "vapi"])
@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Host", "the header 'Host' is voicetest's own"),
        ("upgrade", "the header 'upgrade' is voicetest's own"),
        ("Sec-WebSocket-Key", "is voicetest's own"),
        ("Sec-WebSocket-Protocol", "write 'subprotocols'"),
        ("Content-Length", "is voicetest's own"),
        ("a b", "expected a name of letters"),
    ],
)
def test_headers_that_make_the_request_are_refused(name: str, header: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        _adapter(name, headers={header: "x"})


@pytest.mark.parametrize(
    ("name", "door"),
    [
        ("openai_realtime", {"headers": {"api-key": HIDDEN}}),
        ("openai_realtime", {"headers": {"Authorization": f"Bearer {HIDDEN}"}}),
        ("openai_realtime", {"query": {"api-key": HIDDEN}}),
        ("gemini_live", {"headers": {"X-Goog-Api-Key": HIDDEN}}),
        ("gemini_live", {"headers": {"Authorization": f"Bearer {HIDDEN}"}}),
        ("gemini_live", {"query": {"key": HIDDEN}}),
        ("elevenlabs", {"headers": {"xi-api-key": HIDDEN}}),
        ("elevenlabs", {"query": {"conversation_signature": HIDDEN}}),
        ("vapi", {"headers": {"Authorization": f"Bearer {HIDDEN}"}}),
    ],
)
@pytest.mark.parametrize("environment", ["", IN_THE_WAY])
def test_a_key_that_the_scenario_brings_itself_is_the_only_one(
    monkeypatch: pytest.MonkeyPatch, speech: Speech, name: str, door: Any, environment: str
) -> None:
    for variable in KEYS:
        monkeypatch.setenv(variable, environment)
    adapter = _adapter(name, without_key=True, **door)
    assert adapter.missing == ()
    found = _opened(adapter, speech)
    sent = " ".join((*found.headers.values(), found.url))
    assert HIDDEN in sent
    assert IN_THE_WAY not in sent
    others = {"authorization", "x-goog-api-key", "xi-api-key"} & found.headers.keys()
    assert others == {n.lower() for n in door.get("headers", {})} - {"api-key"}


def test_a_key_that_is_written_besides_is_sent_as_well(speech: Speech) -> None:
    found = _opened(_adapter("openai_realtime", headers={"api-key": HIDDEN}), speech)
    assert (found.headers["api-key"], found.headers["authorization"]) == (HIDDEN, "Bearer k")


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (
            {"base_url": "wss://a.openai.azure.com/openai/v1", "model": "mine"},
            "wss://a.openai.azure.com/openai/v1/realtime?model=mine",
        ),
        (
            {
                "base_url": "wss://a.openai.azure.com/openai",
                "query": {"api-version": "2025-04-01-preview", "deployment": "mine"},
            },
            "wss://a.openai.azure.com/openai/realtime"
            "?api-version=2025-04-01-preview&deployment=mine",
        ),
        (
            {"base_url": "wss://a.openai.azure.com/openai/v1?model=theirs"},
            "wss://a.openai.azure.com/openai/v1/realtime?model=theirs",
        ),
    ],
)
def test_azures_addresses_name_a_model_or_a_deployment(
    speech: Speech, settings: dict[str, Any], url: str
) -> None:
    assert _opened(_adapter("openai_realtime", **settings), speech).url == url


@pytest.mark.parametrize(
    ("line", "sent"), [("wss://vapi.invalid/call_1", True), ("wss://elsewhere.invalid/", False)]
)
def test_a_line_of_vapi_gets_headers_only_where_they_were_written_for(
    speech: Speech, line: str, sent: bool
) -> None:
    door = Door()

    def create(base_url: str) -> httpx.AsyncClient:
        transport = {"provider": "vapi.websocket", "websocketCallUrl": line}
        created = httpx.Response(201, json={"id": "call_1", "transport": transport})
        answers = httpx.MockTransport(lambda request: created)
        return httpx.AsyncClient(transport=answers, base_url=base_url)

    adapter = _adapter("vapi", base_url="https://vapi.invalid", headers={"X-Gateway": HIDDEN})
    world = World(speech.voice, speech.transcriber, speech.cache, dial=door.dial, http=create)

    async def main() -> None:
        async with adapter.connect(world):
            pass

    with pytest.raises(ConnectionFailed, match="far enough"):
        asyncio.run(main())
    assert door.url == line
    assert (door.headers.get("x-gateway") == HIDDEN) is sent
    assert ("authorization" in door.headers) is sent
