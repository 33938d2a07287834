"""`voicetest plan`: what a scenario will do, before anything is spent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicetest.cli.printing import say

__all__ = ["plan"]


def plan(
    file: Annotated[Path, typer.Argument(help="A scenario file.", metavar="FILE")],
    var: Annotated[
        list[str] | None,
        typer.Option(help="Set a variable of the scenario: --var name=value.", metavar="K=V"),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="As it would be with voicetest run --offline.")
    ] = False,
) -> None:
    """Say what a scenario will do, and for how long.

    In plain English, with a drawing of who speaks when; nobody is called.
    """
    from voicetest.cli.options import parse_variables
    from voicetest.suite.preview import preview

    for line in preview(file, parse_variables(var or []), offline=offline):
        say(line)
