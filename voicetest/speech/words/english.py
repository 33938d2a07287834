"""English."""

from __future__ import annotations

import regex

from voicetest.speech.words.english_spelling import SPELLINGS
from voicetest.speech.words.lexicon import Lexicon, Negations
from voicetest.speech.words.tables import MONEY, UNITS, listed, named, numbered, shortened

__all__ = ["english"]

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_FIRSTS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()

_ROMAN = ("-- ii iii iv -- vi vii viii ix -- xi xii xiii xiv xv xvi xvii xviii xix xx").split()
"""In the order of their values; those of one letter are letters."""


def _below_hundred() -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {(word,): value for value, word in enumerate(_ONES)}
    for ten, word in enumerate(_TENS, 2):
        found[word,] = ten * 10
        found |= {(word, _ONES[one]): ten * 10 + one for one in range(1, 10)}
    return found | {("nought",): 0, ("fourty",): 40, ("niner",): 9}


def _below_thousand() -> dict[tuple[str, ...], int]:
    small = _below_hundred()
    found = dict(small)
    for hundreds in (*range(1, 10), *range(11, 20)):
        heads = [(_ONES[hundreds], "hundred")]
        if hundreds == 1:
            heads.append(("a", "hundred"))
        for head in heads:
            found[head] = hundreds * 100
            for words, value in small.items():
                if value:
                    found[*head, *words] = found[*head, "and", *words] = hundreds * 100 + value
    return found


def _ordinals() -> dict[tuple[str, ...], int]:
    firsts = enumerate(_FIRSTS, 1)
    found: dict[tuple[str, ...], int] = {(name,): at for at, name in firsts if name != "second"}
    for ten, word in enumerate(_TENS, 2):
        found[f"{word[:-1]}ieth",] = ten * 10
        found |= {(word, _FIRSTS[one - 1]): ten * 10 + one for one in range(1, 10)}
    return found | {("hundredth",): 100, ("thousandth",): 1000, ("one", "thousandth"): 1000}


_FORMS = {
    "won't": "will not",
    "can't": "can not",
    "cannot": "can not",
    "shan't": "shall not",
    "let's": "let us",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
    "ain't": "is not",
    "y'all": "you all",
    "vs": "versus",
    "eg": "for example",
    "ie": "that is",
    "etc": "et cetera",
    "ok": "okay",
    "im": "i am",
    "ive": "i have",
    "dont": "do not",
    "cant": "can not",
    "didnt": "did not",
    "doesnt": "does not",
    "isnt": "is not",
    "arent": "are not",
    "wasnt": "was not",
    "couldnt": "could not",
    "wouldnt": "would not",
    "shouldnt": "should not",
    "havent": "have not",
    "youre": "you are",
    "theyre": "they are",
    "mr": "mister",
    "mrs": "missus",
}

_COMPOUNDS: dict[tuple[str, ...], str] = {
    tuple(f"{country} {money}".split()): code
    for country, code in {
        "australian": "aud",
        "canadian": "cad",
        "american": "usd",
        "us": "usd",
        "swiss": "chf",
    }.items()
    for money in ("dollar", "dollars", "franc", "francs")
} | {
    ("pounds", "sterling"): "gbp",
    ("per", "cent"): "percent",
    ("o", "clock"): "o'clock",
    ("o", "k"): "okay",
    ("forward", "slash"): "slash",
    ("double", "u"): "w",
}


def english(*, day_first: bool = False) -> Lexicon:
    """The tables of English."""
    return Lexicon(
        tag="en",
        numerals=_below_thousand(),
        ordinals=_ordinals(),
        ordinal_endings=frozenset({"st", "nd", "rd", "th"}),
        scales={
            "hundred": 100,
            "thousand": 1_000,
            "million": 10**6,
            "billion": 10**9,
            "trillion": 10**12,
            "dozen": 12,
            "k": 1_000,
            "bn": 10**9,
        },
        glued_scales=frozenset({"k", "bn"}),
        joins=frozenset({"and"}),
        ones=frozenset({"a", "an"}),
        zeros={"o": "0", "oh": "0"},
        repeats={"double": 2, "triple": 3, "treble": 3},
        minus=frozenset({"minus", "negative"}),
        points=frozenset({"point"}),
        halves={("and", "a", "half"): "0.5", ("and", "a", "quarter"): "0.25"},
        fractions=named(
            {
                "2": "half halves",
                "3": "third thirds",
                "4": "quarter quarters fourths",
                "5": "fifth fifths",
                "6": "sixth sixths",
                "7": "seventh sevenths",
                "9": "ninth ninths",
                "8": "eighth eighths",
                "10": "tenth tenths",
            }
        ),
        currencies=MONEY
        | listed(
            {
                "dollars": "buck bucks",
                "pounds": "pound quid",
                "rupees": "rupee rs",
                "francs": "franc",
                "won": "₩ krw",
                "usd": "us$",
                "aud": "a$ au$",
                "cad": "c$ ca$",
                "nzd": "nz$",
                "hkd": "hk$",
                "sgd": "s$",
            }
        ),
        short_money=True,
        hundredths=listed({"cents": "¢ cent", "pence": "penny pennies p", "paise": "paisa"}),
        months=numbered(
            "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|"
            "september sep sept|october oct|november nov|december dec"
        ),
        of=frozenset({"the", "of"}),
        weekdays=frozenset(
            (
                "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu "
                "thurs fri sat sun"
            ).split()
        ),
        day_first=day_first,
        range_words=frozenset({"to", "through", "until", "till"}),
        between={"between": "and", "from": "to"},
        past=frozenset({"past", "after"}),
        to=frozenset({"to", "till", "of", "before"}),
        quarters={"quarter": 15, "half": 30},
        minutes=frozenset({"minute", "minutes"}),
        clock=frozenset({"o'clock", "oclock"}),
        hours={"noon": (12, "pm"), "midday": (12, "pm"), "midnight": (12, "am")},
        day_halves={
            ("am",): "am",
            ("a", "m"): "am",
            ("pm",): "pm",
            ("p", "m"): "pm",
            ("in", "the", "morning"): "am",
            ("in", "the", "afternoon"): "pm",
            ("in", "the", "evening"): "pm",
            ("at", "night"): "pm",
            ("noon",): "pm",
            ("midnight",): "am",
        },
        units=UNITS
        | listed(
            {
                "kilometers": "kilometer",
                "meters": "meter",
                "centimeters": "centimeter",
                "millimeters": "millimeter",
                "miles": "mi mile",
                "feet": "ft foot",
                "inches": "in inch",
                "yards": "yd yds yard",
                "kilograms": "kilo kilos kilogram",
                "grams": "gram",
                "milligrams": "milligram",
                "pounds": "lb lbs",
                "ounces": "oz ounce",
                "liters": "liter",
                "milliliters": "milliliter",
                "gallons": "gal gallon",
                "hours": "hr hrs hour",
                "minutes": "mins minute",
                "seconds": "sec secs second",
                "milliseconds": "ms millisecond",
                "days": "day",
                "weeks": "wk wks week",
                "months": "mo mos month",
                "years": "yr yrs year",
                "gigabytes": "gig gigs gigabyte",
                "megabytes": "meg megs megabyte",
                "kilobytes": "kilobyte",
                "terabytes": "terabyte",
                "gigahertz": "ghz",
                "megahertz": "mhz",
                "hertz": "hz",
                "volts": "v volt",
                "watts": "w watt",
                "kilowatts": "kw kilowatt",
                "amps": "amp",
                "degrees": "deg degree",
                "percent": "pct",
            }
        ),
        separators={
            "dot": ".",
            "period": ".",
            "dash": "-",
            "hyphen": "-",
            "minus": "-",
            "underscore": "_",
            "plus": "+",
            "slash": "/",
            "colon": ":",
        },
        at=frozenset({"at"}),
        letters={
            word: word[0]
            for word in (
                "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo "
                "lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey "
                "whisky xray yankee zulu"
            ).split()
        },
        as_in=frozenset({("as", "in"), ("for",), ("like",), ("as", "in", "the"), ("is", "for")}),
        compounds=_COMPOUNDS,
        forms={word: tuple(form.split()) for word, form in _FORMS.items()},
        endings={
            "n't": ("not",),
            "'m": ("am",),
            "'re": ("are",),
            "'ve": ("have",),
            "'ll": ("will",),
            "'d": ("would", "had"),
            "'s": ("is", "has"),
        },
        short_for=shortened(
            "st street saint|ave avenue|rd road|blvd boulevard|dr doctor drive|apt apartment|"
            "ste suite|ext extension|dept department|approx approximately|inc incorporated|"
            "prof professor|sr senior|jr junior|ms miss|mon monday|tue tuesday|tues tuesday|"
            "wed wednesday|thu thursday|thur thursday|thurs thursday|fri friday|sat saturday|"
            "sun sunday|min minimum|max maximum|ft fort|mt mount|tv television|"
            "info information|per a an|by times|ltd limited|co company|corp corporation|"
            "n north|s south|e east|w west|hash pound|asterisk star"
        ),
        rewrites=tuple(
            (regex.compile(pattern), said)
            for pattern, said in (
                (r"\b(\d{1,2})\.(\d\d)(?= ?[ap]\.?m\b)", r"\1:\2"),
                (r"(?<=\d) ?km/h\b", " kilometers per hour"),
                (r"(?<=\d) ?(?:mph|mi/h)\b", " miles per hour"),
                (r"(?<=\d) ?mbps\b", " megabits per second"),
                (r"(?<=\d) ?gbps\b", " gigabits per second"),
                (r"(?<=\d) ?m/s\b", " meters per second"),
                (r"(?<=\d) ?bpm\b", " beats per minute"),
                (r"(?<=\d) ?cu\.? ?ft\b", " cubic feet"),
                (r"(?<=\d) ?sq\.? ?m\b", " square meters"),
                (r"/(?=(?:hour|hr|day|week|month|mo|year|yr|min|person|night)\b)", " per "),
                (r"(?<=\d) x (?=\d)", " by "),
                (r"\bw/(?= )", "with"),
                (r"\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\b", r"\1 dot \2 dot \3 dot \4"),
                (r"(?<=\d) ?kwh\b", " kilowatt hours"),
                (r"(?<=\d) ?° ?c\b", " degrees celsius"),
                (r"(?<=\d) ?° ?f\b", " degrees fahrenheit"),
                (r"(?<=\d) ?sq\.? ?ft\b", " square feet"),
                (r"(?<=\d) ?m²", " square meters"),
                (r"\bno\.? ?(?=\d)", "number "),
                (r"\bx-ray\b", "xray"),
                (r"\bhttps? colon (?:forward )?slash (?:forward )?slash ", ""),
                (r"\b(\d+0)'s\b", r"\1s"),
                (r"(?<=\d) ?(?:kph|kmh)\b", " kilometers per hour"),
                (r"\b24/7\b", "twenty four seven"),
                (r"\bc\+\+", "c plus plus"),
            )
        ),
        ordinal_words={"second": 2},
        before_hour={"half": 30},
        roman=numbered("|".join(_ROMAN)),
        decades={f"{word[:-1]}ies": ten * 10 for ten, word in enumerate(_TENS, 2)},
        is_after=frozenset(
            (
                "that it he she what where who how there here when why everything something nothing"
            ).split()
        ),
        pressed=frozenset({"press", "hit", "dial", "enter"}),
        below=frozenset({"below"}),
        negations=Negations(
            verbs=frozenset(
                (
                    "can could will would shall should may might must do does did is are was were "
                    "am have has had need dare ought"
                ).split()
            ),
            words=frozenset({"not"}),
        ),
        fillers=frozenset(
            "um umm uh uhm er erm ah hm hmm mm mmm mhm mm-hm uh-huh mmhmm huh".split()
        ),
        symbols={"%": ("percent",), "&": ("and",), "°": ("degrees",)},
        spellings=SPELLINGS,
        folds_accents=True,
    )
