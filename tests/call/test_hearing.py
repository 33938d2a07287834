from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from voicetest.audio.chunk import Samples
from voicetest.audio.vad import detect
from voicetest.call.hearing import Hearing, Speech

RATE = 24_000
FRAME = 480
Speak = Callable[[str, str], Samples]


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


def _hear(hearing: Hearing, sound: Samples) -> list[Speech | None]:
    """What was known after each frame."""
    known = []
    for at in range(0, len(sound) - FRAME + 1, FRAME):
        hearing.hear(sound[at : at + FRAME])
        known.append(hearing.speech)
    return known


def test_what_was_heard_live_is_what_is_found_afterwards(speak: Speak) -> None:
    noise = np.random.default_rng(3).normal(0, 60, RATE * 3).astype(np.int16)
    sound = np.concatenate(
        (
            _silence(7.3),
            speak("Where is my parcel?", "en-us"),
            _silence(4.21),
            noise,
            speak("It is on its way.", "en-us+f2"),
            _silence(9.5),
            speak("Yes.", "en-us"),
        )
    )
    sound = sound[: len(sound) // FRAME * FRAME]
    hearing = Hearing()
    _hear(hearing, sound)
    assert hearing.frames == len(sound)
    assert hearing.segments() == tuple(detect(sound))
    assert len(hearing.segments()) == 3


def test_what_is_heard_in_the_end_does_not_depend_on_how_it_was_cut(speak: Speak) -> None:
    parts = (_silence(1.3), speak("Where is my parcel?", "en-us"), _silence(0.7))
    noise = np.random.default_rng(3).normal(0, 60, RATE).astype(np.int16)
    sound = np.concatenate((*parts, noise, *parts, _silence(3.0)))
    sound = sound[: len(sound) // (FRAME * 35) * FRAME * 35]
    heard = []
    for frames in (1, 5, 7, 35):
        hearing = Hearing()
        for block in sound.reshape(-1, FRAME * frames):
            hearing.hear(block)
        heard.append((hearing.speech, hearing.segments(), hearing.besides_speech(0.0)))
    assert heard[0][2] is not None
    assert heard[1:] == heard[:1] * 3


def test_speech_is_known_soon_and_dated_back_to_where_it_began(speak: Speak) -> None:
    sound = np.concatenate((_silence(3.0), speak("How can I help you?", "en-us"), _silence(2.0)))
    known = _hear(Hearing(), sound)
    first = next(n for n, speech in enumerate(known) if speech is not None)
    assert 3.0 < (first + 1) * 0.02 < 3.25
    speech = known[first]
    assert speech is not None
    assert speech.start_s == pytest.approx(3.01, abs=0.02)
    assert speech.going_on
    last = known[-1]
    assert last is not None
    assert not last.going_on


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(
            np.random.default_rng(1).normal(0, 300, RATE * 3).astype(np.int16), id="comfort noise"
        ),
        pytest.param(
            (6_000 * np.sin(np.arange(RATE * 2) * 2 * np.pi * 1_000 / RATE)).astype(np.int16),
            id="beep",
        ),
    ],
)
def test_what_is_no_speech_is_none(sound: Samples) -> None:
    hearing = Hearing()
    assert set(_hear(hearing, sound)) == {None}


def test_digital_silence_is_next_to_free() -> None:
    hearing = Hearing()
    sound = _silence(600)
    began = time.process_time()
    _hear(hearing, sound)
    assert time.process_time() - began < 3.0  # 600 s of silence; 0.3 s on an idle machine
    assert not hearing.undecided
