"""What `voicetest list-adapters` says about each line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from tests.calls import Scripted
from voicetest import registry
from voicetest.audio.chunk import INTERNAL, AudioFormat, Encoding
from voicetest.events import Dtmf, Event, Interrupted, TranscriptDelta, UserTurnEnded
from voicetest.report.catalogue import abilities, adapter_lines, voice_lines


@dataclass(frozen=True)
class Line:
    """A line that carries what a test says."""

    sends: frozenset[type[Event]] = frozenset()
    receives: frozenset[type[Event]] = frozenset()
    speaks: AudioFormat = AudioFormat(Encoding.MULAW, 8000)  # noqa: RUF009  # it is frozen
    hears: AudioFormat = INTERNAL
    continuous: bool = False
    paced: bool = False
    jitter_s: float = 0.0
    hears_between_turns: bool = True


class Phone(Scripted):
    """An adapter with every ability."""

    summary = "a telephone"
    typical = Line(frozenset({Dtmf, Interrupted}), frozenset({TranscriptDelta}))
    behaviour: Any = None


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


def test_a_line_is_described_by_four_words() -> None:
    assert abilities(Phone.typical) == {
        "live transcripts": True,
        "ends the user's turn itself": True,
        "keys": True,
        "native interrupt": True,
    }
    assert abilities(Line(sends=frozenset({UserTurnEnded}))) == {
        "live transcripts": False,
        "ends the user's turn itself": False,
        "keys": False,
        "native interrupt": False,
    }


def test_an_adapter_is_shown_with_its_formats_and_its_abilities(entries: list[EntryPoint]) -> None:
    entries.append(EntryPoint("phone", f"{__name__}:Phone", registry.ADAPTERS))
    lines = list(adapter_lines())
    assert lines[0].split(maxsplit=1) == ["phone", "a telephone"]
    assert lines[1].strip() == "speaks mulaw/8000, hears pcm16/24000"
    assert [line.split()[0] for line in lines[2:]] == ["yes"] * 4


def test_an_adapter_that_is_not_installed_says_what_it_needs(entries: list[EntryPoint]) -> None:
    entries.append(EntryPoint("far", "no_such_package:Adapter [far]", registry.ADAPTERS))
    entries.append(EntryPoint("phone", f"{__name__}:Phone", registry.ADAPTERS))
    far, *rest = adapter_lines()
    assert far.startswith("far ")
    assert "pip install 'voicetest[far]'" in far
    assert rest[0].startswith("phone ")


def test_the_built_in_adapters_and_voices_are_shown() -> None:
    lines = list(adapter_lines())
    for adapter in ("composable ", "websocket "):
        assert any(line.startswith(adapter) for line in lines)
    voices = list(voice_lines())
    assert any(line.startswith("espeak/…  voices: ") and "en-us" in line for line in voices)
    assert voices[-1].startswith("transcribers: ")
    assert "pocketsphinx" in voices[-1]


def test_a_voice_that_is_not_installed_says_what_it_needs(entries: list[EntryPoint]) -> None:
    entries.append(EntryPoint("cloud", "no_such_package:Voice [cloud]", registry.VOICES))
    voices = list(voice_lines())
    assert "pip install 'voicetest[cloud]'" in voices[0]
    assert voices[1:] == ["transcribers: "]
