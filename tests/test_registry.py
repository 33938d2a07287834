from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from voicetest import registry


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """Entry points that replace the installed ones for a test."""
    found: list[EntryPoint] = []

    def entry_points(group: str) -> list[EntryPoint]:
        return [entry for entry in found if entry.group == group]

    registry.forget()
    monkeypatch.setattr(registry, "entry_points", entry_points)
    yield found
    registry.forget()


def test_built_in_adapters_come_through_entry_points() -> None:
    assert "composable" in registry.names(registry.ADAPTERS)
    assert "espeak" in registry.names(registry.VOICES)


def test_an_unknown_name_is_told_the_nearest_one() -> None:
    with pytest.raises(registry.UnknownName, match=r"adapter 'composible'.*did you mean 'composa"):
        registry.load(registry.ADAPTERS, "composible")


def test_a_name_far_from_all_is_told_what_is_installed(entries: list[EntryPoint]) -> None:
    entries.append(EntryPoint("livekit", "json:loads", registry.ADAPTERS))
    with pytest.raises(registry.UnknownName, match="installed: livekit"):
        registry.load(registry.ADAPTERS, "zzz")


def test_a_missing_import_says_what_to_install(entries: list[EntryPoint]) -> None:
    entries.append(
        EntryPoint("livekit", "no_such_package_anywhere:Adapter [livekit]", registry.ADAPTERS)
    )
    with pytest.raises(registry.NotInstalled, match=r"pip install 'voicetest\[livekit\]'"):
        registry.load(registry.ADAPTERS, "livekit")


def test_a_registered_object_is_loaded(entries: list[EntryPoint]) -> None:
    entries.append(EntryPoint("dumps", "json:dumps", registry.VOICES))
    loaded: Any = registry.load(registry.VOICES, "dumps")
    assert loaded([1]) == "[1]"
