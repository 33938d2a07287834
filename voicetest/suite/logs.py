"""Hides secrets in what this process logs, whichever library does, and in what ends its threads."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from voicetest.scenario.masking import mask_all

__all__ = ["hide_in_logs"]


def hide_in_logs() -> None:
    """Mask every record that is logged from now on, for all handlers; more than once does no harm.

    A traceback is masked too, as handlers print the text that a record already has of it.
    """
    make = logging.getLogRecordFactory()
    if not isinstance(make, _Masking):
        logging.setLogRecordFactory(_Masking(make))
    threading.excepthook = _tell


class _Masking:
    """Makes records as another factory does, and hides secrets in them."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *given: Any, **named: Any) -> logging.LogRecord:
        record = self._make(*given, **named)
        try:
            text = record.getMessage()
        except (TypeError, ValueError, KeyError):
            return record  # the handler tells of arguments that do not fit
        masked = mask_all(text)
        if masked != text:
            record.msg, record.args = masked, ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = mask_all(_printed(*record.exc_info)).rstrip()
        return record


def _tell(crash: threading.ExceptHookArgs) -> None:
    """Print what the default hook does, masked."""
    if crash.exc_type is SystemExit or sys.stderr is None:
        return
    name = "?" if crash.thread is None else crash.thread.name
    text = _printed(crash.exc_type, crash.exc_value, crash.exc_traceback)
    sys.stderr.write(f"Exception in thread {name}:\n{mask_all(text)}")


def _printed(*error: Any) -> str:
    return "".join(traceback.format_exception(*error))
