"""`voicetest validate`: find every mistake in scenario files without calling anyone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicetest.cli.options import EnvFile, Variables
from voicetest.cli.printing import say, say_json
from voicetest.errors import ExitCode, ScenarioError

__all__ = ["validate"]


def validate(
    paths: Annotated[
        list[Path], typer.Argument(help="Scenario files, or folders of them.", metavar="PATH...")
    ],
    var: Variables = None,
    env_file: EnvFile = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print what was found as JSON on standard output.")
    ] = False,
) -> None:
    """Find every mistake in scenario files without calling anyone."""
    from voicetest.cli.options import load_environment, parse_variables
    from voicetest.suite.validate import validate_suite

    load_environment(env_file)
    report = validate_suite(paths, parse_variables(var or []))
    if json:
        say_json(report.as_json())
        raise typer.Exit(ExitCode.SCENARIO if report.problems else ExitCode.PASSED)
    for note in report.notes:
        say(note, err=True)
    if report.problems:
        raise ScenarioError(report.problems)
    say(f"{report.files} scenario{'s' if report.files != 1 else ''} valid")
