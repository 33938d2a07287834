"""Number words among the parts of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from voicetest.speech.words.atoms import Atom, Mark, Number, Ordinal, Word
from voicetest.speech.words.lexicon import Lexicon

__all__ = ["counted"]


def counted(atoms: Sequence[Atom], lexicon: Lexicon) -> list[Atom]:
    """The atoms with each number in words, and each place in an order, as one."""
    found: list[Atom] = []
    at = 0
    while at < len(atoms):
        read = _Reading(atoms, lexicon, at)
        atom, end = read.ordinal() or read.number() or (atoms[at], at + 1)
        found.append(atom)
        at = end
    return found


@dataclass(frozen=True)
class _Reading:
    """One place in a text at which a number may begin."""

    atoms: Sequence[Atom]
    lexicon: Lexicon
    at: int

    def ordinal(self) -> tuple[Ordinal, int] | None:
        """`14th`, `fourteenth`, `twenty first`."""
        first, glued = self.atoms[self.at], self.atoms[self.at].glued
        if isinstance(first, Number) and first.written and self.at + 1 < len(self.atoms):
            match self.atoms[self.at + 1]:
                case Word(ending, glued=True) if ending in self.lexicon.ordinal_endings:
                    if first.digits:
                        return Ordinal(int(first.value), glued), self.at + 2
                case _:
                    pass
        words = self._words(self.at)
        for length in range(len(words), 0, -1):
            value = self._place(words[:length])
            if value and not self.lexicon.quarters.keys() & set(words[:length]):
                return Ordinal(value, glued), self.at + self._width(self.at, length)
        return None

    def _place(self, words: tuple[str, ...]) -> int:
        """The place in an order that words name, hundreds before it included; 0 for none."""
        value = self.lexicon.ordinals.get(words, 0)
        for head in range(1, 0 if value else len(words)):
            hundreds = self.lexicon.numerals.get(words[:head], 0)
            rest = words[head + (words[head] in self.lexicon.joins) :]
            below = self.lexicon.ordinals.get(rest, 0)
            if hundreds and hundreds % 100 == 0 and below:
                return hundreds + below
        return value

    def number(self) -> tuple[Number, int] | None:
        """`two hundred and five`, `3 million`, `half a million`."""
        group = self._halved(
            self._with_decimals(self._half_scale(self.at) or self._group(self.at) or self._bare())
        )
        if group is None:
            return None
        value, end, spoken = group
        glued = self.atoms[self.at].glued
        total, section, last_scale = Decimal(0), Decimal(0), Decimal("inf")
        while True:
            scale, after = self._scale(end)
            word = self._text(end)
            if scale is not None and word in self.lexicon.inner:
                section, end, spoken, value = section + value * scale, after, True, Decimal(0)
            elif scale is not None and scale < last_scale:
                total, last_scale = total + (section + value) * scale, Decimal(scale)
                section, value, end, spoken = Decimal(0), Decimal(0), after, True
            else:
                break
            if self._text(end) in self.lexicon.scales:
                continue
            half = self._half(end)
            if half is not None:
                total, end = total + half[0] * last_scale, half[1]
                break
            more = self._group(self._joined(end)) or self._behind_comma(end)
            written = more is not None and not more[2] and not self.lexicon.unspaced
            if more is None or more[0] >= last_scale or (written and total % 1 == 0):
                break
            if self._is_tail(end, more, Decimal(scale)):
                value, end = more[0] * scale / 10, more[1]
                break
            value, end, spoken = more[0], more[1], True
        if not spoken and not total:
            return None
        total += section + value
        if total % 1 == 0:
            total, end, _ = self._decimals(total, end, spoken=spoken)
        if end == self.at:
            return None
        digits = str(int(total)) if total == int(total) else ""
        return Number(total, digits, False, glued), end

    def _with_decimals(
        self, group: tuple[Decimal, int, bool] | None
    ) -> tuple[Decimal, int, bool] | None:
        """`two point oh five`, `point five`: decimals are read digit by digit."""
        start = self.at + (group is None and self._text(self.at) in self.lexicon.zeros)
        value, end, spoken = (Decimal(0), start, False) if group is None else group
        if value % 1:
            return group
        found = self._decimals(value, end, spoken=spoken)
        return group if found[1] == end else found

    def _decimals(self, whole: Decimal, at: int, *, spoken: bool) -> tuple[Decimal, int, bool]:
        """The decimals behind a whole number that ends there, if there are any."""
        unchanged = whole, at, spoken
        if self._text(at) not in self.lexicon.points:
            return unchanged
        at += 1
        decimals = ""
        while True:
            digit = self._digits(at, first=not decimals)
            if digit is None:
                break
            decimals, at = decimals + digit[0], digit[1]
        if not decimals or self._text(at) in self.lexicon.minutes:
            return unchanged
        return Decimal(f"{whole:f}.{decimals}"), at, True

    def _digits(self, at: int, *, first: bool) -> tuple[str, int] | None:
        """One decimal, or all of them where they are read as one number."""
        match self.atoms[at : at + 1]:
            case [Word(text)] if text in self.lexicon.zeros:
                return self.lexicon.zeros[text], at + 1
            case [Number(digits=said, written=True)] if said and first:
                return said, at + 1
            case _:
                group = self._group(at)
        alone = not first or self.lexicon.single_decimals
        if group is None or not group[2] or (group[0] > 9 and alone):
            return None
        return f"{group[0]:f}", group[1]

    def _bare(self) -> tuple[Decimal, int, bool] | None:
        """One, unsaid in front of a scale: mil, tausend."""
        match self.atoms[self.at : self.at + 1]:
            case [Word(text)] if text in self.lexicon.bare_scales:
                return Decimal(1), self.at, True
            case _:
                return None

    def _behind_comma(self, at: int) -> tuple[Decimal, int, bool] | None:
        """`one million, two hundred thousand`: hundreds may stand behind a comma, units may not."""
        match self.atoms[at : at + 1]:
            case [Mark(",", glued=True)]:
                group = self._group(at + 1)
            case _:
                return None
        if group is None or not group[2]:
            return None
        return group if group[0] >= 100 or self._scale(group[1])[0] else None

    def _joined(self, at: int) -> int:
        """Behind a word that joins the parts of a number, if there is one."""
        match self.atoms[at : at + 1]:
            case [Word(text)] if text in self.lexicon.joins:
                return at + 1
            case _:
                return at

    def _group(self, at: int) -> tuple[Decimal, int, bool] | None:
        """A number below a thousand in words, or one in digits; where it ends; if in words."""
        match self.atoms[at : at + 1]:
            case [Number(value=value)]:
                return value, at + 1, False
            case [Word(text)] if text in self.lexicon.ones and self._is_scale(at + 1):
                return Decimal(1), at + 1, True
            case [Word(text)] if text in self.lexicon.part_before:
                return self._added_to(at, Decimal(self.lexicon.part_before[text]))
            case _:
                pass
        words = self._words(at)
        if words and words[0] in self.lexicon.with_decimals:
            return Decimal(self.lexicon.with_decimals[words[0]]), at + 1, True
        for length in range(len(words), 0, -1):
            known = self.lexicon.numerals.get(words[:length])
            if known is not None and not self._runs_on(at, length, known):
                end = at + self._width(at, length)
                rest = self._rest(end) if known and known % 100 == 0 else None
                return (known + rest[0], rest[1], True) if rest else (Decimal(known), end, True)
        return None

    def _added_to(self, at: int, part: Decimal) -> tuple[Decimal, int, bool] | None:
        """`साढ़े तीन`: a part in front of the number that it is added to, or of a scale."""
        if self._is_scale(at + 1):
            return 1 + part, at + 1, True
        more = self._group(at + 1)
        return (more[0] + part, more[1], True) if more and more[0] % 1 == 0 else None

    def _half_scale(self, at: int) -> tuple[Decimal, int, bool] | None:
        """`medio millón`, `eine halbe Million`, `un demi-million`: half of a scale."""
        words = self._words(at)[:3]
        first = words[:1]
        one = bool(first) and (first[0] in self.lexicon.ones or self._is_one(first))
        half = words[one : one + 1]
        if not half or self.lexicon.fractions.get(half[0]) != 2:
            return None
        end = at + self._width(at, one + 1)
        end += int(self._hyphen(end))
        return (Decimal("0.5"), end, True) if self._scale(end)[0] is not None else None

    def _is_tail(self, at: int, more: tuple[Decimal, int, bool], scale: Decimal) -> bool:
        """`两千四`: a digit with nothing behind it is one of the next smaller scale."""
        if not self.lexicon.short_tail or more[1] != at + 1 or not 1 <= more[0] <= 9:
            return False
        following = self._text(more[1])
        return scale >= 100 and following not in self.lexicon.scales and following != "十"

    def _is_one(self, words: tuple[str, ...]) -> bool:
        return self.lexicon.numerals.get(words) == 1

    def _half(self, at: int) -> tuple[Decimal, int] | None:
        """`dos millones y medio`: half of the scale that stands before."""
        for phrase, part in self.lexicon.halves.items():
            end = at + len(phrase)
            if tuple(self._text(place) for place in range(at, end)) == phrase:
                return Decimal(part), end
        return None

    def _is_scale(self, at: int) -> bool:
        """Whether a scale stands there that is no part of a number below a thousand."""
        known = self._words(at - 1)[:2] in self.lexicon.numerals
        return not known and self._scale(at)[0] is not None

    def _halved(self, group: tuple[Decimal, int, bool] | None) -> tuple[Decimal, int, bool] | None:
        """`two and a half` million."""
        if group is None:
            return None
        for phrase, part in self.lexicon.halves.items():
            end = group[1] + len(phrase)
            there = tuple(self._text(at) for at in range(group[1], end))
            if there == phrase and self._scale(end)[0] is not None:
                return group[0] + Decimal(part), end, True
        return group

    def _rest(self, at: int) -> tuple[Decimal, int] | None:
        """What is below a hundred behind hundreds that stand as a word of their own."""
        if not self.lexicon.hundreds_apart:
            return None
        words = self._words(at)[:1]
        value = self.lexicon.numerals.get(words, 0) if words else 0
        return (Decimal(value), at + 1) if 10 <= value < 100 else None

    def _runs_on(self, at: int, length: int, value: int) -> bool:
        """Whether the last digit belongs to digits that follow: eight hundred | five five five."""
        if value < 100 or not 0 < value % 100 < 10:
            return False
        if any(word in self.lexicon.joins for word in self._words(at)[:length]):
            return False
        after = self._words(at + self._width(at, length))[:1]
        return bool(after) and (
            self.lexicon.numerals.get(after, 10) < 10 or after[0] in self.lexicon.zeros
        )

    def _scale(self, at: int) -> tuple[int | None, int]:
        match self.atoms[at : at + 1]:
            case [Word(text, glued)] if self._may_scale(text, glued and self._is_written(at - 1)):
                return self.lexicon.scales.get(text), at + 1
            case _:
                return None, at

    def _text(self, at: int) -> str:
        match self.atoms[at : at + 1]:
            case [Word(text)]:
                return text
            case _:
                return ""

    def _may_scale(self, text: str, behind_digits: bool) -> bool:
        only_glued = text in self.lexicon.glued_scales
        return (only_glued or self.lexicon.unspaced) if behind_digits else not only_glued

    def _is_written(self, at: int) -> bool:
        match self.atoms[at]:
            case Number(written=written):
                return written
            case _:
                return False

    def _words(self, at: int) -> tuple[str, ...]:
        """The words from there on, hyphens between them left out, as far as numbers reach."""
        words: list[str] = []
        most = self.lexicon.longest
        while at < len(self.atoms) and len(words) < most:
            match self.atoms[at]:
                case Word(text):
                    words.append(text)
                case _ if words and self._hyphen(at):
                    pass
                case _:
                    break
            at += 1
        return tuple(words)

    def _hyphen(self, at: int) -> bool:
        match self.atoms[at : at + 2]:
            case [Mark("-", glued=True), Word(glued=True)]:
                return True
            case _:
                return False

    def _width(self, at: int, length: int) -> int:
        """How many atoms so many words take, with the hyphens between them."""
        start, left = at, length
        while left:
            left -= isinstance(self.atoms[at], Word)
            at += 1
        return at - start
