"""How well the offline ears hear offline voices, and how far that decides expectations rightly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.benchmarks.hearing import heard
from tests.benchmarks.sentences import SENTENCES, Sentence
from voicetest.checks.expectations import Spoken, judge_spoken
from voicetest.scenario.expectations import Expectations
from voicetest.speech.matching import word_errors
from voicetest.speech.providers import Speech

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

ADAPTED, STOCK = "pocketsphinx/espeak", "pocketsphinx"
AMERICAN = ("en-us", "en-us+f2", "en-us+m3")
UNTRAINED = ("en-us+m1", "en-us+m6")
BRITISH = ("en",)
TEXTS = [sentence.text for sentence in SENTENCES]


def _error_rate(hypotheses: list[str]) -> float:
    """Errors over words of all sentences together."""
    counted = [word_errors(text, heard) for text, heard in zip(TEXTS, hypotheses, strict=True)]
    return sum(errors for errors, _ in counted) / sum(words for _, words in counted)


def test_words_are_heard(speech: Speech) -> None:
    print(f"\nword error rate, {len(TEXTS)} sentences that no training saw")
    print(f"{'voice':12}{'adapted':>10}{'µ-law':>10}{'stock':>10}{'µ-law':>10}")
    rates: dict[tuple[str, str, bool], float] = {}
    for voice in (*AMERICAN, *UNTRAINED, *BRITISH):
        row = []
        for model in (ADAPTED, STOCK):
            for by_phone in (False, True):
                texts = heard(speech, model, voice, TEXTS, by_phone=by_phone)
                rates[model, voice, by_phone] = rate = _error_rate(texts)
                row.append(f"{rate:10.1%}")
        print(f"{voice:12}{''.join(row)}", flush=True)
    american = (*AMERICAN, *UNTRAINED)
    assert max(rates[ADAPTED, voice, False] for voice in american) <= 0.08
    assert max(rates[ADAPTED, voice, True] for voice in american) <= 0.12


Case = tuple[dict[str, Any], dict[str, Any]]
"""An expectation about what the sentence says, and one about what it nearly says."""


def _changed(text: str) -> str:
    """Every third word another one."""
    return " ".join("elephant" if at % 3 == 0 else word for at, word in enumerate(text.split()))


def _pattern(phrase: str) -> str:
    words = phrase.replace("Doctor", "(doctor|dr)")
    return rf"\b{words}\b"


KINDS: Mapping[str, Callable[[Sentence], Case]] = {
    "says": lambda s: ({"says": s.phrase}, {"says": s.near_miss}),
    "says_any": lambda s: (
        {"says_any": ["purple elephants", s.phrase]},
        {"says_any": ["purple elephants", s.near_miss]},
    ),
    "never_says": lambda s: ({"never_says": s.phrase}, {"never_says": s.near_miss}),
    "matches": lambda s: ({"matches": _pattern(s.phrase)}, {"matches": _pattern(s.near_miss)}),
    "similar_to": lambda s: ({"similar_to": s.text}, {"similar_to": _changed(s.text)}),
}


@dataclass
class Truth:
    """What was found in the agent's words, against what was really said."""

    found: int = 0
    imagined: int = 0
    missed: int = 0

    def count(self, found: bool, *, said: bool) -> None:
        """One verdict."""
        self.found += found and said
        self.imagined += found and not said
        self.missed += said and not found

    @property
    def precision(self) -> float:
        """Share of what was found that was said."""
        return self.found / (self.found + self.imagined)

    @property
    def recall(self) -> float:
        """Share of what was said that was found."""
        return self.found / (self.found + self.missed)


def _finds(expected: dict[str, Any], text: str) -> bool:
    (verdict,) = judge_spoken(Expectations.model_validate(expected), Spoken([text], ()))
    return verdict.passed != ("never_says" in expected)


def test_expectations_are_decided_rightly(speech: Speech) -> None:
    turns = len(AMERICAN) * len(SENTENCES)
    print(f"\n{turns} agent turns clean, {turns} by phone; half of the phrases were said")
    print(f"{'':12}{'precision':>10}{'µ-law':>10}{'recall':>10}{'µ-law':>10}")
    truths = {(kind, by_phone): Truth() for kind in KINDS for by_phone in (False, True)}
    for voice in AMERICAN:
        for by_phone in (False, True):
            texts = heard(speech, ADAPTED, voice, TEXTS, by_phone=by_phone)
            for sentence, text in zip(SENTENCES, texts, strict=True):
                _judge(sentence, text, truths, by_phone=by_phone)
    for kind in KINDS:
        clean, by_phone_too = truths[kind, False], truths[kind, True]
        figures = (clean.precision, by_phone_too.precision, clean.recall, by_phone_too.recall)
        print(f"{kind:12}{''.join(f'{figure:10.1%}' for figure in figures)}")
    for kind in KINDS:
        assert truths[kind, False].precision >= 0.99, kind
        assert truths[kind, False].recall >= 0.95, kind


def _judge(
    sentence: Sentence, text: str, truths: Mapping[tuple[str, bool], Truth], *, by_phone: bool
) -> None:
    for kind, case in KINDS.items():
        # A pattern sees the text as the transcriber wrote it: lower case, numbers in words.
        if kind == "matches" and not sentence.phrase.replace(" ", "").isalpha():
            continue
        for expected, said in zip(case(sentence), (True, False), strict=True):
            found = _finds(expected, text)
            truths[kind, by_phone].count(found, said=said)
            if found != said:
                print(f"  wrong: {kind} {expected[kind]!r} of {text!r}")
