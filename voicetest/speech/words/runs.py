"""Numbers side by side: read digit by digit, in pairs, as a time, as a year, as an amount."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from voicetest.speech.words.atoms import Mark, Number, Ordinal, Word
from voicetest.speech.words.clocks import open_keys
from voicetest.speech.words.money import any_money, currency_at
from voicetest.speech.words.place import Place, Read
from voicetest.speech.words.unit import Key, Unit, Way, digits, number, word

__all__ = ["decade_at", "dotted_at", "ordinal_at", "run_at", "version_at"]

_NEAR = 32
"""So far is looked ahead for digits around a word that may be one, and for a list's end."""
_LISTED = 3
"""So many single digits with commas between them are read one by one, not counted up."""


@dataclass
class _Run:
    """The numbers of a run, and the atoms they take."""

    width: int = 0
    parts: list[str] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    """What stands before each part but the first."""
    written: bool = False
    """Whether any of them was written in digits."""

    def add(self, part: str, sign: str, *, written: bool) -> None:
        """Take in one more."""
        if self.parts:
            self.signs.append(sign)
        self.parts.append(part)
        self.written = self.written or written


def version_at(place: Place) -> Read:
    """`3.2.1`, `three point two point one`: no number, though it has points."""
    parts, at = list[str](), 0
    while (part := place.number(at)) is not None and part.value >= 0:
        following = len(parts) and not part.written and 0 < part.value < 1
        parts.append((part.digits or f"{part.value:f}").removeprefix("0." if following else ""))
        at += 1
        dotted = place.mark(at) == "." and (dot := place[at]) is not None and dot.glued
        after = place[at + 1]
        if parts and _is_tail(place.number(at)):
            continue
        if not (isinstance(after, Number) and ((dotted and after.glued) or _is_point(place, at))):
            break
        at += 1
    version = ".".join(parts)
    if len(parts) < 2 or version.count(".") < 2 or min(map(len, version.split("."))) > 1:
        return None
    return at, ((Unit(frozenset({("version", version)}), tuple(version)),),)


def _is_tail(part: Number | None) -> bool:
    """Whether `point one` was read as a number of its own."""
    return part is not None and not part.written and 0 < part.value < 1


def _is_point(place: Place, at: int) -> bool:
    return place.word(at) in place.lexicon.points


def run_at(place: Place) -> Read:
    """Every number from this place on that nothing parts from the one before."""
    first = place.number(0)
    if first is not None and not first.digits:
        return 1, ((number(first.value),),)
    run = _collect(place)
    if not run.parts:
        return None
    ways: list[Way] = [(_whole(run),)]
    if len(run.parts) == 2 and not run.written and _is_hundredths(run.parts):
        value = Decimal(run.parts[0]) + Decimal(run.parts[1]) / 100
        known = currency_at(place, run.width)
        ways.append((number(value), *(() if known else (any_money(place.lexicon),))))
    if "," in run.signs:
        ways.append(tuple(map(digits, run.parts)))
    if len(run.parts) > 1 and _is_bound(place, run):
        ways.append((digits("".join(run.parts[:-1])), digits(run.parts[-1])))
    return run.width, tuple(ways)


def _collect(place: Place) -> _Run:
    run = _Run()
    at, sign = 0, ""
    while True:
        part, width, written = _piece(place, at, run)
        if not width:
            break
        run.add(part, sign, written=written)
        at += width
        run.width = at
        sign = _sign(place, at) or _joint(place, at, run)
        if sign == "," and not _listed(place, run, at + 1):
            break
        at += bool(sign)
    return run


def _piece(place: Place, at: int, run: _Run) -> tuple[str, int, bool]:
    """The digits of the number there, how many atoms it takes, whether it was written."""
    lexicon = place.lexicon
    match place[at]:
        case Number(digits=said, written=written) if said:
            return said, 1, written
        case Word(text) if text in lexicon.repeats:
            match place[at + 1]:
                case Number(digits=said, written=written) if said:
                    return said[0] * lexicon.repeats[text] + said[1:], 2, written
                case Word(other) if other in lexicon.zeros:
                    return lexicon.zeros[other] * lexicon.repeats[text], 2, False
                case _:
                    return "", 0, False
        case Word(text) if text in lexicon.zeros and _is_zero(place, at, run):
            return lexicon.zeros[text], 1, False
        case _:
            return "", 0, False


def _is_zero(place: Place, at: int, run: _Run) -> bool:
    """Whether such a word is a digit: digits stand around it, or two before or behind."""
    lexicon = place.lexicon
    before = len(run.parts) or int(place.word(at - 1) in lexicon.repeats)
    after = numbers = 0
    while after < _NEAR:
        match place[at + 1 + after]:
            case Number():
                numbers += 1
            case Word(text) if text in lexicon.zeros or text in lexicon.repeats:
                pass
            case _:
                break
        after += 1
    return before >= 2 or (before > 0 and after > 0) or (numbers > 0 and after >= 2)


def _sign(place: Place, at: int) -> str:
    """What joins two parts: nothing, a hyphen between digits, a comma in a list of digits."""
    match place[at]:
        case Mark("-" | "." as text, glued=True):
            after = place[at + 1]
            return text if isinstance(after, Number) and after.glued else ""
        case Mark(")" | "(" as text):
            return text if isinstance(place[at + 1], Number) else ""
        case Mark("," as text):
            return text
        case _:
            return ""


def _joint(place: Place, at: int, run: _Run) -> str:
    """What joins the parts of a number that begins with a zero: 030/12345, 〇三の一二三四."""
    if not "".join(run.parts).startswith("0") or not isinstance(place[at + 1], Number):
        return ""
    known = place.word(at) in place.lexicon.digit_joints or place.mark(at) == "/"
    return place.word(at) or place.mark(at) if known else ""


def _listed(place: Place, run: _Run, at: int) -> bool:
    """Whether a comma stands in a list of at least three single digits."""
    if any(len(part) != 1 for part in run.parts):
        return False
    known = len(run.parts)
    while known < len(run.parts) + _NEAR:
        following = place.number(at)
        zero = place.word(at) in place.lexicon.zeros
        if not zero and (following is None or not following.single):
            return known >= _LISTED and known > len(run.parts)
        known, at = known + 1, at + 1
        at += place.mark(at) == ","
    return True


def _whole(run: _Run) -> Unit:
    keys: set[Key] = set()
    match run.parts:
        case [only]:
            return digits(only)
        case [hour, minute] if "-" not in run.signs and _is_time(hour, minute):
            keys.update(open_keys(int(hour), int(minute)))
            if int(hour) > 12:
                keys.add(("moment", f"{int(hour)}:{minute}"))
        case [hour, "0", minute] if len(minute) == 1 and not run.written and int(hour) <= 24:
            keys.update(open_keys(int(hour), int(minute)))
        case _:
            pass
    return digits("".join(run.parts), *keys)


def _is_time(hour: str, minute: str) -> bool:
    return int(hour) <= 24 and len(hour) <= 2 and len(minute) == 2 and int(minute) < 60


def _is_hundredths(parts: list[str]) -> bool:
    whole, part = parts
    return len(whole) <= 3 and len(part) == 2 and not whole.startswith("0")


def _is_bound(place: Place, run: _Run) -> bool:
    """Whether the last number belongs to the unit behind it, and not to the digits before it."""
    before = run.parts[:-1]
    apart = all(len(part) == 1 for part in before) and len(before) >= _LISTED
    apart = apart or (run.written and len("".join(before)) >= _LISTED)
    if not apart or len(run.parts[-1]) == 1 or run.signs[-1]:
        return False
    unit = place.word(run.width)
    return currency_at(place, run.width) is not None or unit in place.lexicon.units


def ordinal_at(place: Place) -> Read:
    """`14th`, in words or not."""
    match place[0]:
        case Ordinal(value):
            return 1, ((word(f"{value}th", ("ordinal", str(value))),),)
        case _:
            return None


def dotted_at(place: Place) -> Read:
    """`3.` in front of a word, where that is how a place in an order is written."""
    value, point = place.whole(0), place[1]
    if not place.lexicon.dotted_ordinals or value is None or value > 100:
        return None
    if place.mark(1) != "." or point is None or not point.glued or not place.word(2):
        return None
    nth = word(f"{value}th", ("ordinal", str(value)))
    return 2, ((digits(str(value)),), (nth,))


def decade_at(place: Place) -> Read:
    """`the 1980s`, `nineteen eighties`, `the '80s`."""
    century = place.whole(0)
    alone = place.lexicon.decades.get(place.word(0))
    if alone is not None:
        return 1, ((_decade(alone),),)
    if century is None:
        return None
    ten = place.lexicon.decades.get(place.word(1))
    if ten is not None and 17 <= century <= 21:
        return 2, ((_decade(century * 100 + ten),),)
    ending = place[1]
    if place.word(1) == "s" and ending is not None and ending.glued and century % 10 == 0:
        return 2, ((_decade(century),),)
    return None


def _decade(value: int) -> Unit:
    return Unit(frozenset({("decade", str(value))}), (*str(value), "s"))
