"""A user of the simulated Twilio: its webhooks, its streams, and the official SDK."""

from __future__ import annotations

import asyncio
import json
import logging
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from twilio.http import HttpClient
from twilio.http.response import Response as SdkResponse
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.agents.truth import Spoke
from voicetest.clock import Clock, run
from voicetest.simulators.offline import in_process
from voicetest.simulators.twilio import TwilioSimulator
from voicetest.simulators.twilio_account import NUMBERS, SID, TOKEN
from voicetest.speech.providers import Speech
from voicetest.transports.local_web import LocalWeb

__all__ = ["AGENT", "OURS", "PUBLIC", "SECOND", "Caller", "Session", "calling", "simulator"]

PUBLIC = "https://voicetest.example"
OURS, SECOND = NUMBERS
AGENT = "+15550100150"
"""A number of nobody, where the agent answers."""
CONNECT = (
    '<Response><Connect><Stream url="wss://voicetest.example/stream" '
    'statusCallback="https://voicetest.example/stream-status">'
    '<Parameter name="run" value="r1"/></Stream></Connect></Response>'
)


@dataclass
class Session:
    """One stream as its server saw it: each message with the time at which it came."""

    signature: str
    messages: list[tuple[float, Any]] = field(default_factory=list)
    code: int | None = None
    """How it ended, once it did."""

    def of(self, event: str) -> list[Any]:
        """The messages of one kind."""
        return [m for _, m in self.messages if isinstance(m, dict) and m["event"] == event]

    def sound(self, track: str = "inbound") -> bytes:
        """What was heard on a track, in µ-law."""
        media = (m["media"] for m in self.of("media"))
        return b"".join(b64decode(m["payload"]) for m in media if m["track"] == track)

    @property
    def stream(self) -> str:
        """Its name."""
        return str(self.of("start")[0]["streamSid"])


Behaviour = Callable[[WebSocket, Session], Coroutine[Any, Any, None]]


async def _listen(websocket: WebSocket, session: Session) -> None:
    """Say nothing."""


class _AsyncClient(HttpClient):  # type: ignore[misc]  # the SDK has no types
    """The official SDK over an HTTP client that may stay in this process."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        super().__init__(logging.getLogger(__name__), is_async=True)
        self._http = http

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as the SDK calls it
        allow_redirects: bool = False,
    ) -> SdkResponse:
        answer = await self._http.request(
            method, url, params=params, data=data, headers=headers, auth=auth or ("", "")
        )
        return SdkResponse(answer.status_code, answer.text, answer.headers)


class Caller:
    """The server under `PUBLIC`; it writes down what it is told and gives `documents`."""

    def __init__(self, behave: Behaviour = _listen) -> None:
        self.documents: dict[str, str] = {"/voice": CONNECT}
        self.kind = "text/xml"
        self.asked: list[tuple[str, str, dict[str, str], bool]] = []
        """Path, method, fields, and whether the signature was right."""
        self.sessions: list[Session] = []
        self._behave = behave
        self._changed = asyncio.Event()
        paths = ("/voice", "/more", "/status", "/stream-status", "/amd")
        self.app = Starlette(
            routes=[
                *(Route(path, self._webhook, methods=["GET", "POST"]) for path in paths),
                WebSocketRoute("/stream", self._stream),
            ]
        )

    async def _webhook(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        url = PUBLIC + request.url.path
        if request.url.query:
            url += f"?{request.url.query}"
        given = request.headers["x-twilio-signature"]
        right = RequestValidator(TOKEN).validate(url, form, given)
        fields = form or dict(request.query_params)
        self.asked.append((request.url.path, request.method, fields, right))
        self._changed.set()
        document = self.documents.get(request.url.path)
        if document is None:
            return Response(status_code=404 if request.url.path == "/more" else 204)
        return Response(document, media_type=self.kind)

    async def _stream(self, websocket: WebSocket) -> None:
        loop = asyncio.get_running_loop()
        session = Session(websocket.headers["x-twilio-signature"])
        self.sessions.append(session)
        await websocket.accept()
        async with asyncio.TaskGroup() as tasks:
            behaving = tasks.create_task(self._behave(websocket, session))
            try:
                while True:
                    text = await websocket.receive_text()
                    is_json = text.startswith("{") and text.endswith("}")
                    session.messages.append((loop.time(), json.loads(text) if is_json else text))
                    self._changed.set()
            except WebSocketDisconnect as gone:
                session.code = gone.code
            behaving.cancel()
        self._changed.set()

    async def until(self, happened: Callable[[], object], limit: float = 60.0) -> None:
        """Wait until something has happened here."""
        async with asyncio.timeout(limit):
            while not happened():
                self._changed.clear()
                await self._changed.wait()

    def statuses(self, path: str = "/status") -> list[str]:
        """The statuses that were told, in order."""
        return [fields["CallStatus"] for to, _, fields, _ in self.asked if to == path]

    async def until_status(self, status: str, limit: float = 60.0) -> dict[str, str]:
        """Wait for a status; what was told with it."""
        await self.until(lambda: status in self.statuses(), limit)
        return next(f for p, _, f, _ in self.asked if p == "/status" and f["CallStatus"] == status)


async def say(websocket: WebSocket, session: Session, sound: bytes) -> None:
    """Send sound at once."""
    media = {"payload": b64encode(sound).decode()}
    message = {"event": "media", "streamSid": session.stream, "media": media}
    await websocket.send_text(json.dumps(message))


async def tell(websocket: WebSocket, session: Session, event: str, **fields: str) -> None:
    """Send a message about the stream."""
    message = {"event": event, "streamSid": session.stream} | ({event: fields} if fields else {})
    await websocket.send_text(json.dumps(message))


def simulator(
    speech: Speech,
    dialogue: Mapping[str, Any],
    *faults: str,
    told: Callable[[Spoke], None] | None = None,
    calls: bool = True,
) -> TwilioSimulator:
    """Twilio with that agent behind it."""
    written = Dialogue.model_validate({**dialogue, "faults": list(faults)})
    ears = speech.transcriber("pocketsphinx/espeak", written.phrases)
    recipe = AgentRecipe.follows(written, ears, speech.voice("espeak/en-us"), told)
    return TwilioSimulator(recipe, calls=calls)


@asynccontextmanager
async def _at_work(twilio: TwilioSimulator, caller: Caller) -> AsyncIterator[Client]:
    web = LocalWeb()
    async with (
        web.serve(caller.app, "127.0.0.1", 0),
        in_process(twilio.web)("https://api.twilio.com") as http,
        twilio.working(web.http, web.dial),
    ):
        yield Client(SID, TOKEN, http_client=_AsyncClient(http))


def calling(
    twilio: TwilioSimulator,
    act: Callable[[Client, Caller], Awaitable[None]],
    behave: Behaviour = _listen,
) -> Caller:
    """Use the simulator in process, under virtual time; what the user's server saw."""
    seen: list[Caller] = []

    async def main() -> None:
        caller = Caller(behave)
        seen.append(caller)
        async with _at_work(twilio, caller) as client:
            await act(client, caller)

    run(main(), Clock.VIRTUAL)
    return seen[0]


async def place(client: Client, twiml: str = CONNECT, to: str = AGENT, **further: Any) -> Any:
    """Place a call that tells everything."""
    return await client.calls.create_async(
        to=to,
        from_=OURS,
        twiml=twiml,
        status_callback=f"{PUBLIC}/status",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
        **further,
    )
