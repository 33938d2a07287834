"""Text as it is compared: the same words, however they were written or heard."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import groupby

from text_to_num import alpha2digit

__all__ = ["joined", "normalise", "tokens"]

CONTRACTIONS = {
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
    "etc": "et cetera",
    "ok": "okay",
    "mr": "mister",
    "mrs": "missus",
    "dr": "doctor",
}
ENDINGS = {"n't": "not", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would"}
IS = "that|it|he|she|what|where|who|how|there|here|when|why|everything|something|nothing"
CURRENCIES = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen", "₹": "rupees"}
MAGNITUDES = {"k": "thousand", "m": "million", "bn": "billion"}
HUNDREDTHS = {"dollars": "cents", "euros": "cents", "pounds": "pence", "rupees": "paise"}
UNITS = {
    "dollar": "dollars",
    "euro": "euros",
    "pound": "pounds",
    "rupee": "rupees",
    "cent": "cents",
    "penny": "pence",
    "pennies": "pence",
    "paisa": "paise",
}
SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}
REPEATS = {"double": 2, "triple": 3}
DOMAINS = "com|org|net|edu|gov|info|io|ai|co|uk|de|eu"

# In this order: each rule sees what the ones before it have left.
_REWRITES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[\u2018\u2019\u02bc`]", "'"),
        (r"[\u2010-\u2015\u2212]", "-"),
        (r"\b((?:[a-z]\.)+[a-z])\b\.?", lambda found: found[1].replace(".", "")),
        (rf"(?<=\w)\.(?=(?:{DOMAINS})\b)", " dot "),
        (r"(?<=\w)@(?=\w)", " at "),
        (r"(?<=[^\W\d])-(?=[^\W\d])", " "),
        (r"&", " and "),
        (r"#(?=\d)|\bno\. ?(?=\d)", " number "),
        (r"(?<![\w)])\+(?=\d)", " plus "),
        (r"(\d)¢", r"\1 cents "),
        (r"\b(\d{1,2})\.(\d\d)(?= ?[ap]m\b)", r"\1 \2 "),
        (r"\d+(?:\.\d+){2,}", lambda found: found[0].replace(".", " ")),
        (
            r"([$€£¥₹] ?\d+(?:\.\d+)?) ?(k|m|bn)\b",
            lambda found: f"{found[1]} {MAGNITUDES[found[2]]}",
        ),
        (r"%|\bper cent\b", " percent "),
        (r"(?<=\d),(?=\d{3}(?!\d))", ""),
        (r"(?<![\w)])-(?=\d)", " minus "),
        (r"\b(\d{1,2}):00\b", r"\1 "),
        (r"(?<=\d):(?=\d\d\b)", " "),
        (r"(?<=\d)(?=[a-z])(?!(?:st|nd|rd|th)\b)|(?<=[a-z])(?=\d)", " "),
        (r"\ba (?=(?:hundred|thousand|million|billion)\b)", "one "),
        # The number words include a bare letter o.
        (r"\bo'clock\b|(?<=\w) o clock\b", " "),
        (r"\bo k\b", "okay"),
        (r"(?<![\w'])o(?![\w'])", "oh"),
    )
)


def normalise(text: str) -> list[str]:
    """The words of a text in lower case without punctuation and accents, numbers as digits.

    Contractions are written out, neighbouring numbers are joined (`five five five` and `555`,
    `three thirty` and `3:30`), currency and per cent are words behind the number.
    """
    return joined(tokens(text))


def tokens(text: str) -> list[str]:
    """The words of a text, normalised, with neighbouring numbers still apart."""
    plain = _without_accents(text.casefold())
    for pattern, replacement in _REWRITES:
        plain = pattern.sub(replacement, plain)
    digits = alpha2digit(_amounts(_written_out(plain)), "en", 0)
    words = re.findall(r"\d+\.\d+|\w+\*?", _amounts(digits).replace("'", ""))
    return _halves(_repeated(_with_zeros([UNITS.get(word, word) for word in words])))


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def _written_out(text: str) -> str:
    text = re.sub(r"[a-z']+", lambda found: CONTRACTIONS.get(found[0], found[0]), text)
    text = re.sub(rf"\b({IS})'s\b", r"\1 is", text)
    for ending, word in ENDINGS.items():
        text = re.sub(rf"(?<=[a-z]){ending}\b", f" {word}", text)
    return text


def _amounts(text: str) -> str:
    """Amounts of money as whole units and hundredths, behind their numbers."""
    text = re.sub(
        r"([$€£¥₹]) ?(\d+(?:\.\d+)?)( (?:thousand|million|billion)\b)?",
        lambda found: f"{found[2]}{found[3] or ''} {CURRENCIES[found[1]]} ",
        text,
    )
    text = re.sub(
        r"(\d+(?:\.\d+)?) (hundred|thousand|million|billion)\b",
        lambda found: f"{float(found[1]) * SCALES[found[2]]:.10g}",
        text,
    )
    # The number words leave a decimal and its scale apart.
    text = re.sub(
        r"(\d+\.\d+) (1000(?:000){0,2})\b",
        lambda found: f"{float(found[1]) * int(found[2]):.10g}",
        text,
    )
    text = re.sub(r"(?<!\d )\bpoint (\d)", r"0.\1", text)
    text = re.sub(r"(\d+)\.(\d\d) (dollar|euro|pound|rupee)s?\b", _whole_and_hundredths, text)
    return re.sub(
        r"\b(dollars?|euros?|pounds?|rupees?),? and (?=\d+ (?:cents?|pence|penn|pais))",
        r"\1 ",
        text,
    )


def _whole_and_hundredths(found: re.Match[str]) -> str:
    unit = f"{found[3]}s"
    whole = f"{found[1]} {unit} " if int(found[1]) else ""
    hundredths = f"{int(found[2])} {HUNDREDTHS[unit]} " if int(found[2]) else ""
    return f"{whole}{hundredths}" or f"0 {unit}"


def _with_zeros(words: list[str]) -> list[str]:
    """`oh` as 0 where digits stand around it."""
    near = ["", "", *words, "", ""]

    def is_zero(place: int) -> bool:
        before2, before, word, after, after2 = near[place : place + 5]
        return word == "oh" and (
            (after.isdigit() and (before.isdigit() or after2.isdigit() or before in REPEATS))
            or (before.isdigit() and before2.isdigit())
        )

    return ["0" if is_zero(place) else word for place, word in enumerate(words)]


def _repeated(words: list[str]) -> list[str]:
    """`double five` as 55."""
    found: list[str] = []
    for word in words:
        if found and found[-1] in REPEATS and word.isdigit() and len(word) <= 2:
            # The number words may have joined the zero with what follows: `double 07`.
            found[-1] = word[0] * REPEATS[found[-1]] + word[1:]
        else:
            found.append(word)
    return found


def _halves(words: list[str]) -> list[str]:
    """`half past 10` as 10 30, `quarter to 9` as 8 45, `2 and a half` as 2.5."""
    found: list[str] = []
    at = 0
    while at < len(words):
        match words[at : at + 4]:
            case [("half" | "quarter") as part, ("past" | "to") as side, hour, *_] if (
                hour.isdigit() and 1 <= int(hour) <= 12 and (part, side) != ("half", "to")
            ):
                before = side == "to"
                minutes = {"half": "30", "quarter": "45" if before else "15"}[part]
                found += [str((int(hour) + 10) % 12 + 1 if before else int(hour)), minutes]
                at += 3
            case [whole, "and", "a", "half"] if whole.isdigit():
                found.append(f"{whole}.5")
                at += 4
            case [word, *_]:
                found.append(word)
                at += 1
    return found


def joined(words: Sequence[str]) -> list[str]:
    """The words with neighbouring numbers as one."""
    found: list[str] = []
    for number, group in groupby(words, str.isdigit):
        run = list(group)
        found += ["".join(run)] if number else run
    return found
