"""What each kind of field takes, and what it says about the rest."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from voicetest.scenario.document import parse_document
from voicetest.scenario.json_values import json_value
from voicetest.scenario.losses import lost
from voicetest.scenario.nodes import Scalar, Style
from voicetest.scenario.patterns import TextPattern
from voicetest.scenario.refusals import Loading
from voicetest.scenario.values import (
    AudioFile,
    Count,
    Duration,
    Flag,
    Json,
    JsonObject,
    Language,
    Level,
    Money,
    Only,
    Pattern,
    Phrase,
    PhraseList,
    PositiveDuration,
    Rate,
    Share,
    Text,
    TextList,
)

ACCEPTED = [
    (Duration, "800ms", 0.8),
    (Duration, "1.5s", 1.5),
    (Duration, "2m", 120.0),
    (Duration, "1h", 3600.0),
    (Duration, "3 s", 3.0),
    (Duration, ".5s", 0.5),
    (Duration, "0s", 0.0),
    (Duration, 2.5, 2.5),
    (Share, "80%", 0.8),
    (Share, "2.5 %", 0.025),
    (Share, 0.5, 0.5),
    (Level, "15dB", 15.0),
    (Level, "-6dB", -6.0),
    (Level, "+3 db", 3.0),
    (Level, -6, -6.0),
    (Money, "$0.50", 0.5),
    (Money, "$ 2", 2.0),
    (Money, 0.5, 0.5),
    (Count, "12", 12),
    (Count, 3, 3),
    (Rate, "1.2", 1.2),
    (Rate, 1, 1.0),
    (Flag, "true", True),
    (Flag, "False", False),
    (Flag, True, True),
    (Only, "true", True),
    (Only, False, False),
    (Text, "yes", "yes"),
    (TextList, "one", ("one",)),
    (TextList, ["a", "b"], ("a", "b")),
]

REFUSED = [
    (Duration, "3", "3 has no unit: write 3s or 3000ms"),
    (Duration, "1.5", "1.5 has no unit: write 1.5s or 1500ms"),
    (Duration, "800", "800 has no unit: write 800ms or 800s"),
    (Duration, "2 sec", "expected a duration such as 800ms, 1.5s or 2m, found '2 sec'"),
    (Duration, "-1s", "found '-1s'"),
    (Duration, "25h", "24h is the most"),
    (Duration, "9" * 400 + "s", "24h is the most"),
    (Duration, "", "found nothing"),
    (Duration, ["3s"], "found a list"),
    (Duration, True, "found 'True'"),
    (PositiveDuration, "0s", "more than 0s"),
    (PositiveDuration, -1, "more than 0s"),
    (Share, "5", "5 has no unit: write 5%"),
    (Share, "0.05", "0.05 has no unit: write 5%"),
    (Share, "1001%", "expected a share"),
    (Share, "-5%", "expected a share"),
    (Level, "15", "15 has no unit: write 15dB"),
    (Level, "-6", "-6 has no unit: write -6dB"),
    (Level, "900dB", "expected a level"),
    (Money, "0.5", "0.5 has no currency: write $0.5"),
    (Money, "0.5 EUR", "expected US dollars"),
    (Money, "$-1", "expected US dollars"),
    (Count, "2.5", "expected a whole number such as 3, found '2.5'"),
    (Count, "-1", "expected a whole number"),
    (Count, "9" * 5000, "expected a whole number"),
    (Rate, "9", "between 0.25 and 4"),
    (Flag, "yes", "expected true or false, found 'yes'"),
    (Only, "false", "leave the line out"),
    (Pattern, "(a", "not a regular expression"),
    (Pattern, "a" * 501, "more than 500 characters"),
    (Phrase, "...", "has no word in it to compare"),
    (PhraseList, "?!", "has no word in it to compare"),
    (Language, "Deutsch", "is no language"),
    (Language, "en_US", "is no language"),
    (Text, "", "expected a text, found nothing"),
    (Text, "  ", "expected a text, found nothing"),
    (Text, 5, "expected a text, found '5'"),
    (TextList, [], "this list is empty"),
    (JsonObject, "a", "expected a mapping"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), ACCEPTED)
def test_a_field_reads_what_people_write(kind: Any, value: object, expected: object) -> None:
    assert TypeAdapter(kind).validate_python(value) == expected


@pytest.mark.parametrize(("kind", "value", "message"), REFUSED)
def test_a_field_says_what_it_expected(kind: Any, value: object, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert message in caught.value.errors()[0]["msg"]


def test_a_secret_is_not_repeated_in_a_refusal() -> None:
    secret = Scalar("${env.PIN}").expanded("123456", secret=True, unresolved=False)
    for kind in (Duration, Share, Level, Money, Flag):
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(kind).validate_python(secret)
        assert "123456" not in caught.value.errors()[0]["msg"]


@given(st.integers(0, 86_400_000))
def test_milliseconds_and_seconds_mean_the_same(milliseconds: int) -> None:
    adapter = TypeAdapter[float](Duration)
    written = f"{milliseconds // 1000}.{milliseconds % 1000:03}s"
    assert adapter.validate_python(f"{milliseconds}ms") == adapter.validate_python(written)


def test_a_pattern_ignores_case() -> None:
    pattern = TypeAdapter[TextPattern](Pattern).validate_python(r"order \d+")
    assert pattern.found_in("ORDER 12")


def resolved(text: str) -> Any:
    """The JSON value of a text in a YAML file."""
    return json_value(parse_document(f"a: {text}\n".encode(), Path("x"), "x").root["a"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("yes", "yes"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        (".inf", ".inf"),
        ("'12'", "12"),
        ('"null"', "null"),
        ("[1, {b: '2'}]", [1, {"b": "2"}]),
    ],
)
def test_json_follows_the_yaml_core_schema_and_quoted_texts_stay_texts(
    text: str, value: object
) -> None:
    found = resolved(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("012", "starts with a zero"),
        ("1e999", "too large"),
        ("9" * 200, "too many digits"),
        ("{q: Sure, one moment}", "put a text that contains a comma in quotes"),
        ("[a #b\n  , c]", "' #' starts a comment"),
    ],
)
def test_json_refuses_what_would_change_its_meaning(text: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Json).validate_python(
            parse_document(f"a: {text}\n".encode(), Path("x"), "x").root["a"]
        )
    assert message in caught.value.errors()[0]["msg"]


def test_json_numbers_are_finite() -> None:
    assert math.isfinite(resolved("1e308"))


def test_a_file_is_looked_for_beside_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "hello.wav").write_bytes(b"")
    loading = Loading(tmp_path)
    found = TypeAdapter[Path](AudioFile).validate_python("hello.wav", context=loading)
    assert found == (tmp_path / "hello.wav").resolve()
    assert found.is_absolute()


@pytest.mark.parametrize(
    ("name", "message"),
    [("none.wav", "there is no file 'none.wav'"), (".", "'.' is not a file"), ("a\0", "no file")],
)
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter[Path](AudioFile).validate_python(name, context=Loading(tmp_path))
    assert message in caught.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("text", "style", "rest", "is_lost"),
    [
        ("order", Style.PLAIN, " #4", True),
        ("order", Style.PLAIN, " # four", False),
        ("order", Style.PLAIN, " #", False),
        ("order", Style.QUOTED, " #4", False),
        ("“all”", Style.PLAIN, "", True),
        ("“all”", Style.QUOTED, "", False),
        ("“open", Style.PLAIN, "", True),
        ("closed”", Style.PLAIN, "", True),
        ("“Yes” is all", Style.PLAIN, "", False),
        ("say “yes”", Style.PLAIN, "", False),
        ("\u2018Tis the season", Style.PLAIN, "", False),
        ("the boys\u2019", Style.PLAIN, "", False),
        ("", Style.BLOCK, "", True),
        ("text", Style.BLOCK, "", False),
    ],
)
def test_only_a_plain_text_can_lose_something(
    text: str, style: Style, rest: str, is_lost: bool
) -> None:
    assert (lost(Scalar(text, 1, 1, style, rest)) is not None) is is_lost
