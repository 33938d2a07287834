"""Looks over the installation: what is there, what is missing, and what to do about it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from voicetest import registry
from voicetest.adapters.base import Adapter
from voicetest.clock import Clock, run
from voicetest.real_loop import uvloop_version
from voicetest.report.begun import is_going
from voicetest.scenario.masking import Secrets
from voicetest.speech.cache import default_folder

__all__ = ["EXAMINATIONS", "Finding", "State", "examine"]

_OLDEST_PYTHON = (3, 11)
_KEYS_OF_LLMS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY")
"""What the language models are usually reached with: `llm:` of composable."""
_TUNNELS = ("cloudflared", "ngrok")
"""What makes this machine reachable for the webhooks of a platform."""
_PORT = 8765
"""Where `voicetest simulate` and webhooks usually listen."""
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)")


class State(StrEnum):
    """How serious a finding is."""

    FINE = "ok"
    ABSENT = "-"
    """Not there, and not needed by everybody."""
    WRONG = "wrong"
    """voicetest does not work as it is."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `detail` says what to do, never the value of a secret."""

    topic: str
    name: str
    state: State
    detail: str


Examination = Callable[[Path], Iterator[Finding]]
"""Looks at one topic; gets the folder in which runs are kept."""


def examine(runs: Path) -> list[Finding]:
    """Everything that was found, topic by topic."""
    mask = Secrets.of((), os.environ).mask
    found = (finding for look in EXAMINATIONS for finding in look(runs))
    return [replace(finding, detail=mask(finding.detail)) for finding in found]


def _python(runs: Path) -> Iterator[Finding]:
    new_enough = sys.version_info >= _OLDEST_PYTHON
    yield Finding(
        "python",
        platform.python_version(),
        State.FINE if new_enough else State.WRONG,
        sys.executable if new_enough else "voicetest needs 3.11 or newer",
    )


def _packages(runs: Path) -> Iterator[Finding]:
    """Only what is missing is worth a line."""
    needed = [
        found[1]
        for requirement in metadata.requires("voicetest") or ()
        if ";" not in requirement and (found := _REQUIREMENT.match(requirement))
    ]
    missing = [name for name in needed if not _is_installed(name)]
    for name in missing:
        yield Finding("packages", name, State.WRONG, f"not installed: pip install {name}")
    if not missing:
        yield Finding("packages", f"{len(needed)} of {len(needed)}", State.FINE, "installed")
    fast, use = uvloop_version(), "makes calls on the real clock cost less"
    there = f"{fast}; {use}" if fast else f"not installed; {use}: pip install 'voicetest[fast]'"
    yield Finding("packages", "uvloop", State.FINE if fast else State.ABSENT, there)


def _is_installed(package: str) -> bool:
    try:
        registry.version_of(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _adapters() -> Iterator[tuple[str, type[Adapter] | str]]:
    for name in registry.names(registry.ADAPTERS):
        try:
            yield name, registry.load(registry.ADAPTERS, name)
        except registry.NotInstalled as error:
            yield name, str(error)


def _lines(runs: Path) -> Iterator[Finding]:
    for name, kind in _adapters():
        if isinstance(kind, str):
            yield Finding("adapters", name, State.ABSENT, kind)
        else:
            yield Finding("adapters", name, State.FINE, kind.summary)


def _keys(runs: Path) -> Iterator[Finding]:
    """Whether they are set; their values are nobody's business."""
    users: dict[str, list[str]] = {name: ["llm: of composable"] for name in _KEYS_OF_LLMS}
    for adapter, kind in _adapters():
        for name in () if isinstance(kind, str) else kind.environment:
            users.setdefault(name, []).append(adapter)
    for name, used_by in sorted(users.items()):
        there = bool(os.environ.get(name, "").strip())
        state = State.FINE if there else State.ABSENT
        yield Finding("keys", name, state, f"{'set' if there else 'not set'}; {', '.join(used_by)}")


def _programs(runs: Path) -> Iterator[Finding]:
    uses = {"ffmpeg": "reads recordings that are not WAV"} | dict.fromkeys(
        _TUNNELS, "lets a platform reach this machine"
    )
    for name, use in uses.items():
        where = shutil.which(name)
        state = State.FINE if where else State.ABSENT
        yield Finding("programs", name, state, f"{where or 'not installed'}; {use}")


def _ports(runs: Path) -> Iterator[Finding]:
    """Whether this machine lets itself be called, and whether the usual port is free."""
    for port, name in ((0, "127.0.0.1"), (_PORT, f"127.0.0.1:{_PORT}")):
        try:
            with socket.create_server(("127.0.0.1", port)):
                yield Finding("ports", name, State.FINE, "can be listened on")
        except OSError as error:
            state = State.WRONG if port == 0 else State.ABSENT
            yield Finding("ports", name, state, f"cannot be listened on: {error.strerror}")


def _cache(runs: Path) -> Iterator[Finding]:
    folder = default_folder()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    told = "voices and transcripts are kept here" if writable else "cannot be written"
    yield Finding("cache", str(folder), State.FINE if writable else State.WRONG, told)


def _leftovers(runs: Path) -> Iterator[Finding]:
    """Runs that were killed, or are under way: they have calls and no run.json."""
    unfinished = sorted(
        folder
        for folder in (runs.iterdir() if runs.is_dir() else ())
        if folder.is_dir()
        and not folder.is_symlink()
        and not (folder / "run.json").exists()
        and next(folder.glob("*/events.jsonl"), None) is not None
    )
    for folder in unfinished:
        told = "not over" if is_going(folder) else "killed: voicetest report shows what it left"
        yield Finding("leftovers", str(folder), State.ABSENT, told)
    if not unfinished:
        yield Finding("leftovers", str(runs), State.FINE, "no unfinished run")


def _left_at_platforms(runs: Path) -> Iterator[Finding]:
    """What crashed runs have changed at platforms; it is put back here."""
    for _, kind in _adapters():
        for left in () if isinstance(kind, str) else run(kind.put_back(), Clock.REAL):
            state = State.FINE if left.settled else State.WRONG
            yield Finding("leftovers", left.name, state, left.words)


EXAMINATIONS: Sequence[Examination] = (
    _python,
    _packages,
    _lines,
    _keys,
    _programs,
    _ports,
    _cache,
    _leftovers,
    _left_at_platforms,
)
"""What is looked at, in this order."""
