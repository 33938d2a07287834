"""Text as it is compared: the same words, however they were written or heard."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import groupby

from text_to_num import alpha2digit

__all__ = ["contains", "normalise", "word_error_rate"]

CONTRACTIONS = {
    "won't": "will not",
    "can't": "can not",
    "cannot": "can not",
    "shan't": "shall not",
    "let's": "let us",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
    "ok": "okay",
    "mr": "mister",
    "mrs": "missus",
    "dr": "doctor",
}
ENDINGS = {"n't": "not", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would"}
IS = "that|it|he|she|what|where|who|how|there|here|when|why|everything|something|nothing"
CURRENCIES = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen", "₹": "rupees"}
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
        (r"%|\bper cent\b", " percent "),
        (r"(?<=\d),(?=\d{3}(?!\d))", ""),
        (r"(?<![\w)])-(?=\d)", " minus "),
        (r"\b(\d{1,2}):00\b", r"\1 "),
        (r"(?<=\d):(?=\d\d\b)", " "),
        (r"(?<=\d)(?=[ap]m\b)", " "),
        (r"\ba (?=(?:hundred|thousand|million|billion)\b)", "one "),
        # The number words include a bare letter o.
        (r"\bo'clock\b|(?<=\w) o clock\b", " "),
        (r"(?<![\w'])o(?![\w'])", "oh"),
    )
)


def normalise(text: str) -> list[str]:
    """The words of a text in lower case without punctuation and accents, numbers as digits.

    Contractions are written out, neighbouring numbers are joined (`five five five` and `555`,
    `three thirty` and `3:30`), currency and per cent are words behind the number.
    """
    return _joined(_tokens(text))


def contains(text: str, phrase: str) -> bool:
    """Whether the words of a phrase occur in a text whole, in order and adjacent.

    Both are normalised; a word of the phrase that ends in `*` matches any ending.
    """
    words, wanted = _tokens(text), _joined(_tokens(phrase))
    return bool(wanted) and any(_starts(words[at:], wanted) for at in range(len(words)))


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Substitutions, deletions and insertions per word of the reference (Levenshtein distance).

    Numbers count digit by digit. An empty reference gives 0 if nothing was heard, else 1.
    """
    expected, heard = _digitwise(reference), _digitwise(hypothesis)
    if not expected:
        return 1.0 if heard else 0.0
    row = list(range(len(heard) + 1))
    for done, word in enumerate(expected, 1):
        diagonal, row[0] = row[0], done
        for place, other in enumerate(heard, 1):
            best = min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other))
            diagonal, row[place] = row[place], best
    return row[-1] / len(expected)


def _tokens(text: str) -> list[str]:
    """Normalised words, neighbouring numbers still apart."""
    plain = _without_accents(text.casefold())
    for pattern, replacement in _REWRITES:
        plain = pattern.sub(replacement, plain)
    digits = alpha2digit(_amounts(_written_out(plain)), "en", 0)
    words = re.findall(r"\d+\.\d+|\w+\*?", _amounts(digits).replace("'", ""))
    return _repeated(_with_zeros([UNITS.get(word, word) for word in words]))


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


def _joined(words: Sequence[str]) -> list[str]:
    found: list[str] = []
    for number, group in groupby(words, str.isdigit):
        run = list(group)
        found += ["".join(run)] if number else run
    return found


def _digitwise(text: str) -> list[str]:
    return [
        part for word in _joined(_tokens(text)) for part in (word if word.isdigit() else [word])
    ]


def _starts(words: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether `words` begin with `wanted`, of which a number may be spread over several words."""
    at = 0
    for target in wanted:
        if target.isdigit():
            read = ""
            while len(read) < len(target) and at < len(words) and words[at].isdigit():
                read += words[at]
                at += 1
            if read != target:
                return False
        elif at < len(words) and _matches(words[at], target):
            at += 1
        else:
            return False
    return True


def _matches(word: str, target: str) -> bool:
    if target.endswith("*"):
        return word.startswith(target[:-1])
    return word.removesuffix("*") == target
