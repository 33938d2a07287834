"""SIGTERM and SIGHUP do what Ctrl-C does, wherever they come; only the exit code is another."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from voicetest.errors import ExitCode

__all__ = ["ending"]

_CODES = {
    signal.SIGTERM: ExitCode.TERMINATED,
    **({} if sys.platform == "win32" else {signal.SIGHUP: ExitCode.HUNG_UP}),
}


def _restore(number: int, handler: Callable[[int, FrameType | None], None]) -> None:
    """Heed the signal as before, unless the command is ending by one that came first."""
    if signal.getsignal(number) is handler:
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def ending() -> Iterator[None]:
    """Ends the process with the code of the signal that came inside the block, if one did.

    What nohup made this process ignore stays ignored. Ctrl-C is heeded in any case: a shell that
    starts a command in the background makes it ignore that.
    """
    codes: list[ExitCode] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        codes.append(_CODES[signal.Signals(number)])
        interrupt = signal.getsignal(signal.SIGINT)
        if callable(interrupt):
            interrupt(signal.SIGINT, frame)

    with ExitStack() as stack:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in _CODES:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, on_signal)
                stack.callback(_restore, number, on_signal)
        try:
            yield
        except KeyboardInterrupt:
            sys.exit(int(codes[0] if codes else ExitCode.INTERRUPTED))
        except SystemExit as left:
            # typer makes a KeyboardInterrupt this exit by itself.
            if codes and left.code == ExitCode.INTERRUPTED:
                sys.exit(int(codes[0]))
            raise
