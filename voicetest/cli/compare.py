"""`voicetest compare`: what got worse between two runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["compare"]


def compare(
    base: Annotated[
        Path, typer.Argument(help="The folder of the run to compare with.", metavar="BASE")
    ],
    new: Annotated[Path, typer.Argument(help="The folder of the new run.", metavar="NEW")],
    min_effect: Annotated[
        str, typer.Option(help="The share by which a figure must differ to matter.")
    ] = "10%",
    every: Annotated[
        bool, typer.Option("--all", help="Print the figures that are the same as well.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print all figures as JSON on standard output.")
    ] = False,
) -> None:
    """Say what got worse between two runs; exit 1 if something did."""
    from voicetest.cli.options import parse_share
    from voicetest.report.stored import load_run
    from voicetest.suite.compare import compare as compared
    from voicetest.suite.comparison_table import comparison_lines

    found = compared(load_run(base), load_run(new), parse_share(min_effect, "--min-effect"))
    for line in comparison_lines(found, every=every, as_json=json):
        typer.echo(line)
    raise typer.Exit(int(found.exit_code))
