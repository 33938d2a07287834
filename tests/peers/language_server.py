"""A client of the language server behind the YAML extension of VS Code, over its standard streams.

Protocol: Language Server Protocol 3.17.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

__all__ = ["Editor", "editor"]

_SETTINGS = {
    "yaml": {
        "schemaStore": {"enable": False},  # nothing is asked of the network
        "hover": True,
        "completion": True,
        "validate": True,
    }
}


class Editor:
    """Opens files and asks about places in them; lines and characters count from 0."""

    def __init__(self, to_server: IO[bytes], from_server: IO[bytes]) -> None:
        self._to_server = to_server
        self._from_server = from_server
        self._asked = 0
        self._found: dict[str, list[Any]] = {}
        """The diagnostics of each file, set whenever the server publishes them."""

    def start(self, root: Path) -> None:
        """Introduce itself with the settings of the extension."""
        able = {
            "workspace": {"configuration": True},
            "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}},
        }
        start = {"processId": os.getpid(), "rootUri": root.as_uri(), "capabilities": able}
        self._ask("initialize", start)
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": _SETTINGS})

    def open(self, path: Path, text: str | None = None) -> str:
        """Open a file, or a text as if it stood there; gives its address."""
        shown = path.read_text(encoding="utf-8") if text is None else text
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": shown}
        self._tell("textDocument/didOpen", {"textDocument": document})
        return path.as_uri()

    def hover(self, uri: str, line: int, character: int) -> str:
        """What is shown when the pointer rests there."""
        found = self._ask("textDocument/hover", _place(uri, line, character))
        return str(found["contents"]["value"]) if found else ""

    def completions(self, uri: str, line: int, character: int) -> set[str]:
        """What could be typed there."""
        found = self._ask("textDocument/completion", _place(uri, line, character))
        return {item["label"] for item in found["items"]}

    def problems(self, uri: str) -> list[tuple[int, str]]:
        """Line and message of everything that is underlined in a file."""
        while uri not in self._found:
            self._take(self._read())
        return [(found["range"]["start"]["line"], found["message"]) for found in self._found[uri]]

    def _ask(self, method: str, params: Any) -> Any:
        self._asked += 1
        self._write({"id": self._asked, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == self._asked and "method" not in message:
                return message["result"]
            self._take(message)

    def _take(self, message: Any) -> None:
        """Answer what the server asks, keep what it publishes."""
        match message:
            case {"method": "textDocument/publishDiagnostics", "params": params}:
                self._found[params["uri"]] = params["diagnostics"]
            case {"method": "workspace/configuration", "id": asked, "params": params}:
                wanted = [_SETTINGS.get(item.get("section", ""), {}) for item in params["items"]]
                self._write({"id": asked, "result": wanted})
            case {"method": _, "id": asked}:
                self._write({"id": asked, "result": None})
            case _:
                pass

    def _tell(self, method: str, params: Any) -> None:
        self._write({"method": method, "params": params})

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to_server.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._to_server.flush()

    def _read(self) -> Any:
        length = 0
        while line := self._from_server.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server has ended"
        return json.loads(self._from_server.read(length))


def _place(uri: str, line: int, character: int) -> dict[str, Any]:
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
    }


@contextmanager
def editor(command: list[str], root: Path) -> Iterator[Editor]:
    """An editor with a language server of its own, which is ended with it."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            found = Editor(process.stdin, process.stdout)
            found.start(root)
            yield found
        finally:
            process.kill()
