from __future__ import annotations

import numpy as np

from voicetest.speech.adaptation.corpus import VOICES, Utterance, corpus, spoken

WORDS = [f"word{number}" for number in range(5_000)]


def test_the_same_seed_draws_the_same_utterances() -> None:
    assert list(corpus(3, 20, WORDS)) == list(corpus(3, 20, WORDS))
    assert list(corpus(3, 20, WORDS)) != list(corpus(4, 20, WORDS))


def test_voices_lengths_and_lines_vary() -> None:
    drawn = list(corpus(1, 600, WORDS))
    assert {utterance.voice for utterance in drawn} == set(VOICES)
    assert {len(utterance.text.split()) for utterance in drawn} == set(range(1, 10))
    assert 0.25 < sum(utterance.by_phone for utterance in drawn) / 600 < 0.42


def test_half_of_the_words_are_frequent_ones() -> None:
    drawn = [word for utterance in corpus(1, 600, WORDS) for word in utterance.text.split()]
    frequent = sum(WORDS.index(word) < 2_000 for word in drawn) / len(drawn)
    # The other half is drawn from all words, of which two fifths are as frequent.
    assert 0.65 < frequent < 0.75


def test_a_spoken_utterance_is_sound_at_16_khz_and_by_phone_without_its_upper_half() -> None:
    wide, narrow = (
        Utterance("six sheep sat", "gmw/en-US", 165, by_phone) for by_phone in (False, True)
    )
    (text, by_ear), (_, by_phone) = spoken([wide, narrow])
    assert text == "six sheep sat"
    assert 1 < len(by_ear) / 32_000 < 2
    assert len(by_phone) == len(by_ear)

    def above_4_khz(sound: bytes) -> float:
        power = np.abs(np.fft.rfft(np.frombuffer(sound, "<i2").astype(np.float64))) ** 2
        return float(power[len(power) // 2 :].sum() / power.sum())

    assert above_4_khz(by_ear) > 0.05
    assert above_4_khz(by_phone) < 0.001
