"""Agents that tell back the key they were given, wherever an agent can say anything."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar, get_type_hints

import numpy as np
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.calls import Far, Scripted
from tests.scenario.disguised import DISGUISES
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Dtmf,
    Event,
    Failed,
    Hangup,
    Ignored,
    Leaving,
    Mark,
    Status,
    ToolCalled,
    ToolCancelled,
    Transcript,
    TranscriptDelta,
    Warned,
)
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.in_process import InProcess
from voicetest.scenario.values import Text

__all__ = ["PLACES", "Echoing", "echoing", "echoing_rest"]

_SAID: tuple[type[Event], ...] = (
    Transcript,
    TranscriptDelta,
    ToolCalled,
    ToolCancelled,
    Status,
    Mark,
    Dtmf,
    Warned,
    Ignored,
    AgentTurnEnded,
    Leaving,
)
PLACES = {
    "transcript": {"type": "transcript", "role": "assistant", "final": True, "text": "@"},
    "delta": {"type": "transcript", "role": "assistant", "final": False, "text": "@"},
    "understood": {"type": "transcript", "role": "user", "final": True, "text": "@"},
    "tool_name": {"type": "tool_call", "id": "1", "name": "@", "arguments": {}},
    "tool_id": {"type": "tool_call", "id": "@", "name": "x", "arguments": {}},
    "argument_name": {"type": "tool_call", "id": "2", "name": "x", "arguments": {"@": 1}},
    "argument": {"type": "tool_call", "id": "3", "name": "x", "arguments": {"a": ["@"]}},
    "cancelled": {"type": "tool_cancelled", "id": "@"},
    "unknown_type": {"type": "@", "more": 1},
    "unknown_text": "@",
    "error": {"type": "error", "message": "@"},
}
"""Messages of the json_audio protocol by what in them is the echo, `@`."""


@contextmanager
def echoing() -> Iterator[int]:
    """A server of calls at `/<disguise>/<what>`; gives its port.

    `call` echoes in every place of a call, and then as the reason of its end; `refuse` and
    `redirect` answer with HTTP.
    """

    def refuse(line: ServerConnection, request: Request) -> Response | None:
        _, disguise, what, *_ = request.path.partition("?")[0].split("/")
        echo = DISGUISES[disguise](_key(request))
        if what == "call":
            return None
        status = HTTPStatus.FOUND if what == "redirect" else HTTPStatus.UNAUTHORIZED
        answer = line.respond(status, f"refused {echo}\n")
        answer.headers["Location"] = f"https://elsewhere/{echo}/redirect?token={echo}&b={echo}"
        answer.headers["X-Echo"] = echo
        return answer

    with serve(_call, "127.0.0.1", 0, process_request=refuse) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.socket.getsockname()[1]
        server.shutdown()


@contextmanager
def echoing_rest() -> Iterator[int]:
    """A server that refuses requests at `/<disguise>`, as JSON; gives its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


class _Refusing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        key = self.headers["Authorization"].removeprefix("Bearer ")
        body = json.dumps({"message": f"rest.{DISGUISES[self.path.split('/')[1]](key)}"}).encode()
        self.send_response(HTTPStatus.UNAUTHORIZED)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as it is overridden
        """Requests are nobody's business."""


def _key(request: Request) -> str:
    headers: Headers = request.headers
    *_, last = headers.get_all("Authorization")
    return last.removeprefix("Bearer ")


def _call(line: ServerConnection) -> None:
    request = line.request
    assert request is not None
    echo = DISGUISES[request.path.split("/")[1]](_key(request))
    tone = np.sin(np.arange(12_000) * 0.1) * 8000
    sound = base64.b64encode(tone.astype("<i2").tobytes()).decode()
    try:
        for place, message in PLACES.items():
            if isinstance(message, str):
                line.send(echo)
            else:
                line.send(json.dumps(_filled(message, f"{place}.{echo}")))
        line.send(json.dumps({"type": "audio", "audio": sound}))
        line.send(json.dumps({"type": "turn_end"}))
        line.close(1011, f"close.{echo}")
    except ConnectionClosed:
        return


def _filled(value: Any, echo: str) -> Any:
    match value:
        case "@":
            return echo
        case dict():
            return {_filled(k, echo): _filled(v, echo) for k, v in value.items()}
        case list():
            return [_filled(item, echo) for item in value]
        case _:
            return value


@dataclass(frozen=True)
class Talkative(InProcess):
    """A line on which an agent and its platform may say all that they can say on any."""

    @property
    def sends(self) -> frozenset[type[Event]]:
        """What is said at this end."""
        said = frozenset({*_SAID, AgentTurnStarted, Failed, Hangup})
        return super().sends if self.end is End.CLIENT else super().sends | said

    @property
    def receives(self) -> frozenset[type[Event]]:
        """What is said at the other end."""
        return Talkative(self.end.other).sends


class Echoing(Scripted):
    """Says everything with its key in each text, and then `ends` as told."""

    summary: ClassVar[str] = "for tests"
    typical: ClassVar[Capabilities] = Talkative(End.CLIENT)
    codec: ClassVar[Callable[[End], InProcess]] = Talkative
    behaviour: Any = None
    key: Text
    ends: Text = "hangup"

    async def _behave(self, line: Far) -> None:
        await line.send(AgentTurnStarted())
        for disguise in DISGUISES.values():
            for kind in _SAID:
                await line.send(_event(kind, disguise(self.key)))
        await line.send(AgentTurnEnded())
        await self._end(line, " ".join(disguise(self.key) for disguise in DISGUISES.values()))
        await asyncio.sleep(1000)

    async def _end(self, line: Far, echoes: str) -> None:
        match self.ends:
            case "crash":
                raise ZeroDivisionError(echoes)
            case "failure":
                await line.send(Failed("broken", echoes, fatal=True))
            case _:
                await line.send(Hangup(1000, echoes, normal=False))


def _event(kind: type[Any], echo: str) -> Event:
    """An event with the echo in each text of it."""
    hints = get_type_hints(kind)
    texts = {
        field.name: f"{kind.__name__}.{echo}"
        for field in fields(kind)
        if hints[field.name] in (str, str | None)
    }
    given: dict[str, Any] = {"by": "agent", "fields": {echo: [echo]}}
    known = {name: value for name, value in given.items() if name in hints}
    made: Event = kind(**texts | known)
    return made
