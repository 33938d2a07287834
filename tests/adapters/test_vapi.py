"""The settings of a Vapi assistant, and what Vapi may answer to a request for a call."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.calls import plans_of
from voicetest.adapters.base import World
from voicetest.adapters.vapi import VapiAgentAdapter
from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed, ScenarioError, SetupError
from voicetest.events import (
    AgentTurnEnded,
    Hangup,
    Status,
    Text,
    ToolCalled,
    ToolResult,
    TranscriptDelta,
    Warned,
)
from voicetest.executor.plan import Plan, plan
from voicetest.simulators.offline import in_process
from voicetest.speech.providers import Speech
from voicetest.transports.base import Transport
from voicetest.transports.memory import memory_pair

KEY = "sk-very-secret"
LINE = "wss://api.vapi.ai/call-1/transport"
CREATED = {
    "id": "call-1",
    "orgId": "org",
    "status": "queued",
    "createdAt": "2026-01-01T00:00:00Z",
    "updatedAt": "2026-01-01T00:00:00Z",
    "transport": {"provider": "vapi.websocket", "websocketCallUrl": LINE},
}
Answer = Callable[[Request], Response]


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAPI_API_KEY", raising=False)


def _plan(folder: Path, speech: Speech, settings: str) -> Plan:
    file = folder / "scenario.yaml"
    file.write_text(f"version: 1\nagent: {{adapter: vapi, {settings}}}\nscript: [agent]\n")
    return plan(file, {}, speech)


def test_an_assistant_is_all_that_must_be_named(tmp_path: Path, speech: Speech) -> None:
    adapter = _plan(tmp_path, speech, "assistant_id: a").adapter
    line = adapter.capabilities
    assert line.speaks == line.hears == AudioFormat(Encoding.PCM16, 16_000)
    assert line.continuous
    assert Text in line.sends
    assert ToolResult not in line.sends
    assert {AgentTurnEnded, ToolCalled, TranscriptDelta} <= line.receives
    assert adapter.outside == ("agent.base_url (api.vapi.ai)",)


def test_a_telephones_sound_can_be_asked_for(tmp_path: Path, speech: Speech) -> None:
    adapter = _plan(tmp_path, speech, "assistant_id: a, audio_format: mulaw").adapter
    assert adapter.capabilities.hears == AudioFormat(Encoding.MULAW, 8_000)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("api_key: k", "'assistant_id' is missing"),
        ("assistant_id: a, audio_format: opus", "'pcm_s16le' or 'mulaw'"),
        ("assistant_id: a, base_url: 'wss://h/'", "expected an address such as https://host"),
        ("assistant_id: a, overrides: [1]", "expected a mapping"),
        ("assistant_id: a, overrides: {clientMessages: hang}", "clientMessages is a list of names"),
        ("assistant_id: a, url: 'wss://h/'", "unknown key 'url'"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    tmp_path: Path, speech: Speech, settings: str, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        _plan(tmp_path, speech, settings)


def test_a_key_that_is_missing_is_told_before_anyone_is_called(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = _plan(tmp_path, speech, "assistant_id: a").adapter
    with pytest.raises(SetupError, match="set VAPI_API_KEY to the private key"):
        plans_of([tmp_path / "scenario.yaml"], speech)
    monkeypatch.setenv("VAPI_API_KEY", KEY)
    assert not adapter.missing
    assert adapter.secrets == {KEY}
    assert not VapiAgentAdapter(assistant_id="a", api_key="k").missing


def test_validating_needs_no_http_client(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom voicetest.adapters.vapi import VapiAgentAdapter\n"
        "VapiAgentAdapter.model_json_schema()\n"
        "print([m for m in ('httpx', 'starlette', 'uvicorn', 'vapi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


class Platform:
    """Answers the two requests as it is told to, and writes down what it was asked."""

    def __init__(self, create: Answer, show: Answer | None = None) -> None:
        self.asked: list[tuple[Mapping[str, str], Any]] = []
        self.dialled: list[str] = []
        self.reported: list[Status | Warned] = []
        self._create = create
        self._shown = show
        self.web = Starlette(
            routes=[
                Route("/call", self._take, methods=["POST"]),
                Route("/call/{id}", self._tell, methods=["GET"]),
            ]
        )

    async def _take(self, request: Request) -> Response:
        self.asked.append((request.headers, json.loads(await request.body())))
        return self._create(request)

    async def _tell(self, request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.path_params["id"] == "call-1"
        return self._shown(request) if self._shown else _ended(request)

    @asynccontextmanager
    async def dial(
        self, url: str, *, headers: Any = None, subprotocols: Any = (), keep_alive: object = None
    ) -> AsyncIterator[Transport[bytes | str]]:
        assert not headers
        self.dialled.append(url)
        near: Transport[bytes | str]
        far: Transport[bytes | str]
        near, far = memory_pair()
        yield near
        await near.close()
        assert await far.receive() == '{"type":"end-call"}'

    def world(self, speech: Speech) -> World:
        return World(
            speech.voice,
            speech.transcriber,
            speech.cache,
            dial=self.dial,
            http=in_process(self.web),
            report=self.reported.append,
        )


def _created(request: Request) -> Response:
    return JSONResponse(CREATED, 201)


def _ended(request: Request) -> Response:
    ended = {"status": "ended", "endedReason": "customer-ended-call", "cost": 0.02}
    return JSONResponse(CREATED | ended)


async def _call(adapter: VapiAgentAdapter, world: World) -> float:
    """Open the line and hang up; how long hanging up took, in seconds."""
    async with adapter.connect(world):
        began = asyncio.get_running_loop().time()
    return asyncio.get_running_loop().time() - began


def _adapter(**settings: Any) -> VapiAgentAdapter:
    return VapiAgentAdapter(**{"assistant_id": "asst", "api_key": KEY} | settings)


def test_a_call_is_created_as_documented_and_its_own_address_is_dialled(speech: Speech) -> None:
    platform = Platform(_created)
    mine = {"firstMessage": "Hi", "clientMessages": ["model-output", "hang"]}
    run(_call(_adapter(overrides=mine), platform.world(speech)), Clock.VIRTUAL)
    ((headers, body),) = platform.asked
    assert headers["authorization"] == f"Bearer {KEY}"
    assert body["assistantId"] == "asst"
    audio = {"format": "pcm_s16le", "container": "raw", "sampleRate": 16_000}
    assert body["transport"] == {"provider": "vapi.websocket", "audioFormat": audio}
    assert body["assistantOverrides"]["firstMessage"] == "Hi"
    listed = body["assistantOverrides"]["clientMessages"]
    assert listed[:2] == ["model-output", "hang"]
    assert len(listed) == len(set(listed)) == 8
    assert platform.dialled == [LINE]


def test_why_a_call_ended_and_what_it_cost_is_reported(speech: Speech) -> None:
    platform = Platform(_created)
    assert run(_call(_adapter(), platform.world(speech)), Clock.VIRTUAL) == 0
    ended = {"call": "call-1", "endedReason": "customer-ended-call", "cost": 0.02}
    assert platform.reported == [Status("queued", {"call": "call-1"}), Status("ended", ended)]


def test_a_call_that_does_not_end_is_not_waited_for_for_ever(speech: Speech) -> None:
    platform = Platform(_created, _created)
    assert run(_call(_adapter(), platform.world(speech)), Clock.VIRTUAL) == 5
    assert platform.reported[1] == Warned(
        "Vapi does not say how the call ended: still queued after 5 s"
    )


def test_a_report_that_cannot_be_had_is_told_and_harms_nothing(speech: Speech) -> None:
    platform = Platform(_created, lambda _: HTMLResponse("<p>Bad gateway", 502))
    run(_call(_adapter(), platform.world(speech)), Clock.VIRTUAL)
    (_, warned) = platform.reported
    assert isinstance(warned, Warned)
    assert "HTTP 502: the fault is at its side" in warned.message


def test_an_error_in_the_call_is_not_hidden_by_its_report(speech: Speech) -> None:
    platform = Platform(_created)

    async def main() -> None:
        async with _adapter().connect(platform.world(speech)) as line:
            await line.send(Hangup())  # what the far end of this test waits for
            raise ConnectionFailed("it broke")

    with pytest.raises(ConnectionFailed, match="it broke"):
        run(main(), Clock.VIRTUAL)


def _error(status: int, message: Any) -> Answer:
    body = {"message": message, "error": "whatever", "statusCode": status}
    return lambda _: JSONResponse(body, status)


REFUSALS: list[tuple[Answer, str]] = [
    (
        _error(400, ["assistantId must be a UUID", "transport is wrong"]),
        "Vapi answered HTTP 400 'assistantId must be a UUID; transport is wrong': it does not "
        "accept the call: check 'assistant_id' and 'overrides'",
    ),
    (_error(400, "no"), "HTTP 400 'no': it does not accept the call"),
    (
        _error(401, "Invalid Key. Hot tip"),
        "'Invalid Key. Hot tip': it does not know the key",
    ),
    (_error(402, "Wallet"), "HTTP 402 'Wallet': there is no credit left"),
    (_error(404, "gone"), "HTTP 404 'gone': it does not know the assistant: check 'assistant_id'"),
    (_error(429, "busy"), "HTTP 429 'busy': too many calls at once: wait, set 'max_concurrent'"),
    (_error(418, {"odd": 1}), "HTTP 418: check the settings of 'agent'"),
    (_error(500, "oh"), "HTTP 500 'oh': the fault is at its side"),
    (lambda _: HTMLResponse("<h1>Bad gateway", 502), "HTTP 502: the fault is at its side"),
    (lambda _: HTMLResponse("<h1>Hello"), "what answers at api.vapi.ai is not Vapi"),
    (lambda _: JSONResponse([1]), "it sends no JSON: check 'base_url'"),
    (lambda _: Response('{"id": '), "it sends no JSON"),
    (lambda _: RedirectResponse("https://other.example/"), "it redirects, which is not followed"),
    (_error(400, "a\nb" + "x" * 900), "'a bxxx"),
    (lambda _: JSONResponse({**CREATED, "transport": None}), "no transport.websocketCallUrl"),
    (lambda _: JSONResponse({**CREATED, "id": 7}), "has no id"),
]


@pytest.mark.parametrize(("answer", "words"), REFUSALS)
def test_a_call_that_is_not_created_says_what_to_do(
    speech: Speech, answer: Answer, words: str
) -> None:
    platform = Platform(answer)
    with pytest.raises(ConnectionFailed) as failed:
        run(_call(_adapter(), platform.world(speech)), Clock.VIRTUAL)
    assert words in str(failed.value)
    assert len(str(failed.value)) < 500
    assert str(failed.value).isprintable()
    assert KEY not in str(failed.value)
    assert not platform.dialled


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectTimeout("slow"), "Vapi did not answer at api.vapi.ai in time"),
        (httpx.ConnectError("Name or service not known"), "api.vapi.ai: Name or service not known"),
        (httpx.ReadError(""), "ReadError: check the network"),
        (httpx.ProxyError("403"), "check HTTPS_PROXY"),
    ],
)
def test_a_platform_that_is_not_reached_says_why(
    speech: Speech, error: httpx.TransportError, words: str
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    def http(base_url: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(fail), base_url=base_url)

    world = World(speech.voice, speech.transcriber, speech.cache, http=http)
    with pytest.raises(ConnectionFailed) as failed:
        run(_call(_adapter(), world), Clock.VIRTUAL)
    assert words in str(failed.value)


def test_a_platform_that_never_answers_is_given_up(speech: Speech) -> None:
    async def never(request: Request) -> Response:
        await asyncio.get_running_loop().create_future()
        return Response()

    async def main() -> float:
        app = Starlette(routes=[Route("/call", never, methods=["POST"])])
        world = World(speech.voice, speech.transcriber, speech.cache, http=in_process(app))
        with pytest.raises(ConnectionFailed, match="did not answer"):
            await _call(_adapter(), world)
        return asyncio.get_running_loop().time()

    assert run(main(), Clock.VIRTUAL) == 20


def test_a_line_that_is_refused_names_the_call(speech: Speech) -> None:
    @asynccontextmanager
    async def refuse(
        url: str, *, headers: Any = None, subprotocols: Any = (), keep_alive: object = None
    ) -> AsyncIterator[Transport[bytes | str]]:
        raise ConnectionFailed("nobody listens", code=404)
        yield

    platform = Platform(_created)
    world = World(
        speech.voice, speech.transcriber, speech.cache, dial=refuse, http=in_process(platform.web)
    )
    with pytest.raises(ConnectionFailed, match="created the call call-1, but not its line: nobody"):
        run(_call(_adapter(), world), Clock.VIRTUAL)


@pytest.mark.process
def test_over_the_network_a_port_that_is_closed_is_told(speech: Speech) -> None:
    world = World(speech.voice, speech.transcriber, speech.cache)
    with pytest.raises(ConnectionFailed, match=r"cannot reach Vapi at 127\.0\.0\.1"):
        run(_call(_adapter(base_url="http://127.0.0.1:9"), world), Clock.REAL)
