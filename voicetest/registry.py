"""Finds adapters, simulators, protocols, voices and the like by name, through entry points."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points, version
from typing import Any

__all__ = [
    "ADAPTERS",
    "EFFECTS",
    "PROTOCOLS",
    "SIMULATORS",
    "TRANSCRIBERS",
    "VOICES",
    "NotInstalled",
    "UnknownName",
    "forget",
    "load",
    "names",
    "nearest",
    "version_of",
]

ADAPTERS = "voicetest.adapters"
VOICES = "voicetest.voices"
TRANSCRIBERS = "voicetest.transcribers"
EFFECTS = "voicetest.effects"
PROTOCOLS = "voicetest.protocols"
SIMULATORS = "voicetest.simulators"


class UnknownName(LookupError):
    """No installed package registers that name; the text names the nearest one."""


class NotInstalled(ImportError):
    """The name is registered, but what it imports is missing; the text says what to install."""


@cache
def _entries(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in sorted(entry_points(group=group))}


def forget() -> None:
    """Look at the installed packages anew at the next call."""
    _entries.cache_clear()


@cache
def version_of(package: str) -> str:
    """The installed version of a package, read once."""
    return version(package)


def names(group: str) -> tuple[str, ...]:
    """The names registered in an entry-point group, sorted."""
    return tuple(_entries(group))


def nearest(name: str, candidates: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the candidate nearest to `name`, or an empty text."""
    found = difflib.get_close_matches(name, list(candidates), n=1, cutoff=0.6)
    return f" (did you mean '{found[0]}'?)" if found else ""


def load(group: str, name: str) -> Any:
    """Import what `name` stands for in an entry-point group.

    Raises UnknownName when nothing registers it and NotInstalled when its import fails.
    """
    word = group.rpartition(".")[2].removesuffix("s")
    entries = _entries(group)
    if name not in entries:
        known = ", ".join(entries) or "none"
        raise UnknownName(f"unknown {word} '{name}'{nearest(name, entries)}; installed: {known}")
    entry = entries[name]
    try:
        return entry.load()
    except ImportError as error:
        package = entry.dist.name if entry.dist else "voicetest"
        extra = f"'{package}[{'/'.join(entry.extras)}]'" if entry.extras else package
        missing = error.name or str(error)
        raise NotInstalled(
            f"the {word} '{name}' needs {missing}, which is not installed: pip install {extra}"
        ) from error
