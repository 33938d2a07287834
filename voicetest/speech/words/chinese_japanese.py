"""Chinese and Japanese: numbers in characters, and words of several of them."""

from __future__ import annotations

from collections.abc import Mapping

import regex

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


def _below_thousand(*, tails: bool = True) -> dict[tuple[str, ...], int]:
    """The numbers below a thousand; without `tails` 一百五 is left to the scale before it."""
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
                    found |= {(*head, zero, *words): hundreds * 100 + value for zero in "零\u3007"}
                    if tails:
                        found[*head, *words] = hundreds * 100 + value
                    else:
                        found[*head, *words] = hundreds * 100 + value * 10
    return found


def _characters(names: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Words of several characters, each with the one that stands for it."""
    found = ((tuple(word), key) for key, words in names.items() for word in words.split())
    return {characters: key for characters, key in found if len(characters) > 1}


def chinese() -> Lexicon:
    """The tables of Chinese, in simplified and in traditional characters."""
    return Lexicon(
        tag="zh",
        numerals=_below_thousand(tails=False),
        scales=_SCALES,
        inner=frozenset({"千"}),
        unspaced=True,
        single_decimals=True,
        short_tail=True,
        day_first=False,
        bare_scales=frozenset({"千"}),
        joins=frozenset({"零", "\u3007"}),
        minus=frozenset({"负", "負"}),
        points=frozenset({"点", "點"}),
        currencies=MONEY | listed({"yuan": "元 块 塊 圆 rmb ¥", "dollars": "美元", "yen": "日元"}),
        short_tenths=True,
        change={"角": 10, "毛": 10, "分": 100},
        halves={("个", "半"): "0.5", ("個", "半"): "0.5"},
        fractions={"半": 2},
        part_of=("分", "之"),
        less=frozenset({"差"}),
        less_first=frozenset({"差"}),
        rewrites=tuple(
            (regex.compile(pattern), said)
            for pattern, said in (
                *zip("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千", strict=True),
                (r"元月(?=[\d一二三])", "一月"),
                (r"(?<=\d)° ?c", "度"),
                (r"(?<=[块塊元])钱", ""),
                (r"(?<=[点點])[钟鐘]", ""),
                (r"周(?=[一二三四五六日天])|礼拜(?=[一二三四五六日天])", "星期"),
                ("星期天", "星期日"),
            )
        ),
        date_marks=("年", "月", "日"),
        range_words=frozenset({"到", "至"}),
        between={"从": "到"},
        quarters={"半": 30, "quarter": 15, "quarters": 45},
        clock=frozenset({"点", "點", "时"}),
        minutes=frozenset({"分"}),
        day_halves_before=_characters(
            {"am": "上午 早上 凌晨 清晨", "pm": "下午 中午 傍晚", "night": "晚上 半夜 深夜 夜里"}
        ),
        percent_before=frozenset({"percent-of"}),
        compounds=_characters(
            {
                "percent-of": "百分之",
                "kilometers": "公里 千米",
                "kilograms": "公斤 千克",
                "minutes": "分钟 分鐘",
                "hours": "小时 小時 个小时 個小時",
                "quarter": "一刻",
                "quarters": "三刻",
                "degrees": "摄氏度",
                "负": "零下",
                "euros": "欧元 歐元",
                "pounds": "英镑",
                "日元": "日圆",
                "dollars": "美元 美金",
            }
        ),
        units=UNITS | listed({"days": "天", "years": "年", "months": "个月", "degrees": "度"}),
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
        day_first=False,
        bare_scales=frozenset({"千"}),
        part_of=("分", "の"),
        digit_joints=frozenset({"の"}),
        earlier=frozenset({"前"}),
        range_ends=frozenset({"まで"}),
        hours={"noon": (12, "pm")},
        hundredths={"cents": "cents"},
        rewrites=(
            (regex.compile(r"(?<=\d)° ?c"), "度"),
            (regex.compile(r"(?<=[月火水木金土日]曜)日"), ""),
        ),
        minus=frozenset({"minus"}),
        points=frozenset({"点", "point"}),
        currencies=MONEY | listed({"yen": "円", "dollars": "ドル"}),
        date_marks=("年", "月", "日"),
        range_words=frozenset({"from-to"}),
        quarters={"半": 30},
        clock=frozenset({"時"}),
        minutes=frozenset({"分"}),
        day_halves_before=_characters({"am": "午前", "pm": "午後", "night": "深夜"})
        | {("朝",): "am", ("昼",): "pm", ("昼", "の"): "pm", ("夜",): "night", ("夕", "方"): "pm"},
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
                "零": "ゼロ",
                "cents": "セント",
                "noon": "正午",
                "point": "てん",
            }
        ),
        units=UNITS | listed({"days": "日", "years": "年", "minutes": "分", "degrees": "度"}),
        fillers=frozenset(),
        symbols={"%": ("percent",)},
    )
