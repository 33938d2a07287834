"""Standard output and error as the commands have them: whatever they meet, the command goes on."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Self, TextIO, cast

from voicetest.shown import ESCAPING, shown_lines

__all__ = ["Outlet", "Streams", "streams"]

_MOST_WAITING = 1 << 20
"""Characters that may wait for a slow reader before further progress is left out."""


@dataclass(eq=False)
class _Sink:
    """One stream as it was given to the process; None where it was closed."""

    stream: TextIO | None
    lossy: bool
    """Whether what is written may be left out while too much waits."""
    begins_line: bool = True
    """Whether the next character is the first of a line; set by each write."""
    failure: Exception | None = None
    """Why it took no more; set once, and nothing is written to it afterwards."""

    def __post_init__(self) -> None:
        if self.stream is None:
            self.failure = OSError(errno.EBADF, "it is closed")

    @property
    def encoding(self) -> str:
        """That of the stream."""
        return getattr(self.stream, "encoding", None) or "utf-8"

    def put(self, text: str) -> None:
        """Write it all, however long that takes."""
        if self.failure is not None:
            return
        data = text.encode(self.encoding, ESCAPING)
        # A buffer would keep what could not be written, and try again when the process ends.
        raw = getattr(getattr(self.stream, "buffer", None), "raw", None)
        try:
            if isinstance(raw, io.RawIOBase):
                _write_all(raw, data.replace(b"\n", os.linesep.encode()))
            elif self.stream is not None:
                self.stream.write(data.decode(self.encoding))
                self.stream.flush()
        except (OSError, ValueError) as error:
            self.failure = error


def _write_all(raw: io.RawIOBase, data: bytes) -> None:
    left = memoryview(data)
    while left:
        written = raw.write(left)
        if written is None:  # another process made the terminal one that does not block
            select.select([], [raw], [])
            continue
        left = left[written:]


class _Writer(AbstractContextManager["_Writer"]):
    """A thread that writes, so that nobody who says something waits for a reader."""

    def __init__(self) -> None:
        self._texts: deque[tuple[_Sink, str]] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write, name="printing", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        with self._changed:
            self._texts.clear()
            self._texts.append((_Sink(None, lossy=True), ""))
            self._changed.notify_all()

    def take(self, sink: _Sink, text: str) -> None:
        """Write a text after those that were taken before it."""
        with self._changed:
            if sink.lossy and self._waiting > _MOST_WAITING:
                return
            self._texts.append((sink, text))
            self._waiting += len(text)
            self._changed.notify_all()

    def settle(self, patience_s: float, *, in_all: bool) -> None:
        """Wait until all is written, or nothing was for so long; `in_all` only so long."""
        with self._changed:
            if in_all:
                self._changed.wait_for(lambda: not self._waiting, patience_s)
                return
            while left := self._waiting:
                if not self._changed.wait_for(lambda: self._waiting != left, patience_s):
                    return

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._texts)
                sink, text = self._texts.popleft()
            if not text:
                return
            sink.put(text)
            with self._changed:
                self._waiting -= len(text)
                self._changed.notify_all()


class Outlet(io.TextIOBase):
    """A stream that takes everything at once and never fails.

    What others have said cannot steer through it; what voicetest itself composes, colours and
    commands for a CI server, goes through `own`.
    """

    def __init__(self, sink: _Sink, writer: _Writer, *, own: bool = False) -> None:
        self._sink = sink
        self._writer = writer
        self._is_own = own
        self.is_product = False
        """Whether what went through it is what the command is for; set by who writes that."""

    @property
    def own(self) -> TextIO:
        """The same stream for texts in which nothing is made harmless any more."""
        return cast("TextIO", Outlet(self._sink, self._writer, own=True))

    @property
    def failure(self) -> Exception | None:
        """Why the stream took no more."""
        return self._sink.failure

    @property
    def encoding(self) -> str:  # type: ignore[override]  # an attribute there
        """That of the stream; what it does not have is escaped."""
        return self._sink.encoding

    def write(self, text: str) -> int:
        """Take a text; whether it could be written is known later."""
        harmless = text if self._is_own else shown_lines(text, begins_line=self._sink.begins_line)
        if harmless:
            self._sink.begins_line = harmless.endswith("\n")
            self._writer.take(self._sink, harmless)
        return len(text)

    def settle(self, limit_s: float) -> None:
        """Wait until all is written, for at most so long."""
        self._writer.settle(limit_s, in_all=True)

    def isatty(self) -> bool:
        """Whether somebody sits before it."""
        with suppress(OSError, ValueError):
            return self._sink.stream is not None and self._sink.stream.isatty()
        return False

    def fileno(self) -> int:
        """The descriptor of the stream; raises OSError without one."""
        if self._sink.stream is None:
            raise io.UnsupportedOperation("fileno")
        return self._sink.stream.fileno()

    def writable(self) -> bool:
        """It is."""
        return True


@dataclass(frozen=True)
class Streams:
    """What a command prints to."""

    out: Outlet
    err: Outlet
    _writer: _Writer

    def settle(self, patience_s: float, *, in_all: bool = False) -> None:
        """Wait until all is written, or the reader took nothing for so long.

        `in_all` only so long, however slowly it reads.
        """
        self._writer.settle(patience_s, in_all=in_all)

    @property
    def lost(self) -> Exception | None:
        """Why standard output did not take what the command is for.

        A reader that goes away has what it wanted.
        """
        failure = self.out.failure if self.out.is_product else None
        return None if isinstance(failure, BrokenPipeError) else failure


@contextmanager
def streams() -> Iterator[Streams]:
    """Put our own standard output and error into the place of those of the process."""
    _occupy_closed()
    before = sys.stdout, sys.stderr
    with _Writer() as writer:
        out, err = (
            Outlet(_Sink(stream, lossy), writer)
            for stream, lossy in ((sys.stdout, False), (sys.stderr, True))
        )
        sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", err)
        try:
            yield Streams(out, err, writer)
        finally:
            sys.stdout, sys.stderr = before


def _occupy_closed() -> None:
    """Let no file or socket that is opened later become standard input, output or error."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
