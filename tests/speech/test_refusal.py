from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from voicetest.speech.refusal import Cause, Refusal, refusal_of_status


def _wait(headers: dict[str, str], body: str = "") -> float | None:
    return refusal_of_status(429, body, headers).retry_after


def test_the_pause_that_is_wished_is_read_in_every_form() -> None:
    assert _wait({"retry-after": "7"}) == 7
    assert _wait({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    assert _wait({"retry-after": later}) == pytest.approx(20, abs=2)
    google = {"error": {"details": [{"@type": "x"}, {"retryDelay": "34.5s"}], "code": 429}}
    assert _wait({}, json.dumps(google)) == 34.5


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "", "-"])
def test_a_pause_that_says_nothing_is_none(text: str) -> None:
    assert _wait({"retry-after": text}) is None


def test_a_pause_before_now_is_over() -> None:
    assert _wait({"retry-after": "-5"}) == 0
    assert _wait({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0


@pytest.mark.parametrize(
    "body",
    ["", "[]", "null", "3", '"x"', "[" * 100_000, '{"error": []}', '{"error": {"details": [[]]}}'],
)
def test_an_answer_without_words_has_none(body: str) -> None:
    assert refusal_of_status(500, body, {}).shown == "HTTP 500"


def test_googles_wrong_key_is_a_key_though_it_is_a_bad_request() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
    body = {"error": {"code": 400, "message": "API key not valid", "details": details}}
    assert refusal_of_status(400, json.dumps(body), {}).cause is Cause.KEY
    assert refusal_of_status(400, json.dumps([body]), {}).cause is Cause.KEY


def test_words_are_one_short_line() -> None:
    assert Refusal(Cause.BROKEN, "a\n\x1b[31m b").words == "a [31m b"
    assert len(Refusal(Cause.BROKEN, "x" * 1000).words) == 200
