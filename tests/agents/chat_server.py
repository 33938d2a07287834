"""A local server that speaks OpenAI's chat completions over HTTP, well and badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["WAIT_LIMIT_S", "Served", "chat_server"]

WAIT_LIMIT_S = 20.0


@dataclass(frozen=True)
class Served:
    """What the server does with one request; without a `body` it answers as a model would."""

    text: str = ""
    tools: Sequence[tuple[str, str]] = ()
    """Names and arguments (JSON text) of the tools that the model wants to be called."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    kind: str = "application/json"
    gates: Mapping[int, threading.Event] = field(default_factory=dict)
    """What is waited for before the piece of that number is streamed."""
    cut_after: int | None = None
    """The connection is closed after so many pieces of a stream."""
    ends: bool = True
    """Whether a stream says that it is over; else it is just closed in good order."""


@contextmanager
def chat_server(
    replies: Sequence[str | Served | Callable[[Any], str | Served]], status: int = 200
) -> Iterator[tuple[str, list[Any]]]:
    """Its base URL, and the requests it got so far; it gives the replies in order.

    A reply may be what makes one of the request. Without replies it answers every request with
    `status`.
    """
    requests: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the name http.server calls
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = json.loads(body)
            requests.append(asked)
            reply = replies[len(requests) - 1] if replies else Served(status=status)
            if callable(reply):
                reply = reply(asked)
            served = Served(reply) if isinstance(reply, str) else reply
            if served.status != 200 or served.body is not None:
                self._send(served, served.body or b"{}")
            elif asked.get("stream"):
                self._stream(served)
            else:
                self._send(served, json.dumps(_completion(served)).encode())

        def _send(self, served: Served, body: bytes) -> None:
            self.send_response(served.status)
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", served.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, served: Served) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for number, piece in enumerate(_pieces(served)):
                if number in served.gates:
                    served.gates[number].wait(WAIT_LIMIT_S)
                if number == served.cut_after:
                    self.close_connection = True
                    return
                self._chunk(b"data: " + piece + b"\n\n")
            self._chunk(b"")

        def _chunk(self, data: bytes) -> None:
            try:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            except OSError:  # who asked has hung up
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    with _running(Handler) as url:
        yield url, requests


@contextmanager
def _running(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _completion(served: Served) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": served.text}
    if served.tools:
        message["tool_calls"] = [
            {
                "id": f"call_{number}",
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for number, (name, arguments) in enumerate(served.tools)
        ]
    choice = {"index": 0, "finish_reason": _end(served), "message": message}
    return {**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _usage(served)}


def _pieces(served: Served) -> Iterator[bytes]:
    """A word at a time; the arguments of tools in pieces of three characters, side by side."""
    for number, word in enumerate(served.text.split()):
        yield _delta({"content": f" {word}" if number else word})
    for number, (name, _) in enumerate(served.tools):
        use = {"id": f"call_{number}", "type": "function"}
        yield _delta(
            {"tool_calls": [{"index": number, **use, "function": {"name": name, "arguments": ""}}]}
        )
    longest = max((len(arguments) for _, arguments in served.tools), default=0)
    for start in range(0, longest, 3):
        for number, (_, arguments) in enumerate(served.tools):
            part = {"index": number, "function": {"arguments": arguments[start : start + 3]}}
            yield _delta({"tool_calls": [part]})
    if served.ends:
        yield _delta({}, _end(served))
        yield _chunk([], usage=_usage(served))
        yield b"[DONE]"


def _end(served: Served) -> str:
    return "tool_calls" if served.tools else "stop"


_HEAD = {"id": "chatcmpl-1", "created": 1, "model": "small"}


def _delta(delta: Mapping[str, Any], end: str | None = None) -> bytes:
    return _chunk([{"index": 0, "delta": delta, "finish_reason": end}])


def _chunk(choices: Sequence[Mapping[str, Any]], **more: Any) -> bytes:
    chunk = {**_HEAD, "object": "chat.completion.chunk", "choices": choices, **more}
    return json.dumps(chunk).encode()


def _usage(served: Served) -> dict[str, int]:
    words = len(served.text.split())
    return {"prompt_tokens": 10, "completion_tokens": words, "total_tokens": 10 + words}
