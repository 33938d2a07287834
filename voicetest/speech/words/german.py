"""German."""

from __future__ import annotations

import regex

from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.tables import MONEY, UNITS, listed, named, numbered, shortened
from voicetest.speech.words.written_out import below_thousand, places

__all__ = ["german"]


def german() -> Lexicon:
    """The tables of German."""
    return Lexicon(
        tag="de",
        numerals=below_thousand(
            "de",
            (
                (r"^einhundert", "hundert"),
                (r"ß", "ss"),
                (r"zwei$", "zwo"),
                (r"(^|hundert)(\w{3,6})und(\w+)$", r"\1 \2 und \3"),
                (r"hundert(?=[^ ])", "hundert "),
            ),
            hundred="hundert",
        )
        | {("ein",): 1, ("eine",): 1, ("einen",): 1, ("einem",): 1, ("einer",): 1},
        ordinals=places("de", {"e": ("en", "er", "es", "em")}),
        scales={
            "hundert": 100,
            "tausend": 1000,
            "million": 10**6,
            "millionen": 10**6,
            "milliarde": 10**9,
            "milliarden": 10**9,
            "mio": 10**6,
            "mrd": 10**9,
        },
        bare_scales=frozenset({"tausend"}),
        inner_scales=("tausend",),
        with_decimals={
            "anderthalb": "1.5",
            "eineinhalb": "1.5",
            "zweieinhalb": "2.5",
            "dreieinhalb": "3.5",
            "viereinhalb": "4.5",
            "fünfeinhalb": "5.5",
        },
        joins=frozenset({"und"}),
        repeats={"doppel": 2, "zweimal": 2, "dreimal": 3},
        minus=frozenset({"minus"}),
        points=frozenset({"komma"}),
        decimal=",",
        groups=".",
        halves={("einhalb",): "0.5", ("und", "ein", "halb"): "0.5"},
        fractions=named(
            {"2": "halb halbe halber", "3": "drittel", "4": "viertel", "10": "zehntel"}
        ),
        currencies=MONEY
        | listed(
            {
                "euros": "euro",
                "dollars": "dollar",
                "pounds": "pfund",
                "francs": "franken",
            }
        ),
        short_money=True,
        joined_money=True,
        dotted_ordinals=True,
        number_sign="nummer",
        hundreds_apart=True,
        hundredths=listed({"cents": "cent", "rappen": "rappen", "pence": "pence"}),
        months=numbered(
            "januar jan jänner|februar feb|märz mrz|april apr|mai|juni jun|juli jul|august aug|"
            "september sep sept|oktober okt|november nov|dezember dez"
        ),
        weekdays=frozenset(
            "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag".split()
        ),
        of=frozenset({"der", "den", "dem", "am"}),
        range_words=frozenset({"bis"}),
        between={"zwischen": "und", "von": "bis"},
        past=frozenset({"nach"}),
        to=frozenset({"vor"}),
        quarters={"viertel": 15, "halb": 30},
        half_before=True,
        before_hour={"halb": -30, "dreiviertel": -15, "viertel": -45},
        clock=frozenset({"uhr"}),
        minutes=frozenset({"minuten", "minute"}),
        hours={"mittag": (12, "pm"), "mitternacht": (12, "am")},
        day_halves={
            ("morgens",): "am",
            ("vormittags",): "am",
            ("nachmittags",): "pm",
            ("abends",): "pm",
            ("am", "morgen"): "am",
            ("am", "nachmittag"): "pm",
            ("am", "abend"): "pm",
        },
        units=UNITS
        | listed(
            {
                "kilometers": "kilometer",
                "meters": "meter metern",
                "kilograms": "kilo kilogramm",
                "grams": "gramm",
                "liters": "liter",
                "hours": "std stunde stunden",
                "minutes": "minute minuten",
                "seconds": "sek sekunde sekunden",
                "days": "tag tage tagen",
                "weeks": "woche wochen",
                "months": "monat monate monaten",
                "years": "jahr jahre jahren",
                "degrees": "grad",
                "percent": "prozent",
            }
        ),
        separators={
            "punkt": ".",
            "bindestrich": "-",
            "minus": "-",
            "unterstrich": "_",
            "plus": "+",
            "schrägstrich": "/",
            "slash": "/",
        },
        at=frozenset({"at", "ät", "ätt", "et", "klammeraffe"}),
        letters={
            name: name[0]
            for name in (
                "anton berta cäsar dora emil friedrich gustav heinrich ida julius kaufmann ludwig "
                "martha nordpol otto paula quelle richard samuel siegfried theodor ulrich viktor "
                "wilhelm xanthippe ypsilon zacharias zeppelin"
            ).split()
        },
        as_in=frozenset({("wie",), ("wie", "in")}),
        short_for=shortened(
            "str straße strasse|nr nummer|ca circa|hr herr|fr frau|dr doktor|tel telefon"
        ),
        rewrites=(
            (regex.compile(r"ß"), "ss"),
            (regex.compile(r"\b(\d{1,2})\.(\d\d)(?= uhr\b)"), r"\1:\2"),
            (regex.compile(r"\bsonnabend\b"), "samstag"),
            (regex.compile(r"\bz\. ?b\."), "zum beispiel"),
            (regex.compile(r"\bd\. ?h\."), "das heisst"),
            (regex.compile(r"(?<=\d) (mio|mrd|std|sek|min)\."), r" \1"),
            (regex.compile(r"(?<=\d) ?° ?c\b"), " grad celsius"),
        ),
        fillers=frozenset({"äh", "ähm", "hm", "mhm", "tja"}),
        symbols={"%": ("percent",), "&": ("und",), "°": ("degrees",), "+": ("plus",)},
    )
