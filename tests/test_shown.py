"""Nothing that others say steers a terminal, a CI server or a reader, and words stay readable."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest

from voicetest.shown import ESCAPING, shown, shown_json, shown_lines

STEERING = [
    ("\x1b[1mbold\x1b[0m", r"\u001b[1mbold\u001b[0m"),
    ("\x00\x07\x08\x7f\x9b", r"\u0000\u0007\u0008\u007f\u009b"),
    ("one\ntwo\rthree\ttabbed", r"one\ntwo\rthree\ttabbed"),
    ("\x0b\x0c\x85\u2028\u2029", r"\u000b\u000c\u0085\u2028\u2029"),
    ("\u202etxt\u202c \u2066a\u2069 \u200e\u200f\u061c", None),
    ("pass\u00adword pass\u200bword pass\u200dword \ufeff \u2060", None),
    ("\U000e0041\U000e007f", r"\udb40\udc41\udb40\udc7f"),
    ("half \ud83d of one", r"half \ud83d of one"),
    ("\ufffe\uffff", r"\ufffe\uffff"),
    ("::error::x", r"\u003a:error::x"),
    ("  \u00a0::warning file=a::x", None),
    ("##[error]x", r"\u0023#[error]x"),
    ("so ###[group]x and ##vso[task.setvariable]x", None),
    ("see [[ATTACHMENT|a.txt]] and [[attachment|b]]", None),
]
WORDS = [
    "Hello, [bold] 100 % :star: <b> # ## [x] a::b",
    "مرحبا بالعالم ١٢٣",
    "می‌خواهم",
    "क्‍ष नमस्ते",
    "ശ്രീ അവന്‍",
    "שלום עולם",
    "こんにちは、世界　葛\U000e0100",
    "สวัส\u200bดี",
    "👍🏽 👨‍👩‍👧 ❤️ 1️⃣ 🏳️‍🌈",
    "12\u202f500,50\u00a0€ “so” …",
    "\\n \\u001b as typed",
]
COMMANDS = re.compile(r"^\s*::|##[A-Za-z]*\[|\[\[ATTACHMENT\|", re.IGNORECASE | re.MULTILINE)


@pytest.mark.parametrize(("text", "wanted"), STEERING)
def test_what_steers_is_written_out(text: str, wanted: str | None) -> None:
    found = shown(text)
    assert wanted is None or found == wanted
    assert not COMMANDS.search(found)
    assert len(found.splitlines()) == 1
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in found)
    assert shown(found) == found


@pytest.mark.parametrize("text", WORDS)
def test_words_of_any_language_stay_as_they_are(text: str) -> None:
    assert shown(text) == text == shown_lines(text)


@pytest.mark.parametrize("text", [text for text, _ in STEERING] + WORDS)
def test_json_stays_the_same_value_and_steers_nothing(text: str) -> None:
    for indent in (None, 2):
        written = shown_json({text: [text, f"x {text}"]}, indent)
        assert json.loads(written) == {text: [text, f"x {text}"]}
        assert not COMMANDS.search(written)
        assert shown_lines(written) == written
        written.encode()


def test_lines_of_our_own_stay_lines() -> None:
    told = "two things are wrong:\n  a\x1b\n\t::b\n::c"
    assert shown_lines(told) == "two things are wrong:\n  a\\u001b\n\t\\u003a:b\n\\u003a:c"


def test_what_goes_on_within_a_line_begins_no_command() -> None:
    assert shown_lines("::error\n::x", begins_line=False) == "::error\n\\u003a:x"


def test_a_joiner_between_letters_that_need_none_is_seen() -> None:
    assert shown("pay\u200dpal म\u200d\u200dx") == r"pay\u200dpal म" + "\u200d" + r"\u200dx"


def test_what_an_encoding_does_not_have_is_written_out_as_in_json() -> None:
    written = json.dumps("→ é 😀", ensure_ascii=False).encode("ascii", ESCAPING)
    assert json.loads(written) == "→ é 😀"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", ESCAPING)


def test_every_character_is_looked_at() -> None:
    alone = {chr(number) for number in range(0x110000) if shown(chr(number)) != chr(number)}
    unseen = {chr(number) for number in range(0x110000)} - alone
    assert {unicodedata.category(char) for char in alone} >= {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not {char for char in unseen if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")}
    bidirectional = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not {char for char in unseen if unicodedata.bidirectional(char) in bidirectional}
    visible = {"Lu", "Ll", "Nd", "Sm", "Sc", "Ps"}
    assert not {char for char in alone if unicodedata.category(char) in visible}
