"""French."""

from __future__ import annotations

import regex

from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.tables import MONEY, UNITS, listed, named, numbered, shortened
from voicetest.speech.words.written_out import below_thousand, places

__all__ = ["french"]


_ONES = ("", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")


def _swiss() -> dict[tuple[str, ...], int]:
    """Seventy to ninety-nine as in Belgium and Switzerland, with hundreds before them."""
    found: dict[tuple[str, ...], int] = {}
    heads = [((), 0), (("cent",), 100)]
    heads += [((name, "cent"), at * 100) for at, name in enumerate(_ONES) if at > 1]
    for head, hundreds in heads:
        for word, ten in (("septante", 70), ("huitante", 80), ("octante", 80), ("nonante", 90)):
            for one, name in enumerate(_ONES):
                value = hundreds + ten + one
                found[*head, word, *([name] if name else [])] = value
                found |= {(*head, word, "et", name): value} if one == 1 else {}
    return found


def french() -> Lexicon:
    """The tables of French."""
    return Lexicon(
        tag="fr",
        elided=frozenset("l d j qu c n s m t jusqu lorsqu puisqu".split()),
        numerals=below_thousand(
            "fr",
            (
                (r"un$", "une"),
                (r"cents$", "cent"),
                (r"quatre-vingts$", "quatre-vingt"),
            ),
        )
        | _swiss(),
        ordinals=places("fr", {"premier": ("première", "1er"), "deuxième": ("second", "seconde")}),
        ordinal_endings=frozenset({"e", "er", "re", "ère", "ème", "eme"}),
        scales={
            "mille": 1000,
            "douzaine": 12,
            "million": 10**6,
            "millions": 10**6,
            "milliard": 10**9,
            "milliards": 10**9,
        },
        bare_scales=frozenset({"mille"}),
        joins=frozenset({"et"}),
        minus=frozenset({"moins"}),
        points=frozenset({"virgule"}),
        repeats={"double": 2, "triple": 3},
        decimal=",",
        groups=".",
        halves={("et", "demi"): "0.5", ("et", "demie"): "0.5"},
        fractions=named({"2": "demi demie", "3": "tiers", "4": "quart quarts"}),
        currencies=MONEY | listed({"pounds": "livre livres", "francs": "franc francs"}),
        hundredths=listed({"cents": "centime centimes cent"}),
        short_money=True,
        joined_money=True,
        months=numbered(
            "janvier janv|février févr|mars|avril avr|mai|juin|juillet juil|août aout|"
            "septembre sept|octobre oct|novembre nov|décembre déc"
        ),
        weekdays=frozenset("lundi mardi mercredi jeudi vendredi samedi dimanche".split()),
        of=frozenset({"le", "de", "du"}),
        range_words=frozenset({"à"}),
        between={"entre": "et", "de": "à"},
        quarters={"quart": 15, "demie": 30, "demi": 30},
        ones=frozenset({"le", "un", "une"}),
        plus=frozenset({"et"}),
        less=frozenset({"moins"}),
        clock=frozenset({"heure", "heures", "h"}),
        minutes=frozenset({"minutes", "minute"}),
        hours={"midi": (12, "pm"), "minuit": (12, "am")},
        day_halves={
            ("du", "matin"): "am",
            ("du", "soir"): "pm",
            ("de", "l", "aprèsmidi"): "pm",
            ("de", "laprès", "midi"): "pm",
        },
        units=UNITS
        | listed(
            {
                "kilometers": "kilomètre kilomètres",
                "meters": "mètre mètres",
                "kilograms": "kilo kilos kilogramme kilogrammes",
                "grams": "gramme grammes",
                "liters": "litre litres",
                "minutes": "minute minutes",
                "seconds": "seconde secondes",
                "days": "jour jours",
                "weeks": "semaine semaines",
                "months": "mois",
                "years": "an ans année années",
                "degrees": "degré degrés",
                "percent": "pourcent",
            }
        ),
        separators={"point": ".", "tiret": "-", "underscore": "_", "plus": "+", "slash": "/"},
        at=frozenset({"arobase", "at"}),
        as_in=frozenset(
            {
                ("comme",),
            }
        ),
        number_sign="numéro",
        rewrites=(
            (regex.compile(r"\baprès[ -]midi\b"), "aprèsmidi"),
            (regex.compile(r"\bno\.? ?(?=\d)"), "numéro "),
            (regex.compile(r"\btrois w\b"), "w w w"),
        ),
        compounds={
            ("double", "v"): "w",
            ("francs", "suisses"): "chf",
            ("franc", "suisse"): "chf",
            ("pour", "cent"): "percent",
            ("tiret", "du", "bas"): "underscore",
        },
        short_for=shortened(
            "m monsieur|mme madame|mlle mademoiselle|dr docteur|av avenue|n numéro"
        ),
        fillers=frozenset({"euh", "hum", "hm"}),
        symbols={"%": ("percent",), "&": ("et",), "+": ("plus",), "°": ("degrees",)},
    )
