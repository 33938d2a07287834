"""Whatever becomes of what is printed, the command goes on and ends as it would have."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from voicetest.cli.printing import own, say, say_json, tell_runner
from voicetest.cli.streams import Outlet, Streams, streams

FULL = Path("/dev/full")


@contextmanager
def _printing_to(stream: TextIO | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Streams]:
    monkeypatch.setattr(sys, "stdout", stream)
    with streams() as printed:
        yield printed


def _pipe() -> tuple[TextIO, TextIO]:
    ours, its = os.pipe()
    return os.fdopen(ours, encoding="utf-8"), os.fdopen(its, "w", encoding="utf-8")


def test_what_is_printed_arrives_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    with streams() as printed:
        for number in range(3):
            say(f"line {number}")
        sys.stderr.write("no end")
        printed.settle(5.0)
    assert capsys.readouterr() == ("line 0\nline 1\nline 2\n", "no end")


def test_nothing_that_is_printed_steers(capsys: pytest.CaptureFixture[str]) -> None:
    with streams() as printed:
        sys.stdout.write("two\n::lines\x1b[1m\n##[group]\n")
        sys.stdout.write("a")
        sys.stdout.write("::b\n")
        say("a\n::b")
        printed.settle(5.0)
    assert capsys.readouterr().out == (
        "two\n\\u003a:lines\\u001b[1m\n\\u0023#[group]\na::b\na\\n\\u003a:b\n"
    )


def test_colours_and_commands_of_our_own_go_through(capsys: pytest.CaptureFixture[str]) -> None:
    with streams() as printed:
        own(sys.stdout).write("\x1b[1mx\x1b[0m\n")
        tell_runner("::error::x")
        tell_runner("::warning::x", err=True)
        printed.settle(5.0)
    assert capsys.readouterr() == ("\x1b[1mx\x1b[0m\n::error::x\n", "::warning::x\n")
    assert own(sys.stdout) is sys.stdout


def test_a_reader_that_goes_away_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, pipe = _pipe()
    reader.close()
    with pipe, _printing_to(pipe, monkeypatch) as printed:
        say_json("{}")
        sys.stdout.flush()
        say("more")
        printed.settle(5.0)
    assert isinstance(printed.out.failure, BrokenPipeError)
    assert printed.lost is None


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_a_full_disk_loses_what_a_program_waits_for_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for write, lost in ((say, False), (say_json, True)):
        with FULL.open("w") as full, _printing_to(full, monkeypatch) as printed:
            write("{}")
            write("{}")
            printed.settle(5.0)
        assert isinstance(printed.out.failure, OSError)
        assert printed.out.failure.errno == errno.ENOSPC
        assert (printed.lost is not None) == lost


def test_a_closed_stream_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    with _printing_to(None, monkeypatch) as printed:
        say_json("{}")
        assert not sys.stdout.isatty()
        with pytest.raises(OSError, match="fileno"):
            sys.stdout.fileno()
        printed.settle(5.0)
    assert printed.lost is not None


def test_nobody_waits_for_a_slow_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, pipe = _pipe()
    with reader, pipe:
        monkeypatch.setattr(sys, "stderr", pipe)
        with _printing_to(io.StringIO(), monkeypatch) as printed:
            for _ in range(400):
                sys.stderr.write("progress" * 1000 + "\n")
            printed.settle(0.01)  # nothing was read, so nothing can settle
            with reader:  # and its end lets go of the thread
                assert reader.readline() == "progress" * 1000 + "\n"


def test_what_a_slow_reader_is_owed_comes_when_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, pipe = _pipe()
    with reader, pipe, _printing_to(pipe, monkeypatch) as printed:
        lines = [f"{number} {'x' * 5000}\n" for number in range(500)]
        for line in lines:
            sys.stdout.write(line)
        assert [reader.readline() for _ in lines] == lines
        printed.settle(5.0)


def test_what_an_encoding_cannot_show_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = io.BytesIO()
    ascii_only = io.TextIOWrapper(kept, encoding="ascii")
    with _printing_to(ascii_only, monkeypatch) as printed:
        say("1 passed  →  runs/é")
        printed.settle(5.0)
    assert kept.getvalue().decode() == "1 passed  \\u2192  runs/\\u00e9\n"


def test_the_streams_of_the_process_are_given_back() -> None:
    before = sys.stdout, sys.stderr
    with streams():
        assert isinstance(sys.stdout, Outlet)
        assert isinstance(sys.stderr, Outlet)
    assert (sys.stdout, sys.stderr) == before


def _as_process(shell: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command whose streams are what `shell` makes of them."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {shell}', "sh", sys.executable, *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.process
@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    ("shell", "words", "code", "told"),
    [
        (">/dev/full", ("schema",), 0, ""),
        (">&-", ("schema",), 0, ""),
        (">&- 2>&-", ("schema",), 0, ""),
        ("2>/dev/full", ("validate", "none.yaml"), 2, ""),
        (">/dev/full", ("validate", "none.yaml", "--json"), 3, "did not take the JSON: [Errno 28]"),
        (">&-", ("validate", "none.yaml", "--json"), 3, "did not take the JSON: [Errno 9]"),
        ("</dev/null", ("list-adapters",), 0, ""),
    ],
)
def test_a_process_ends_with_the_code_of_its_command(
    tmp_path: Path, shell: str, words: tuple[str, ...], code: int, told: str
) -> None:
    done = _as_process(shell, "-m", "voicetest", *words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == bool(told)
    assert words != ("schema",) or (tmp_path / "schemas/scenario.schema.json").is_file()


@pytest.mark.process
def test_nothing_is_said_when_the_process_ends_without_a_reader(tmp_path: Path) -> None:
    ours, its = os.pipe()
    os.close(ours)
    with os.fdopen(its, "w") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "voicetest", "--help"],
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
            timeout=100,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.process
def test_no_file_becomes_a_standard_stream(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from voicetest.cli.streams import streams\n"
        "with streams(), open('a.txt', 'w') as file:\n"
        "    sys.exit(file.fileno())\n"
    )
    assert _as_process(">&- 2>&- <&-", "-c", script, cwd=tmp_path).returncode > 2
