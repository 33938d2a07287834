from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from voicetest.audio.chunk import AudioChunk, Samples
from voicetest.registry import UnknownName
from voicetest.speech.matching import contains
from voicetest.speech.transcribers.pocketsphinx import PocketsphinxTranscriber
from voicetest.speech.workers import Workers

Speak = Callable[[str, str], Samples]
VOICE = "en-us+f5"
PHRASES = (
    "charged twice",
    "4521",
    "refund*",
    "when will i get",
    "that is all",
    "voicetest pipecat",
)

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(size=1) as workers:
        yield workers


@pytest.fixture(scope="module")
def ears(workers: Workers) -> PocketsphinxTranscriber:
    return PocketsphinxTranscriber("", workers, PHRASES)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("I was charged twice for my March invoice.", "charged twice"),
        ("Yes, the invoice number is four five two one.", "4521"),
        ("Just the refund please.", "refund*"),
        ("When will I get the money?", "when will i get"),
        ("No, that is all, thank you.", "that is all"),
        ("I love voicetest pipecat very much.", "voicetest pipecat"),
    ],
)
def test_expected_phrases_are_heard_and_no_others(
    ears: PocketsphinxTranscriber, speak: Speak, text: str, phrase: str
) -> None:
    heard = asyncio.run(ears.transcribe(AudioChunk.of(speak(text, VOICE))))
    assert [p for p in PHRASES if contains(heard, p)] == [phrase], heard


@pytest.mark.parametrize(
    "text", ["The weather in Paris is lovely today.", "What time does the museum open?"]
)
def test_other_sentences_are_not_forced_into_phrases(
    ears: PocketsphinxTranscriber, speak: Speak, text: str
) -> None:
    heard = asyncio.run(ears.transcribe(AudioChunk.of(speak(text, VOICE))))
    assert heard
    assert [p for p in PHRASES if contains(heard, p)] == [], heard


def test_what_is_heard_does_not_depend_on_what_was_heard_before(
    workers: Workers, ears: PocketsphinxTranscriber, speak: Speak
) -> None:
    plain = PocketsphinxTranscriber("", workers)
    sounds = [AudioChunk.of(speak(text, VOICE)) for text in ("Cancel my order.", "No, thank you.")]
    for transcriber in (ears, plain):
        forwards = [asyncio.run(transcriber.transcribe(sound)) for sound in sounds]
        backwards = [asyncio.run(transcriber.transcribe(sound)) for sound in reversed(sounds)]
        assert forwards == backwards[::-1]


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(np.zeros(0, dtype=np.int16), id="nothing"),
        pytest.param(np.zeros(48_000, dtype=np.int16), id="silence"),
        pytest.param(np.full(48_000, 20, dtype=np.int16), id="almost silence"),
        pytest.param(np.full(2_000, 9_000, dtype=np.int16), id="a click"),
    ],
)
def test_silence_is_not_decoded(samples: Samples) -> None:
    closed = Workers()
    closed.close()
    transcriber = PocketsphinxTranscriber("", closed)
    assert asyncio.run(transcriber.transcribe(AudioChunk.of(samples))) == ""


def test_the_identity_tells_phrases_apart(workers: Workers) -> None:
    plain, one, other = (
        PocketsphinxTranscriber("", workers, phrases).identity
        for phrases in ((), ("yes", "no"), ("yes no",))
    )
    assert len({plain, one, other}) == 3


def test_an_unknown_model_is_refused(workers: Workers) -> None:
    with pytest.raises(UnknownName, match="pocketsphinx has no model 'klingon'"):
        PocketsphinxTranscriber("klingon", workers)


def test_a_prepared_transcriber_has_its_model_loaded(workers: Workers) -> None:
    ears = PocketsphinxTranscriber("", workers, ("refund",))
    started = time.perf_counter()
    asyncio.run(ears.prepare())
    prepared = time.perf_counter() - started
    started = time.perf_counter()
    asyncio.run(ears.prepare())
    assert time.perf_counter() - started < prepared / 2
