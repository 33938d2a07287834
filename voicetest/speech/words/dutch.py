"""Dutch."""

from __future__ import annotations

import regex

from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.tables import MONEY, UNITS, listed, named, numbered, shortened
from voicetest.speech.words.written_out import below_thousand, places

__all__ = ["dutch"]


def dutch() -> Lexicon:
    """The tables of Dutch."""
    return Lexicon(
        tag="nl",
        numerals=below_thousand(
            "nl",
            (
                (r"één", "een"),
                (r"ë", "e"),
                (
                    r"(^|honderd)(een|twee|drie|vier|vijf|zes|zeven|acht|negen)en"
                    r"(?=twin|der|veer|vijf|zes|zev|tach|neg)",
                    r"\1 \2 en ",
                ),
                (r"honderd(?=[^ ])", "honderd "),
                (r"honderd (?!en )", "honderd en "),
            ),
            hundred="honderd",
        ),
        ordinals=places("nl", {}),
        ordinal_endings=frozenset({"e", "ste", "de"}),
        scales={"honderd": 100, "duizend": 1000, "miljoen": 10**6, "miljard": 10**9},
        bare_scales=frozenset({"duizend"}),
        inner_scales=("duizend",),
        with_decimals={
            "anderhalf": "1.5",
            "anderhalve": "1.5",
            "tweeënhalf": "2.5",
            "tweeenhalf": "2.5",
            "drieënhalf": "3.5",
            "drieenhalf": "3.5",
            "vierenhalf": "4.5",
            "vijfenhalf": "5.5",
        },
        joins=frozenset({"en"}),
        minus=frozenset({"min", "minus"}),
        points=frozenset({"komma", "punt"}),
        repeats={"dubbel": 2, "driedubbel": 3},
        decimal=",",
        groups=".",
        halves={("en", "een", "half"): "0.5", ("en", "een", "halve"): "0.5"},
        fractions=named({"2": "half halve", "3": "derde", "4": "kwart"}),
        currencies=MONEY | listed({"pounds": "pond"}),
        hundredths=listed({"cents": "cent"}),
        short_money=True,
        joined_money=True,
        hundreds_apart=True,
        months=numbered(
            "januari jan|februari feb|maart mrt|april apr|mei|juni jun|juli jul|augustus aug|"
            "september sep sept|oktober okt|november nov|december dec"
        ),
        weekdays=frozenset("maandag dinsdag woensdag donderdag vrijdag zaterdag zondag".split()),
        of=frozenset({"de"}),
        range_words=frozenset({"tot", "à"}),
        between={"tussen": "en", "van": "tot"},
        past=frozenset({"over"}),
        to=frozenset({"voor"}),
        quarters={"kwart": 15, "half": 30},
        half_before=True,
        before_hour={"half": -30},
        clock=frozenset({"uur"}),
        minutes=frozenset({"minuten", "minuut"}),
        hours={"middernacht": (12, "am")},
        day_halves={
            ("s", "ochtends"): "am",
            ("s", "morgens"): "am",
            ("smorgens",): "am",
            ("snachts",): "am",
            ("s", "middags"): "pm",
            ("s", "avonds"): "pm",
            ("sochtends",): "am",
            ("smiddags",): "pm",
            ("savonds",): "pm",
        },
        units=UNITS
        | listed(
            {
                "kilometers": "kilometer",
                "meters": "meter",
                "kilograms": "kilo kilogram",
                "grams": "gram",
                "liters": "liter",
                "minutes": "minuut minuten",
                "seconds": "seconde seconden",
                "days": "dag dagen",
                "weeks": "week weken",
                "months": "maand maanden",
                "years": "jaar jaren",
                "degrees": "graden graad",
                "percent": "procent",
            }
        ),
        separators={"punt": ".", "streepje": "-", "underscore": "_", "plus": "+", "slash": "/"},
        at=frozenset({"apenstaartje", "apenstaart", "at"}),
        as_in=frozenset({("van",), ("als", "in")}),
        short_for=shortened(
            "nr nummer|dhr meneer|mevr mevrouw|mw mevrouw|dr dokter|"
            "bijv bijvoorbeeld|bv bijvoorbeeld|tel telefoon"
        ),
        number_sign="nummer",
        rewrites=(
            (regex.compile(r"\b(\d{1,2})\.(\d\d)(?= uur\b)"), r"\1:\2"),
            (regex.compile(r"\bdriekwart\b"), "drie kwart"),
            (regex.compile(r"\b(een|twee)derde\b"), r"\1 derde"),
            (regex.compile(r"(?<=\d),-(?!\d)"), ""),
            (regex.compile(r"\bwee wee wee\b"), "w w w"),
            (regex.compile(r"(?:'s|\bs) (?=och|mor|mid|av|nach)"), "s"),
            (regex.compile(r"éé"), "ee"),
        ),
        fillers=frozenset({"eh", "uh", "uhm", "ehm"}),
        symbols={"%": ("percent",), "&": ("en",), "+": ("plus",), "°": ("degrees",)},
    )
