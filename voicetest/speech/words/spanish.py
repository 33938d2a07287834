"""Spanish."""

from __future__ import annotations

import regex

from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.tables import MONEY, UNITS, listed, named, numbered, shortened
from voicetest.speech.words.written_out import below_thousand, places

__all__ = ["spanish"]


def spanish() -> Lexicon:
    """The tables of Spanish."""
    return Lexicon(
        tag="es",
        numerals=below_thousand(
            "es",
            (
                (r"uno$", "un"),
                (r"uno$", "una"),
                (r"iuno$", "iún"),
                (r"cientos", "cientas"),
                (r"quinientos", "quinientas"),
                (r"^cien$", "ciento"),
                (r"dieci(séis|siete|ocho|nueve)", r"diez y \1"),
                (r"séis", "seis"),
            ),
        ),
        ordinals=places("es", {"o": ("a",), "primero": ("primer",), "tercero": ("tercer",)}, 10),
        ordinal_endings=frozenset({"º", "ª", "o", "a", "er", "os", "as"}),
        ones=frozenset({"un"}),
        to=frozenset({"para"}),
        number_sign="número",
        scales={"mil": 1000, "millón": 10**6, "millones": 10**6},
        bare_scales=frozenset({"mil"}),
        joins=frozenset({"y", "con"}),
        minus=frozenset({"menos"}),
        points=frozenset({"coma", "punto"}),
        repeats={"doble": 2, "triple": 3},
        decimal=",",
        groups=".",
        halves={("y", "medio"): "0.5", ("y", "media"): "0.5"},
        fractions=named({"2": "medio media", "3": "tercio tercios", "4": "cuarto cuartos"}),
        currencies=MONEY
        | listed(
            {
                "dollars": "dólar dólares",
                "pounds": "libra libras",
                "pesos": "peso pesos mxn",
            }
        ),
        hundredths=listed({"cents": "céntimo céntimos centavo centavos"}),
        short_money=True,
        joined_money=True,
        months=numbered(
            "enero ene|febrero feb|marzo mar|abril abr|mayo may|junio jun|julio jul|agosto ago|"
            "septiembre setiembre sept|octubre oct|noviembre nov|diciembre dic"
        ),
        weekdays=frozenset("lunes martes miércoles jueves viernes sábado domingo".split()),
        of=frozenset({"el", "de", "del"}),
        range_words=frozenset({"a", "hasta"}),
        between={"entre": "y", "de": "a", "desde": "hasta"},
        quarters={"cuarto": 15, "media": 30},
        plus=frozenset({"y", "con"}),
        less=frozenset({"menos"}),
        hour_names=frozenset({"las", "la"}),
        clock=frozenset({"horas", "hora", "h"}),
        minutes=frozenset({"minutos", "minuto"}),
        hours={"mediodía": (12, "pm"), "medianoche": (12, "am")},
        day_halves={
            ("de", "la", "mañana"): "am",
            ("de", "la", "tarde"): "pm",
            ("de", "la", "noche"): "night",
            ("de", "la", "madrugada"): "am",
            ("del", "mediodía"): "pm",
            ("am",): "am",
            ("pm",): "pm",
        },
        units=UNITS
        | listed(
            {
                "kilometers": "kilómetro kilómetros",
                "meters": "metro metros",
                "kilograms": "kilo kilos kilogramo kilogramos",
                "grams": "gramo gramos",
                "liters": "litro litros",
                "minutes": "minuto minutos",
                "seconds": "segundo segundos",
                "days": "día días",
                "weeks": "semana semanas",
                "months": "mes meses",
                "years": "año años",
                "degrees": "grado grados",
            }
        ),
        separators={
            "punto": ".",
            "underscore": "_",
            "guion": "-",
            "guión": "-",
            "más": "+",
            "barra": "/",
        },
        at=frozenset({"arroba", "at"}),
        as_in=frozenset({("de",), ("como",)}),
        compounds={
            ("por", "ciento"): "percent",
            ("uve", "doble"): "w",
            ("doble", "uve"): "w",
            ("doble", "u"): "w",
            ("doble", "ve"): "w",
            ("guion", "bajo"): "underscore",
            ("guión", "bajo"): "underscore",
        },
        short_for=shortened(
            "sr señor|sra señora|dr doctor|ud usted|vd usted|uds ustedes|av avenida|"
            "dra doctora|srta señorita|núm número"
        ),
        rewrites=(
            (regex.compile(r"(?<=\d)\.(?=(?:o|a|er|os|as)\b)"), ""),
            (regex.compile(r"\b([ap])\. ?m\b\.?"), r"\1m"),
            (regex.compile(r"\b(\d{1,2})\.(\d\d)(?= ?(?:h|horas)\b)"), r"\1:\2"),
            (regex.compile(r"\bee\. ?uu\b\.?"), "estados unidos"),
            (regex.compile(r"\b(?:n\.o|núm\.?) ?(?=\d)"), "número "),
        ),
        fillers=frozenset({"eh", "em", "este", "hm"}),
        symbols={"%": ("percent",), "&": ("y",), "+": ("más",), "°": ("degrees",)},
    )
