"""What libraries log shows no secret."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator

import pytest

from voicetest.scenario.masking import Secrets
from voicetest.suite.logs import hide_in_logs

PLANTED = "lg8Vw2KxLm4TnRp7yy"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What a handler of the library's user writes."""
    make, hook = logging.getLogRecordFactory(), threading.excepthook
    Secrets().also([PLANTED])
    hide_in_logs()
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logger = logging.getLogger("somebody.elses")
    logger.addHandler(handler)
    logger.propagate = False
    yield written
    logger.removeHandler(handler)
    logging.setLogRecordFactory(make)
    threading.excepthook = hook


def test_messages_and_their_arguments_are_masked(logged: io.StringIO) -> None:
    logging.getLogger("somebody.elses").error("GET %s with %r", f"http://h/?x={PLANTED}", PLANTED)
    assert logged.getvalue() == "GET http://h/?x=*** with '***'\n"


def test_tracebacks_are_masked(logged: io.StringIO) -> None:
    try:
        int(PLANTED)
    except ValueError:
        logging.getLogger("somebody.elses").exception("it broke")
    assert "it broke\nTraceback" in logged.getvalue()
    assert logged.getvalue().endswith("with base 10: '***'\n")


def test_other_messages_stay_as_they_are(logged: io.StringIO) -> None:
    hide_in_logs()
    logging.getLogger("somebody.elses").warning("%d of %s", 3, ["a"])
    assert logged.getvalue() == "3 of ['a']\n"


def test_what_ends_a_thread_is_masked(
    logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    threading.excepthook(
        threading.ExceptHookArgs((ValueError, ValueError(PLANTED), None, threading.Thread()))
    )
    told = capsys.readouterr().err
    assert told.startswith("Exception in thread")
    assert told.endswith("ValueError: ***\n")
