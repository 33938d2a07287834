"""What a language calls things: number words, months, money, times, letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import regex

__all__ = ["Lexicon", "Negations", "Phrases"]

Phrases = Mapping[tuple[str, ...], str]
"""Words in order, and what they all stand for."""


@dataclass(frozen=True)
class Negations:
    """Verbs, and the words behind them that turn them round: can | not."""

    verbs: frozenset[str]
    words: frozenset[str]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The tables of one language; every word in it is in lower case, as `atoms` gives it."""

    tag: str
    numerals: Mapping[tuple[str, ...], int]
    """The numbers below 1,000 in words."""
    scales: Mapping[str, int]
    """Words that multiply what stands before them: thousand, million."""
    ordinals: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    ordinal_endings: frozenset[str] = frozenset()
    """What is written behind digits: th."""
    bare_scales: frozenset[str] = frozenset()
    """Scales that stand for one of them when nothing stands before: mil."""
    inner: frozenset[str] = frozenset()
    """Scales below a larger one that takes all of them: 千 before 万."""
    with_decimals: Mapping[str, str] = field(default_factory=dict)
    """Words for numbers that are not whole: anderthalb."""
    single_decimals: bool = False
    """Whether decimals are always read digit by digit."""
    unspaced: bool = False
    """Whether words follow digits without a space."""
    short_tenths: bool = False
    """Whether a single digit behind money is tenths of it: 十二块五."""
    hundreds_apart: bool = False
    """Whether hundreds may stand as a word of their own before the rest: tweehonderd vijftig."""
    inner_scales: tuple[str, ...] = ()
    """Scales that stand in the midst of a word: zweitausendfünf."""
    glued_scales: frozenset[str] = frozenset()
    """Scales that are written right behind digits: 5k."""
    joins: frozenset[str] = frozenset()
    """Words between the parts of a number: and."""
    ones: frozenset[str] = frozenset()
    """Words that are one in front of a scale: a hundred."""
    zeros: Mapping[str, str] = field(default_factory=dict)
    """Letters and words that are a digit among digits, and something else elsewhere: oh."""
    repeats: Mapping[str, int] = field(default_factory=dict)
    minus: frozenset[str] = frozenset()
    points: frozenset[str] = frozenset()
    """Words between a number and its decimals."""
    decimal: str = "."
    groups: str = ","
    """Characters between the thousands of a written number, besides spaces."""
    halves: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """What is added to a number: and a half."""
    fractions: Mapping[str, int] = field(default_factory=dict)
    """Denominators in words: thirds."""
    currencies: Mapping[str, str] = field(default_factory=dict)
    """Words, codes and signs of money, and the word that stands for all of them."""
    joined_money: bool = False
    """The same behind a word that joins: dodici euro e cinquanta."""
    percent_before: frozenset[str] = frozenset()
    """Words in front of a number that make it a share of a hundred."""
    short_money: bool = False
    """Whether hundredths may follow money without their unit: zwölf Euro fünfzig."""
    hundredths: Mapping[str, str] = field(default_factory=dict)
    """Words for hundredths of money, and the word that stands for all of them."""
    months: Mapping[str, int] = field(default_factory=dict)
    date_marks: tuple[str, str, str] | None = None
    """Signs behind year, month and day: 年月日."""
    weekdays: frozenset[str] = frozenset()
    of: frozenset[str] = frozenset()
    """Words around the day of a date: the, of."""
    day_first: bool = True
    """Whether 3/4 is the third of April."""
    range_words: frozenset[str] = frozenset()
    range_ends: frozenset[str] = frozenset()
    """Words behind a range that say nothing more: まで."""
    between: Mapping[str, str] = field(default_factory=dict)
    """Words before two numbers, and the one that then stands between them."""
    past: frozenset[str] = frozenset()
    to: frozenset[str] = frozenset()
    quarters: Mapping[str, int] = field(default_factory=dict)
    """Words for minutes of the clock: quarter, half."""
    minutes: frozenset[str] = frozenset()
    """The word for minutes, where it stands before past and to."""
    half_before: bool = False
    """Whether half with an hour is half an hour before it: halb zehn is 9:30."""
    clock: frozenset[str] = frozenset()
    """Words behind an hour: o'clock."""
    plus: frozenset[str] = frozenset()
    """Words between an hour and the minutes after it: las nueve y cuarto."""
    less: frozenset[str] = frozenset()
    """Words between an hour and the minutes before it: las diez menos cuarto."""
    before_hour: Mapping[str, int] = field(default_factory=dict)
    """Words that move the hour behind them by so many minutes."""
    hour_names: frozenset[str] = frozenset()
    """Words in front of an hour that say nothing: las."""
    hours: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Words that are a time: noon."""
    day_halves: Phrases = field(default_factory=dict)
    """Words behind an hour that say which half of the day it is in: in the afternoon."""
    day_halves_before: Phrases = field(default_factory=dict)
    """The same in front of an hour."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Abbreviations and forms of units behind a number."""
    separators: Mapping[str, str] = field(default_factory=dict)
    """Words for what stands between the parts of addresses and codes: dot."""
    at: frozenset[str] = frozenset()
    letters: Mapping[str, str] = field(default_factory=dict)
    """Words that are said for letters: bravo."""
    as_in: frozenset[tuple[str, ...]] = frozenset()
    """What stands between a letter and a word that begins with it."""
    compounds: Phrases = field(default_factory=dict)
    """Words that together stand for one: per cent."""
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that are written another way: contractions, spellings."""
    endings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Endings with an apostrophe, and the words that they may stand for."""
    short_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Abbreviations, and the words that they may stand for."""
    rewrites: Sequence[tuple[regex.Pattern[str], str]] = ()
    """Signs that are written in one piece with others, and how they are said."""
    ordinal_words: Mapping[str, int] = field(default_factory=dict)
    """Words that are a place in an order, and another word as well: second."""
    elided: frozenset[str] = frozenset()
    """What stands in front of an apostrophe as a word of its own: l', d'."""
    decades: Mapping[str, int] = field(default_factory=dict)
    """Words for ten years: eighties."""
    roman: Mapping[str, int] = field(default_factory=dict)
    """Numbers in letters: iv."""
    is_after: frozenset[str] = frozenset()
    """Words behind which 's is a verb; elsewhere it shows who owns something."""
    fillers: frozenset[str] = frozenset()
    """Sounds that count as nothing where the other side has none."""
    spellings: Sequence[tuple[regex.Pattern[str], str]] = ()
    """Endings of words that are written in two ways, and the one that both become."""
    symbols: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Signs that are read as words."""
    negations: Negations | None = None
    number_sign: str = "number"
    """The word that # is in front of a number."""
    dotted_ordinals: bool = False
    """Whether a place in an order is written with a point: 3."""
    digit_joints: frozenset[str] = frozenset()
    """Words between the parts of a telephone number: の."""
    part_of: tuple[str, ...] = ()
    """Words between what is below and above the line of a fraction: 分の."""
    part_before: Mapping[str, str] = field(default_factory=dict)
    """Words in front of a number that add to it: साढ़े तीन."""
    short_tail: bool = False
    """Whether a digit behind a scale is one of the next smaller: 一百五."""
    change: Mapping[str, int] = field(default_factory=dict)
    """Parts of money behind it, and how many make one: 角, 分."""
    earlier: frozenset[str] = frozenset()
    """Words behind minutes that are still to come: 八時十五分前."""
    less_first: frozenset[str] = frozenset()
    """Words in front of minutes that are still to come: 差十分九点."""
    pressed: frozenset[str] = frozenset()
    """Words in front of a key of a telephone: press *."""
    below: frozenset[str] = frozenset()
    """Words between degrees and the zero that they are below."""
    literal: bool = False
    """Whether a written number with a sign in it is compared as it stands."""
    folds_accents: bool = False
    """Whether letters with and without accents are the same."""

    @cached_property
    def longest(self) -> int:
        """Words of the longest number below 1,000, or place in an order."""
        return max(map(len, (*self.numerals, *self.ordinals)), default=0)
