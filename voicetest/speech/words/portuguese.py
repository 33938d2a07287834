"""Portuguese, of Portugal and Brazil."""

from __future__ import annotations

import regex

from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.tables import MONEY, UNITS, listed, named, numbered, shortened
from voicetest.speech.words.written_out import below_thousand, places

__all__ = ["portuguese"]


def portuguese() -> Lexicon:
    """The tables of Portuguese, of Portugal and Brazil."""
    return Lexicon(
        tag="pt",
        zeros={"meia": "6"},
        numerals=below_thousand(
            "pt",
            (
                (r"um$", "uma"),
                (r"dois$", "duas"),
                (r"centos", "centas"),
                (r"dezasseis", "dezesseis"),
                (r"dezassete", "dezessete"),
                (r"dezanove", "dezenove"),
                (r"catorze", "quatorze"),
                (r"zentos", "zentas"),
                (r"quinhentos", "quinhentas"),
            ),
        ),
        ordinals=places("pt", {"o": ("a",)}, 10),
        ordinal_endings=frozenset({"º", "ª", "o", "a"}),
        scales={"mil": 1000, "milhão": 10**6, "milhões": 10**6},
        bare_scales=frozenset({"mil"}),
        joins=frozenset({"e"}),
        minus=frozenset({"menos"}),
        points=frozenset({"vírgula", "ponto"}),
        repeats={"duplo": 2, "triplo": 3},
        decimal=",",
        groups=".",
        halves={("e", "meio"): "0.5", ("e", "meia"): "0.5"},
        fractions=named({"2": "meio", "3": "terço terços", "4": "quarto quartos"}),
        currencies=MONEY
        | listed(
            {
                "dollars": "dólar dólares",
                "pounds": "libra libras",
                "reais": "real r$",
            }
        ),
        hundredths=listed({"cents": "cêntimo cêntimos centavo centavos"}),
        short_money=True,
        joined_money=True,
        months=numbered(
            "janeiro jan|fevereiro fev|março mar|abril abr|maio mai|junho jun|julho jul|agosto ago|"
            "setembro set|outubro out|novembro nov|dezembro dez"
        ),
        weekdays=frozenset("segunda terça quarta quinta sexta sábado domingo".split()),
        of=frozenset({"o", "de", "do"}),
        range_words=frozenset({"a", "até"}),
        between={"entre": "e", "de": "a"},
        to=frozenset({"para"}),
        quarters={"quarto": 15, "meia": 30},
        ones=frozenset({"um"}),
        number_sign="número",
        plus=frozenset({"e"}),
        less=frozenset({"menos"}),
        hour_names=frozenset({"as", "às"}),
        clock=frozenset({"horas", "hora", "h"}),
        minutes=frozenset({"minutos", "minuto"}),
        hours={"meiodia": (12, "pm"), "meianoite": (12, "am")},
        day_halves={
            ("da", "manhã"): "am",
            ("da", "tarde"): "pm",
            ("da", "noite"): "night",
            ("da", "madrugada"): "am",
        },
        units=UNITS
        | listed(
            {
                "kilometers": "quilómetro quilómetros quilômetro quilômetros",
                "meters": "metro metros",
                "kilograms": "quilo quilos quilograma quilogramas",
                "grams": "grama gramas",
                "liters": "litro litros",
                "minutes": "minuto minutos",
                "seconds": "segundo segundos",
                "days": "dia dias",
                "weeks": "semana semanas",
                "months": "mês meses",
                "years": "ano anos",
                "degrees": "grau graus",
            }
        ),
        separators={
            "ponto": ".",
            "underscore": "_",
            "underline": "_",
            "hífen": "-",
            "traço": "-",
            "mais": "+",
            "barra": "/",
        },
        at=frozenset({"arroba", "at"}),
        as_in=frozenset({("de",), ("como",)}),
        compounds={
            ("por", "cento"): "percent",
            ("sublinhado",): "underscore",
            ("traço", "baixo"): "underscore",
        },
        short_for=shortened("sr senhor|sra senhora|dr doutor|dra doutora|av avenida|vc você"),
        rewrites=(
            (regex.compile(r"r\$ ?"), "brl "),
            (regex.compile(r"(?<=\d)\.(?=(?:o|a|os|as)\b)"), ""),
            (
                regex.compile(r"\b(?:(?:dáblio|dablio|dábliu) ?){3}\b"),
                "w w w ",
            ),
            (regex.compile(r"\bn\.o ?(?=\d)"), "número "),
            (regex.compile(r"\bmei([oa])[ -](dia|noite)\b"), r"mei\1\2"),
        ),
        fillers=frozenset({"hã", "hum", "éh"}),
        symbols={"%": ("percent",), "&": ("e",), "+": ("mais",), "°": ("degrees",)},
    )
