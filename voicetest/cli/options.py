"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicetest.cli.printing import say

if TYPE_CHECKING:
    from voicetest.report.stored import StoredRun

__all__ = [
    "EnvFile",
    "Force",
    "Variables",
    "complete_adapter",
    "load_environment",
    "load_stored",
    "parse_age",
    "parse_duration",
    "parse_share",
    "parse_variables",
    "with_values",
]

Variables = Annotated[
    list[str] | None,
    typer.Option(help="Set a variable of the scenario: --var name=value.", metavar="K=V"),
]
EnvFile = Annotated[
    Path | None,
    typer.Option(
        help="Take environment variables from a file of NAME=value lines; those set already stay."
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Take a damaged run as it is: files that differ from their checksums count, and a "
        "call that cannot be read is left out.",
    ),
]


def load_stored(path: Path, *, force: bool) -> StoredRun:
    """A run that is whole; with `force` also another, whose damages are told."""
    from voicetest.report.stored import load_run

    run = load_run(path, force=force)
    for words in run.ignored:
        say(f"ignored: {words}", err=True)
    return run


def parse_variables(pairs: Iterable[str]) -> dict[str, str]:
    """`name=value` pairs as a mapping; the value may be empty or hold further `=`."""
    variables = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"write --var name=value, not '{pair}'")
        variables[name] = value
    return variables


def parse_duration(text: str, option: str) -> float:
    """A time such as `90s` or `30m`, in seconds."""
    from pydantic import TypeAdapter, ValidationError

    from voicetest.scenario.values import PositiveDuration

    try:
        return TypeAdapter[float](PositiveDuration).validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"], param_hint=option) from error


def parse_age(text: str, option: str) -> float:
    """A time such as `14d` or `12h`, in seconds; it may be 0."""
    days = text.removesuffix("d")
    if days != text and days.replace(".", "", 1).isdecimal():
        return float(days) * 86_400
    if text.strip("0smhd") == "" and text.startswith("0"):
        return 0.0
    try:
        return parse_duration(text, option)
    except typer.BadParameter as error:
        raise typer.BadParameter(f"{error.message}, or 14d for days", param_hint=option) from error


def parse_share(text: str, option: str) -> float:
    """A share such as `10%`, from 0 to 1."""
    from pydantic import TypeAdapter, ValidationError

    from voicetest.scenario.values import Share

    try:
        return TypeAdapter[float](Share).validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"], param_hint=option) from error


def load_environment(file: Path | None) -> None:
    """Set the variables of a file that are not set."""
    if file is None:
        return
    from voicetest.suite.env_file import read_env_file

    for name, value in read_env_file(file).items():
        os.environ.setdefault(name, value)


def with_values(words: Iterable[str]) -> list[str]:
    """A command line in which `--fail-fast` has its value: the parser knows no optional ones."""
    return ["--fail-fast=1" if word == "--fail-fast" else word for word in words]


def complete_adapter(incomplete: str) -> list[str]:
    """The adapters that begin with what was typed, for the shell."""
    from voicetest import registry

    return [name for name in registry.names(registry.ADAPTERS) if name.startswith(incomplete)]
