from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from voicetest.registry import UnknownName
from voicetest.speech.cache import Cache
from voicetest.speech.providers import Speech


def test_voices_and_transcribers_come_by_name(tmp_path: Path) -> None:
    with Speech(Cache(tmp_path)) as speech:
        voice = speech.voice("espeak/en-us+f2")
        ears = speech.transcriber("pocketsphinx", ["yes", "no"])
        assert (voice.name, voice.local) == ("espeak/en-us+f2", True)
        assert (ears.name, ears.local) == ("pocketsphinx", True)


def test_what_was_spoken_is_kept_for_the_next_run(tmp_path: Path) -> None:
    with Speech(Cache(tmp_path)) as speech:
        first = asyncio.run(speech.voice("espeak/en-us").synthesise("hello"))
    closed = Speech(Cache(tmp_path))
    closed.close()
    assert asyncio.run(closed.voice("espeak/en-us").synthesise("hello")) == first


@pytest.mark.parametrize("name", ["espeek/en-us", "espeak/en-uss", "espeak", ""])
def test_an_unknown_voice_is_an_unknown_name(tmp_path: Path, name: str) -> None:
    with Speech(Cache(tmp_path)) as speech, pytest.raises(UnknownName):
        speech.voice(name)


@pytest.mark.parametrize("name", ["pocketsphynx", "pocketsphinx/klingon"])
def test_an_unknown_transcriber_is_an_unknown_name(tmp_path: Path, name: str) -> None:
    with Speech(Cache(tmp_path)) as speech, pytest.raises(UnknownName):
        speech.transcriber(name)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("openai?language=de", "openai/?language=de"),
        ("openai/m?base_url=http://host/v1", "openai/m?base_url=http://host/v1"),
        ("litellm/groq/whisper?language=de", "litellm/groq/whisper?language=de"),
    ],
)
def test_a_name_may_have_slashes_and_options(tmp_path: Path, name: str, own: str) -> None:
    with Speech(Cache(tmp_path)) as speech:
        assert speech.transcriber(name).name == own
