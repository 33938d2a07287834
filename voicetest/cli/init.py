"""`voicetest init`: the files with which somebody starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicetest.cli.options import complete_adapter
from voicetest.cli.printing import say

__all__ = ["init"]


def init(
    adapter: Annotated[
        str,
        typer.Option(
            help="The adapter of the scenario; see: voicetest list-adapters.",
            autocompletion=complete_adapter,
        ),
    ] = "composable",
    folder: Annotated[
        Path, typer.Argument(help="The folder of the project.", metavar="[FOLDER]")
    ] = Path(),
) -> None:
    """Write a first scenario for an adapter.

    With it come a dialogue for --offline, the schemas that editors read, and a CI job.
    """
    from voicetest.suite.starter import start

    started = start(adapter, folder)
    for path in started.written:
        say(f"written  {path}")
    for path in started.kept:
        say(f"kept     {path}")
    scenario = started.written[0]
    if started.lacking:
        say(f"first: {started.lacking}")
    say(f"next: voicetest plan {scenario}, then: voicetest run {scenario} --offline")
