"""Hindi."""

from __future__ import annotations

import regex

from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.tables import MONEY, UNITS, listed, numbered, shortened

__all__ = ["hindi"]

_BELOW_HUNDRED = (
    "शून्य एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस "
    "बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस "
    "छत्तीस सैंतीस अड़तीस उनतालीस चालीस इकतालीस बयालीस तैंतालीस चवालीस पैंतालीस छियालीस सैंतालीस "
    "अड़तालीस उनचास पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ साठ इकसठ बासठ तिरसठ "
    "चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर "
    "अठहत्तर उन्यासी अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी नब्बे इक्यानवे "
    "बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
).split()
_OTHERS = {
    "ज़ीरो": 0,
    "जीरो": 0,
    "पांच": 5,
    "छः": 6,
    "छे": 6,
    "पन्द्रह": 15,
    "सतरह": 17,
    "अट्ठारह": 18,
    "बाइस": 22,
    "तेइस": 23,
    "सत्ताइस": 27,
    "अठाईस": 28,
    "उन्तीस": 29,
    "चौंसठ": 64,
    "उनासी": 79,
    "नब्बे": 90,
    "निन्यानबे": 99,
    "पिचासी": 85,
    "उंतीस": 29,
    "पंद्रह": 15,
}


def _below_thousand() -> dict[tuple[str, ...], int]:
    small: dict[tuple[str, ...], int] = {
        (word,): value for value, word in enumerate(_BELOW_HUNDRED)
    }
    small |= {(word,): value for word, value in _OTHERS.items()}
    found = dict(small)
    heads: list[tuple[tuple[str, ...], int]] = [(("सौ",), 1)]
    heads += [((*words, "सौ"), value) for words, value in small.items() if 1 <= value <= 9]
    for head, hundreds in heads:
        found[head] = hundreds * 100
        found |= {
            (*head, *words): hundreds * 100 + value for words, value in small.items() if value
        }
    return found


def hindi() -> Lexicon:
    """The tables of Hindi."""
    return Lexicon(
        tag="hi",
        numerals=_below_thousand(),
        scales={"सौ": 100, "हज़ार": 1000, "हजार": 1000, "लाख": 10**5, "करोड़": 10**7},
        with_decimals={"डेढ़": "1.5", "ढाई": "2.5"},
        bare_scales=frozenset({"हज़ार", "हजार"}),
        ordinals={
            (word,): value
            for word, value in {
                "पहला": 1,
                "पहली": 1,
                "पहले": 1,
                "दूसरा": 2,
                "दूसरी": 2,
                "तीसरा": 3,
                "तीसरी": 3,
                "चौथा": 4,
                "चौथी": 4,
                "पाँचवाँ": 5,
                "पांचवां": 5,
            }.items()
        },
        minus=frozenset({"माइनस", "ऋण"}),
        points=frozenset({"दशमलव", "पॉइंट"}),
        repeats={"डबल": 2, "ट्रिपल": 3},
        groups=",",
        fractions={"आधा": 2, "आधी": 2},
        currencies=MONEY
        | listed(
            {
                "rupees": "रुपया रुपये रुपए रुपयों रु",
                "dollars": "डॉलर",
                "euros": "यूरो",
            }
        ),
        hundredths=listed({"paise": "पैसा पैसे"}),
        joins=frozenset({"और"}),
        months=numbered(
            "जनवरी|फ़रवरी फरवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर सितम्बर|अक्टूबर|नवंबर नवम्बर|दिसंबर दिसम्बर"
        ),
        weekdays=frozenset("सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार".split()),
        range_words=frozenset({"से"}),
        part_before={"साढ़े": "0.5", "सवा": "0.25", "पौने": "-0.25"},
        rewrites=(
            (regex.compile(r"(?<=[जफखगक])\u093c"), ""),
            (regex.compile(r"न्(?=[तथदधचछजझटठडढ])|म्(?=[पफबभ])"), "\u0902"),
        ),
        short_for=shortened("डॉ डॉक्टर|श्री श्रीमान"),
        day_halves={("सुबह",): "am", ("शाम",): "pm"},
        clock=frozenset({"बजे", "बजकर", "बज"}),
        minutes=frozenset({"मिनट"}),
        day_halves_before={
            (*name, *behind): half
            for name, half in (
                (("सुबह",), "am"),
                (("दोपहर",), "pm"),
                (("शाम",), "pm"),
                (("रात",), "night"),
            )
            for behind in ((), ("के",), ("में",), ("को",))
        },
        units=UNITS
        | listed(
            {
                "kilometers": "किलोमीटर किमी",
                "degrees": "डिग्री",
                "meters": "मीटर",
                "kilograms": "किलो किलोग्राम",
                "liters": "लीटर",
                "hours": "घंटे घंटा",
                "minutes": "मिनट",
                "days": "दिन",
                "weeks": "हफ़्ते हफ्ते",
                "months": "महीने महीना",
                "years": "साल",
                "percent": "प्रतिशत फीसदी",
            }
        ),
        separators={"डॉट": ".", "डैश": "-", "अंडरस्कोर": "_"},
        at=frozenset({"एट"}),
        fillers=frozenset({"अ", "हम्म"}),
        symbols={"%": ("percent",), "°": ("degrees",)},
    )
