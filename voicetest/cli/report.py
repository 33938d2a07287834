"""`voicetest report`: render the reports of a run later, from its folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from voicetest.cli.killed import say_if_killed
from voicetest.cli.options import Force, load_stored
from voicetest.cli.printing import say, say_json, tell_runner
from voicetest.errors import ExitCode

__all__ = ["report"]


def report(
    run: Annotated[
        Path, typer.Argument(help="The folder of a run, such as runs/latest.", metavar="RUN")
    ],
    junit: Annotated[
        Path | None, typer.Option(help="Write JUnit XML to this file.", metavar="FILE")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write a page that plays the recordings to this file.",
            metavar="FILE",
            show_default="report.html in the run's folder",
        ),
    ] = None,
    embed: Annotated[
        bool,
        typer.Option("--embed", help="Put the recordings into the page: half an hour and more."),
    ] = False,
    github: Annotated[
        bool,
        typer.Option("--github", help="Print annotations for GitHub Actions, add to its summary."),
    ] = False,
    force: Force = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the run's summary as JSON on standard output.")
    ] = False,
) -> None:
    """Render the reports of a run, or of a load, from its folder."""
    from voicetest.load.stored import is_load
    from voicetest.report.reports import Reports

    if is_load(run):
        if embed or github:
            raise typer.BadParameter("a load has a page and JUnit: --html, --junit or --json")
        _of_load(run, junit, html, as_json=json)
        return
    stored = load_stored(run, force=force)
    say_if_killed(stored)
    if html is None and (embed or not (junit or github or json)):
        html = stored.folder / "report.html"
    reports = Reports(junit, html, embed, github)
    reports.check()
    written = reports.write(stored, partial(tell_runner, err=json))
    for line in written.told:
        say(line.removeprefix("report: "), err=True)
    if json:
        say_json(stored.summary.as_json())
    if written.errors:
        raise typer.Exit(int(written.exit_code(ExitCode.PASSED)))


def _of_load(folder: Path, junit: Path | None, html: Path | None, *, as_json: bool) -> None:
    from voicetest.load.reports import LoadReports
    from voicetest.load.stored import stored_load

    reports = LoadReports(junit, html, page=html is not None or not (junit or as_json))
    reports.check()
    summary = stored_load(folder)
    if summary.exit_code == ExitCode.KILLED:
        say(f"warning: the load {folder} was killed: this is what it left", err=True)
    for path in reports.write(summary, folder):
        say(str(path), err=True)
    if as_json:
        say_json(summary.as_json())
