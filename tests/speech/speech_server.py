"""A local server that answers as providers of speech do, and badly on request."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["PAGE", "Answer", "Asked", "Server", "error", "json_answer", "speech_server"]


@dataclass(frozen=True)
class Answer:
    """One answer."""

    body: bytes = b""
    status: int = 200
    media_type: str = "audio/pcm"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut_at: int | None = None
    """Break the connection after so many bytes of the body."""
    hang_up: bool = False
    """Break it before anything is said."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What it says as JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, bytes]:
        """The fields of a multipart form."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + self.body)
        found = {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            assert isinstance(name, str)
            assert isinstance(content, bytes)
            found[name] = content
        return found


@dataclass
class Server:
    """Where it is, and what it was asked so far."""

    url: str
    asked: list[Asked] = field(default_factory=list)


def json_answer(content: Any, status: int = 200, **more: Any) -> Answer:
    """An answer in JSON."""
    return Answer(json.dumps(content).encode(), status, "application/json", **more)


def error(status: int, code: str = "", words: str = "no", **more: Any) -> Answer:
    """A refusal in OpenAI's words."""
    content = {"error": {"message": words, "type": code, "param": None, "code": code}}
    return json_answer(content, status, **more)


PAGE = Answer(b"<!DOCTYPE html><html><body>Welcome</body></html>", media_type="text/html")


@contextmanager
def speech_server(*answers: Answer) -> Iterator[Server]:
    """Gives the answers in order, and the last one again and again."""
    lock = threading.Lock()
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the name http.server calls
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                found.asked.append(Asked(self.path, headers, body))
                answer = left[0] if len(left) == 1 else left.pop(0)
            self.answer(answer)

        def answer(self, answer: Answer) -> None:
            time.sleep(answer.delay_s)
            if answer.hang_up:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut_at])
            self.close_connection = answer.cut_at is not None

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Server(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
