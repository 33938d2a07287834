"""Italian."""

from __future__ import annotations

import regex

from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.tables import MONEY, UNITS, listed, named, numbered, shortened
from voicetest.speech.words.written_out import below_thousand, places

__all__ = ["italian"]


def italian() -> Lexicon:
    """The tables of Italian."""
    return Lexicon(
        tag="it",
        elided=frozenset("l d c un dell all nell sull dall quell quest s".split()),
        numerals=below_thousand(
            "it",
            (
                (r"tré$", "tre"),
                (r"uno$", "un"),
                (r"^uno$", "una"),
                (r"^(\w*cento)(?=\w)", r"\1 "),
                (
                    r"(venti|trenta|quaranta|cinquanta|sessanta|settanta|ottanta|novanta)(?=[a-z])",
                    r"\1 ",
                ),
            ),
        ),
        ordinals=places("it", {"o": ("a",)}),
        ordinal_endings=frozenset({"º", "ª", "o", "a"}),
        scales={
            "mille": 1000,
            "mila": 1000,
            "milione": 10**6,
            "milioni": 10**6,
            "miliardo": 10**9,
            "miliardi": 10**9,
        },
        bare_scales=frozenset({"mille"}),
        inner_scales=("mila", "mille"),
        joins=frozenset({"e"}),
        minus=frozenset({"meno"}),
        points=frozenset({"virgola"}),
        repeats={"doppio": 2, "triplo": 3},
        decimal=",",
        groups=".",
        halves={("e", "mezzo"): "0.5", ("e", "mezza"): "0.5"},
        fractions=named({"2": "mezzo", "3": "terzo terzi", "4": "quarto quarti"}),
        currencies=MONEY | listed({"dollars": "dollaro dollari", "pounds": "sterlina sterline"}),
        hundredths=listed({"cents": "centesimo centesimi cent"}),
        short_money=True,
        joined_money=True,
        months=numbered(
            "gennaio gen|febbraio feb|marzo mar|aprile apr|maggio mag|giugno giu|luglio lug|"
            "agosto ago|settembre set|ottobre ott|novembre nov|dicembre dic"
        ),
        weekdays=frozenset("lunedì martedì mercoledì giovedì venerdì sabato domenica".split()),
        of=frozenset({"il", "di", "del"}),
        range_words=frozenset({"a", "alle"}),
        between={"tra": "e", "fra": "e", "da": "a", "dalle": "alle"},
        quarters={"quarto": 15, "trequarti": 45, "mezza": 30, "mezzo": 30},
        ones=frozenset({"un"}),
        plus=frozenset({"e"}),
        less=frozenset({"meno"}),
        hour_names=frozenset({"le", "alle", "l", "ore"}),
        clock=frozenset({"ore"}),
        minutes=frozenset({"minuti", "minuto"}),
        hours={"mezzogiorno": (12, "pm"), "mezzanotte": (12, "am")},
        day_halves={
            ("di", "mattina"): "am",
            ("del", "mattino"): "am",
            ("del", "pomeriggio"): "pm",
            ("di", "sera"): "pm",
            ("della", "sera"): "pm",
        },
        units=UNITS
        | listed(
            {
                "kilometers": "chilometro chilometri",
                "meters": "metro metri",
                "kilograms": "chilo chili chilogrammo chilogrammi",
                "grams": "grammo grammi",
                "liters": "litro litri",
                "hours": "ora",
                "minutes": "minuto minuti",
                "seconds": "secondo secondi",
                "days": "giorno giorni",
                "weeks": "settimana settimane",
                "months": "mese mesi",
                "years": "anno anni",
                "degrees": "grado gradi",
            }
        ),
        separators={"punto": ".", "trattino": "-", "underscore": "_", "più": "+", "barra": "/"},
        at=frozenset({"chiocciola", "at"}),
        as_in=frozenset({("come",), ("di",)}),
        compounds={("per", "cento"): "percent", ("trattino", "basso"): "underscore"},
        number_sign="numero",
        dotted_ordinals=False,
        short_for=shortened(
            "sig signor signore|dott dottor dottore|dr dottor dottore|tel telefono|"
            "n numero|dott.ssa dottoressa|prof professore"
        ),
        rewrites=(
            (regex.compile(r"(?<=\d)[°º](?=\s?\p{L})(?! ?[cf]\b)"), "o"),
            (regex.compile(r"\b((?:d?alle|le|ore) )(\d{1,2})\.(\d\d)\b(?![.,]\d)"), r"\1\2:\3"),
            (regex.compile(r"(?<=\p{L})tré\b"), "tre"),
            (regex.compile(r"\bvu vu vu\b"), "w w w"),
            (regex.compile(r"\bn\. ?(?=\d)"), "numero "),
            (regex.compile(r"\be'(?=\s)"), "è"),
            (regex.compile(r"(?<=\p{L}ch)e'"), "é"),
            (regex.compile(r"\b((?:le|alle|ore)) ore\b"), r"\1"),
            (regex.compile(r"\bpercento\b"), "percent"),
        ),
        fillers=frozenset({"ehm", "eh", "mh"}),
        symbols={"%": ("percent",), "&": ("e",), "+": ("più",), "°": ("degrees",)},
    )
