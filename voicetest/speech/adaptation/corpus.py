"""What the adapted model learns from: random words in many voices, part of them by telephone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from voicetest.audio.chunk import INTERNAL
from voicetest.audio.g711 import over_the_phone
from voicetest.audio.resample import resample
from voicetest.speech.voices.espeak_library import speak

__all__ = ["RATE", "SpokenText", "Utterance", "corpus", "spoken"]

RATE = 16_000
"""Samples a second that the recogniser takes."""

AMERICAN, BRITISH = "gmw/en-US", "gmw/en"
VARIANTS = ("f1", "f2", "f2", "f3", "f4", "f5", "f5", "m2", "m3", "m4", "m5", "m7")
VOICES = (
    *[AMERICAN] * 4,
    *(f"{AMERICAN}+{variant}" for variant in VARIANTS),
    *[BRITISH] * 3,
    *(f"{BRITISH}+{variant}" for variant in ("f2", "m3")),
)
"""Files of espeak voices, as often as each is drawn; `m1` and `m6` are left to be tested with."""
WORDS_A_MINUTE = (140, 165, 165, 190)
LONGEST = 9
FREQUENT = 2_000
FREQUENT_SHARE = 1 / 2
PHONE_SHARE = 1 / 3

SpokenText = tuple[str, bytes]
"""The words, and PCM16 mono at 16 kHz."""


@dataclass(frozen=True)
class Utterance:
    """A text, and how it is said: voice file, words a minute, through a µ-law line or not."""

    text: str
    voice: str
    words_a_minute: int
    by_phone: bool


def corpus(seed: int, size: int, words: Sequence[str]) -> Iterator[Utterance]:
    """`size` utterances of one to nine of the `words`, which stand there commonest first."""
    random = Random(seed)
    for _ in range(size):
        drawn = [
            random.choice(words[:FREQUENT] if random.random() < FREQUENT_SHARE else words)
            for _ in range(random.randint(1, LONGEST))
        ]
        yield Utterance(
            " ".join(drawn),
            random.choice(VOICES),
            random.choice(WORDS_A_MINUTE),
            random.random() < PHONE_SHARE,
        )


def spoken(utterances: Sequence[Utterance]) -> tuple[SpokenText, ...]:
    """Each text with its sound; work for a process that may load espeak."""
    return tuple((utterance.text, _sound(utterance)) for utterance in utterances)


def _sound(utterance: Utterance) -> bytes:
    said = speak(utterance.voice, utterance.text, utterance.words_a_minute)
    samples = np.frombuffer(said.data, dtype="<i2")
    if utterance.by_phone:
        samples = over_the_phone(samples, INTERNAL.rate)
    return resample(samples, INTERNAL.rate, RATE).astype("<i2").tobytes()
