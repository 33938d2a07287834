"""Chinese and Japanese: numbers in characters, and words of several of them."""

from __future__ import annotations

from collections.abc import Mapping

from voicetest.speech.words.lexicon import Lexicon
from voicetest.speech.words.tables import MONEY, UNITS, listed

__all__ = ["chinese", "japanese"]

_DIGITS = "零一二三四五六七八九"
_OTHERS: Mapping[str, int] = {"\u3007": 0, "○": 0, "两": 2, "兩": 2, "幺": 1}
_SCALES: Mapping[str, int] = {
    "千": 1000,
    "万": 10**4,
    "萬": 10**4,
    "亿": 10**8,
    "億": 10**8,
}


def _below_hundred() -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {(sign,): value for value, sign in enumerate(_DIGITS)}
    found |= {(sign,): value for sign, value in _OTHERS.items()}
    for ten in range(1, 10):
        heads: list[tuple[str, ...]] = [(_DIGITS[ten], "十")]
        heads += [("十",)] if ten == 1 else []
        for head in heads:
            found[head] = ten * 10
            found |= {(*head, _DIGITS[one]): ten * 10 + one for one in range(1, 10)}
    return found


def _below_thousand() -> dict[tuple[str, ...], int]:
    small = _below_hundred()
    found = dict(small)
    for hundreds in range(1, 10):
        heads: list[tuple[str, ...]] = [(_DIGITS[hundreds], "百")]
        heads += [("百",)] if hundreds == 1 else []
        heads += [("两", "百")] if hundreds == 2 else []
        for head in heads:
            found[head] = hundreds * 100
            for words, value in small.items():
                if value >= 10:
                    found[*head, *words] = hundreds * 100 + value
                elif value:
                    found[*head, "零", *words] = found[*head, *words] = hundreds * 100 + value
    return found


def _characters(names: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Words of several characters, each with the one that stands for it."""
    found = ((tuple(word), key) for key, words in names.items() for word in words.split())
    return {characters: key for characters, key in found if len(characters) > 1}


def chinese() -> Lexicon:
    """The tables of Chinese, in simplified and in traditional characters."""
    return Lexicon(
        tag="zh",
        numerals=_below_thousand(),
        scales=_SCALES,
        inner=frozenset({"千"}),
        unspaced=True,
        single_decimals=True,
        bare_scales=frozenset({"千"}),
        joins=frozenset({"零"}),
        minus=frozenset({"负", "負"}),
        points=frozenset({"点", "點"}),
        currencies=MONEY | listed({"yuan": "元 块 塊 圆 rmb", "dollars": "美元"}),
        short_tenths=True,
        date_marks=("年", "月", "日"),
        range_words=frozenset({"到", "至"}),
        between={"从": "到"},
        quarters={"半": 30},
        clock=frozenset({"点", "點", "时"}),
        minutes=frozenset({"分"}),
        day_halves_before=_characters({"am": "上午 早上 凌晨", "pm": "下午 晚上 中午"}),
        percent_before=frozenset({"percent-of"}),
        compounds=_characters(
            {
                "percent-of": "百分之",
                "kilometers": "公里 千米",
                "kilograms": "公斤 千克",
                "minutes": "分钟 分鐘",
                "hours": "小时 小時",
                "dollars": "美元 美金",
            }
        ),
        units=UNITS | listed({"days": "天", "years": "年", "months": "个月"}),
        separators={"点": "."},
        at=frozenset(),
        fillers=frozenset({"嗯", "呃"}),
        symbols={"%": ("percent",)},
    )


def japanese() -> Lexicon:
    """The tables of Japanese."""
    return Lexicon(
        tag="ja",
        numerals=_below_thousand(),
        scales=_SCALES,
        inner=frozenset({"千"}),
        unspaced=True,
        single_decimals=True,
        bare_scales=frozenset({"千"}),
        minus=frozenset({"minus"}),
        points=frozenset({"点", "point"}),
        currencies=MONEY | listed({"yen": "円", "dollars": "ドル"}),
        date_marks=("年", "月", "日"),
        range_words=frozenset({"from-to"}),
        quarters={"半": 30},
        clock=frozenset({"時"}),
        minutes=frozenset({"分"}),
        day_halves_before=_characters({"am": "午前", "pm": "午後"}),
        compounds=_characters(
            {
                "percent": "パーセント",
                "from-to": "から",
                "dollars": "ドル",
                "euros": "ユーロ",
                "kilometers": "キロメートル",
                "kilograms": "キログラム",
                "hours": "時間",
                "minus": "マイナス",
            }
        ),
        units=UNITS | listed({"days": "日", "years": "年", "minutes": "分"}),
        fillers=frozenset(),
        symbols={"%": ("percent",)},
    )
