"""`voicetest load`: many calls at once, in stages, to see what becomes of the agent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from voicetest.cli.options import EnvFile, Variables
from voicetest.cli.printing import own, say, say_json, settle

__all__ = ["load"]


def load(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Scenario files, or folders of them; or one file with 'load:'.", metavar="PATH..."
        ),
    ],
    stage: Annotated[
        list[str] | None,
        typer.Option(
            help="'20 calls, ramp 30s, hold 2m' (so many at once) or '3/s, hold 1m' (so many "
            "begin); several run one after the other, in place of those of the file.",
            metavar="STAGE",
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            help="'response_latency p95 1.5s', 'connect p99 2s', 'failed 1%', 'errors 0', …; "
            "beside those of the file.",
            metavar="LIMIT",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="A host that may be loaded; needed for all but this machine.", metavar="HOST"
        ),
    ] = None,
    max_calls: Annotated[
        int | None, typer.Option(help="Begin no more calls than this, and end.", min=1)
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(help="US dollars: once the calls have cost that, begin no more.", min=0.0),
    ] = None,
    keep_failed: Annotated[
        int | None,
        typer.Option(
            help="Keep the recordings of at most so many calls that failed.",
            min=0,
            show_default="20",
        ),
    ] = None,
    sample: Annotated[
        str | None,
        typer.Option(help="Keep those of so many of all calls as well.", show_default="1%"),
    ] = None,
    finish: Annotated[
        str | None,
        typer.Option(
            help="How long calls may go on when the last stage is over.", show_default="2m"
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Where chance starts.", min=0)] = None,
    out: Annotated[
        Path, typer.Option(help="Folder in which the load gets a folder of its own.")
    ] = Path("loads"),
    var: Variables = None,
    env_file: EnvFile = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Let the workers of a cluster of Dask make the calls, such as tcp://host:8786.",
            metavar="ADDRESS",
        ),
    ] = None,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Call the scenarios' simulators, to try a load out."),
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(help="Write the limits as JUnit XML.", metavar="FILE")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write the page to this file.",
            metavar="FILE",
            show_default="load.html in the load's folder",
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print load.json on standard output.")
    ] = False,
) -> None:
    """Make many calls at once, and say what the agent and the line make of it."""
    from voicetest.cli.options import (
        load_environment,
        parse_duration,
        parse_share,
        parse_variables,
    )
    from voicetest.load.conduct import run_load
    from voicetest.load.display import Display
    from voicetest.load.reports import LoadReports
    from voicetest.load.request import Misuse, Options, request_by
    from voicetest.load.targets import LoadRefused
    from voicetest.report.console import Console
    from voicetest.report.load_text import result_lines
    from voicetest.suite.signals import finishing

    load_environment(env_file)
    try:
        request = request_by(
            paths,
            Options(
                stages=tuple(stage or ()),
                limits=tuple(limit or ()),
                targets=tuple(target or ()),
                max_calls=max_calls,
                max_cost_usd=max_cost,
                keep_failed=keep_failed,
                sample=None if sample is None else parse_share(sample, "--sample"),
                finish_s=None if finish is None else parse_duration(finish, "--finish"),
                seed=seed,
                variables=parse_variables(var or []),
                offline=offline,
                cluster=cluster,
            ),
        )
    except Misuse as error:
        raise typer.BadParameter(str(error)) from error
    reports = LoadReports(junit, html)
    reports.check()
    console = Console(as_json=json, out=own(sys.stdout), err=own(sys.stderr), settle=settle)
    try:
        with Display(own(sys.stderr)) as display:
            summary, folder = run_load(request, out, console, display.show)
    except LoadRefused as error:
        raise typer.BadParameter(str(error), param_hint="--target") from error
    with finishing(is_ending=summary.exit_code > 128):
        for line in result_lines(summary):
            say(line, err=json)
        for path in reports.write(summary, folder):
            say(f"report: {path}", err=True)
        if json:
            say_json(summary.as_json())
    raise typer.Exit(summary.exit_code)
