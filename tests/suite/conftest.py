from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.suite.agents import CALLED, MOST, RUNNING
from voicetest import registry

WriteScenario = Callable[..., Path]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an installed package, which any process finds that has it on its path."""
    folder = tmp_path_factory.mktemp("site")
    about = folder / "rehearsed-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: rehearsed\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        f"[{registry.ADAPTERS}]\n"
        "rehearsed = tests.suite.agents:Rehearsed\n"
        "echoing = tests.suite.echoes:Echoing\n"
        "gone = no_such_package:Adapter [gone]\n"
    )
    return folder


@pytest.fixture(autouse=True)
def rehearsed(monkeypatch: pytest.MonkeyPatch, cache_folder: Path, package: Path) -> Iterator[None]:
    """The adapter of these tests beside the installed ones, and a cache of their own."""
    registry.forget()
    monkeypatch.syspath_prepend(package)
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
