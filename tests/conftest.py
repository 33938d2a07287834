from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from voicetest.audio.chunk import Samples
from voicetest.clock import Clock, run
from voicetest.scenario.learned import EVERY
from voicetest.speech.cache import Cache
from voicetest.speech.providers import Speech

settings.register_profile("shared machine", deadline=None, max_examples=60)
settings.load_profile("shared machine")

Speak = Callable[[str, str], Samples]


@pytest.fixture(autouse=True)
def _signals_stay_as_they_are() -> Iterator[None]:
    """A run that a signal ended keeps its handlers, as its process ends; this one goes on."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    formerly = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in formerly.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _secrets_are_those_of_one_test() -> Iterator[None]:
    """What one test calls a secret is a word in the message of another."""
    yield
    EVERY.texts = frozenset()


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A speech cache for the whole test run, so that each line is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def speech(cache_folder: Path) -> Iterator[Speech]:
    """Offline voices and transcribers."""
    with Speech(Cache(cache_folder)) as provider:
        yield provider


@pytest.fixture(scope="session")
def speak(speech: Speech) -> Speak:
    """Says a text in an espeak voice: int16 of shape (n,) at 24 kHz."""

    def say(text: str, voice: str = "en-us") -> Samples:
        async def synthesise() -> Samples:
            chunk = await speech.voice(f"espeak/{voice}").synthesise(text)
            return chunk.samples()

        return run(synthesise(), Clock.VIRTUAL)

    return say


@pytest.fixture(scope="session")
def voice(speak: Speak) -> Samples:
    """Some seconds of speech to cut from."""
    return speak("I am sorry about that and I will look into your invoice right now", "en-us")
