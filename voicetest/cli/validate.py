"""`voicetest validate`: find every mistake in scenario files without calling anyone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicetest.errors import ExitCode, ScenarioError

__all__ = ["validate"]


def validate(
    paths: Annotated[
        list[Path], typer.Argument(help="Scenario files, or folders of them.", metavar="PATH...")
    ],
    var: Annotated[
        list[str] | None,
        typer.Option(help="Set a variable of the scenario: --var name=value.", metavar="K=V"),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print what was found as JSON on standard output.")
    ] = False,
) -> None:
    """Find every mistake in scenario files without calling anyone."""
    from voicetest.cli.options import parse_variables
    from voicetest.suite.validate import validate_suite

    report = validate_suite(paths, parse_variables(var or []))
    if json:
        typer.echo(report.as_json())
        raise typer.Exit(ExitCode.SCENARIO if report.problems else ExitCode.PASSED)
    for note in report.notes:
        typer.echo(note, err=True)
    if report.problems:
        raise ScenarioError(report.problems)
    typer.echo(f"{report.files} scenario{'s' if report.files != 1 else ''} valid")
