"""`voicetest run`: run scenarios and say whether the agent passed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["run"]


class ClockChoice(StrEnum):
    """Which time the calls run on."""

    AUTO = "auto"
    REAL = "real"
    VIRTUAL = "virtual"


def run(
    paths: Annotated[
        list[Path], typer.Argument(help="Scenario files, or folders of them.", metavar="PATH...")
    ],
    out: Annotated[
        Path, typer.Option(help="Folder in which the run gets a folder of its own.")
    ] = Path("runs"),
    var: Annotated[
        list[str] | None,
        typer.Option(help="Set a variable of the scenario: --var name=value.", metavar="K=V"),
    ] = None,
    clock: Annotated[
        ClockChoice,
        typer.Option(help="auto: virtual time when nothing of the call leaves this process."),
    ] = ClockChoice.AUTO,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            help="Call the scenario's 'simulator' instead; nothing leaves this machine.",
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the run's summary as JSON on standard output.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print every event of the call as it happens.")
    ] = False,
) -> None:
    """Run scenarios and say whether the agent passed."""
    from voicetest.cli.options import parse_variables
    from voicetest.report.console import Console
    from voicetest.suite.serial import run_suite

    console = Console(as_json=json, verbose=verbose)
    variables = parse_variables(var or [])
    summary = run_suite(paths, out, variables, clock.value, console, offline=offline)
    console.finish(summary)
    raise typer.Exit(int(summary.exit_code))
