from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from tests.suite.agents import CALLED, MOST, RUNNING
from voicetest import registry

WriteScenario = Callable[..., Path]


@pytest.fixture(autouse=True)
def rehearsed(monkeypatch: pytest.MonkeyPatch, cache_folder: Path) -> Iterator[None]:
    """The adapter of these tests beside the installed ones, and a cache of their own."""
    ours = EntryPoint("rehearsed", "tests.suite.agents:Rehearsed", registry.ADAPTERS)
    echoing = EntryPoint("echoing", "tests.suite.echoes:Echoing", registry.ADAPTERS)
    gone = EntryPoint("gone", "no_such_package:Adapter [gone]", registry.ADAPTERS)

    def installed(group: str) -> list[EntryPoint]:
        found = list(entry_points(group=group))
        return [*found, ours, echoing, gone] if group == registry.ADAPTERS else found

    registry.forget()
    monkeypatch.setattr(registry, "entry_points", installed)
    monkeypatch.setenv("VOICETEST_CACHE", str(cache_folder))
    CALLED.clear()
    MOST.clear()
    RUNNING.clear()
    yield
    registry.forget()


@pytest.fixture
def scenario(tmp_path: Path) -> WriteScenario:
    """Writes a scenario into a folder: a greeting that has to be `says`."""

    def write(
        name: str, *, says: str = "hello", agent: str = "", more: str = "", script: str = ""
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        steps = script or f"  - agent: {{says: {says}}}\n"
        path.write_text(
            f"version: 1\nagent:\n  adapter: rehearsed\n{agent}{more}"
            f"limits: {{patience: 100ms}}\nscript:\n{steps}",
            encoding="utf-8",
        )
        return path

    return write
