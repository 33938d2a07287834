#!/usr/bin/env bash
# num2words: a whole number of euros is spoken as cents; years in Japanese are years of an era.
#
# Guess: num2words(5, to="currency") says five euros, as 5.0 does, and to="year" says the number.
# Seen (num2words 0.5.14): the int 5 is "zero euro, five cents", in de, es, fr, it, nl and pt too;
# the float 5.0 and the text "5" are five euros. 2005 as a Japanese year is "平成十七年", the 17th
# year of Heisei. For Hindi and Chinese it raises NotImplementedError with an empty message.
# So: amounts go in as decimals, years of Japanese as cardinals, and the languages are asked first.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check num2words==0.5.14
"$work/venv/bin/python" - <<'PY'
from num2words import num2words


def euros(amount: object, lang: str) -> str:
    return num2words(amount, to="currency", currency="EUR", lang=lang)


def refusal(lang: str) -> str:
    try:
        return num2words(5, lang=lang)
    except NotImplementedError as error:
        return f"NotImplementedError({str(error)!r})"


seen = {
    "5 en": euros(5, "en"),
    "5.0 en": euros(5.0, "en"),
    "'5' en": euros("5", "en"),
    "5 de": euros(5, "de"),
    "5.0 de": euros(5.0, "de"),
    "5 es": euros(5, "es"),
    "year ja": num2words(2005, to="year", lang="ja"),
    "hi": refusal("hi"),
    "zh": refusal("zh"),
}
for case, words in seen.items():
    print(f"{case}: {words}")
expected = {
    "5 en": "zero euro, five cents",
    "5.0 en": "five euro, zero cents",
    "'5' en": "five euro, zero cents",
    "5 de": "null Euro und fünf Cent",
    "5.0 de": "fünf Euro und null Cent",
    "5 es": "cero euros con cinco céntimos",
    "year ja": "平成十七年",
    "hi": "NotImplementedError('')",
    "zh": "NotImplementedError('')",
}
raise SystemExit(0 if seen == expected else f"changed: expected {expected}")
PY
