"""How commands say something."""

from __future__ import annotations

import sys
from typing import TextIO

import typer

from voicetest.cli.streams import Outlet
from voicetest.shown import shown

__all__ = ["own", "say", "say_json", "settle", "tell_runner"]

_LEAVING_S = 1.0


def say(line: str, *, err: bool = False) -> None:
    """A line on standard output, or error; what it quotes cannot make it two."""
    typer.echo(shown(line), err=err)


def say_json(text: str) -> None:
    """What a command is for: a program waits for it on standard output."""
    if isinstance(sys.stdout, Outlet):
        sys.stdout.is_product = True
    typer.echo(text.removesuffix("\n"))


def tell_runner(line: str, *, err: bool = False) -> None:
    """A command to the server that runs this job."""
    print(line, file=own(sys.stderr if err else sys.stdout))


def settle() -> None:
    """Let what was said be written, for a process that may leave at once."""
    if isinstance(sys.stdout, Outlet):
        sys.stdout.settle(_LEAVING_S)


def own(stream: TextIO) -> TextIO:
    """A standard stream for what is composed by voicetest itself: colours and commands."""
    return stream.own if isinstance(stream, Outlet) else stream
