"""An address of ours is known as such, and gives back what the number did before."""

from __future__ import annotations

import base64
import json

import pytest

from voicetest.adapters.twilio_account import Voice
from voicetest.adapters.twilio_marks import (
    Mark,
    mark_of,
    marked,
    ready_url,
    unmarked,
    voice_url,
)

RUN = "Ab_-345678901234"
OURS = voice_url("https://ours.example/tests", RUN)
THEIRS = Voice("https://theirs.example/voice?a=1&b=ü ", "GET", "AP" + "1" * 32)
NOTHING = Voice("", "POST", "")


@pytest.mark.parametrize("former", [THEIRS, NOTHING])
def test_an_address_says_whose_it_is_and_what_was_there_before(former: Voice) -> None:
    url = marked(OURS, former)
    assert url.startswith("https://ours.example/tests/twilio/voice?voicetest=Ab_-345678901234&")
    assert mark_of(url) == Mark(RUN, former)
    assert url.isascii()
    assert "%" not in url  # what is written in two ways may be signed in two ways
    assert ready_url(url) == f"https://ours.example/tests/twilio/ready?voicetest={RUN}"


@pytest.mark.parametrize("url", ["https://user:word@theirs.example/", "https://x/" + "y" * 2_000])
def test_a_password_and_what_is_too_long_are_left_to_the_journal(url: str) -> None:
    address = marked(OURS, Voice(url, "POST", ""))
    assert address == OURS
    assert mark_of(address) == Mark(RUN, None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://theirs.example/twilio/voice",
        "https://theirs.example/voice?voicetest=Ab_-3456789",
        "https://theirs.example/twilio/voice?voicetest=",
        "https://theirs.example/twilio/voice?voicetest=a%20b",
        "https://theirs.example/twilio/voice?voicetest=Ab_-3456789&voicetest=Ab_-3456780",
        "https://[theirs/twilio/voice?voicetest=Ab_-3456789",
        "/twilio/voice?voicetest=Ab_-3456789",
    ],
)
def test_an_address_of_somebody_else_has_no_mark(url: str) -> None:
    assert mark_of(url) is None
    assert unmarked(Voice(url, "GET", "")) == Voice(url, "GET", "")


def _written(found: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(found).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "former", ["x", "ü", "_", "", _written(["a", "b"]), _written([1, 2, 3]), _written({}), "W" * 9]
)
def test_a_mark_that_somebody_has_cut_says_only_whose_it_is(former: str) -> None:
    assert mark_of(f"{OURS}&former={former}") == Mark(RUN, None)


def test_of_runs_that_took_each_other_for_what_was_there_the_first_knows_it() -> None:
    url = OURS
    former = THEIRS
    for _ in range(3):
        url = marked(OURS, former)
        former = Voice(url, "POST", "")
    assert unmarked(former) == THEIRS
    assert unmarked(Voice(OURS, "POST", "")) is None
