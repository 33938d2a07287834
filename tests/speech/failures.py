"""How providers fail, and what is to come of it, whatever they were asked for."""

from __future__ import annotations

import pytest

from tests.speech.speech_server import PAGE, Answer, error
from voicetest.errors import ConnectionFailed, SetupError

__all__ = ["KEY", "failures", "what_passes"]

KEY = "sk-very-secret-key-4711"

what_passes = pytest.mark.parametrize(
    "first",
    [
        error(429, headers={"retry-after": "0.01"}),
        error(429),
        error(503),
        Answer(b"x" * 1000, media_type="application/json", cut_at=100),
        Answer(hang_up=True),
    ],
    ids=["429 with retry-after", "429", "503", "truncated", "hung up"],
)

failures = pytest.mark.parametrize(
    ("answer", "failure", "words", "requests"),
    [
        (error(401, words=f"Incorrect key {KEY}"), SetupError, r"refuses the key \(HTTP 401\)", 1),
        (error(402), SetupError, "no credit or plan", 1),
        (error(429, "insufficient_quota"), SetupError, "no credit or plan", 1),
        (error(400, words=f"bad {KEY}"), ConnectionFailed, r"HTTP 400 'bad \*\*\*'", 1),
        (error(404, "model_not_found"), ConnectionFailed, "check its name, model and options", 1),
        (error(500), ConnectionFailed, "HTTP 500 'no', 4 times: the fault is at its side", 4),
        (PAGE, ConnectionFailed, r"what answers at http://127\.0\.0\.1:\d+ is not ", 1),
        (Answer(PAGE.body, 502, "text/html"), ConnectionFailed, "HTTP 502, 4 times", 4),
    ],
    ids=["401", "402", "no quota", "400", "404", "500", "a page", "a page that fails"],
)
