"""`voicetest run`: run scenarios and say whether the agent passed."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicetest.cli.options import EnvFile, Variables
from voicetest.cli.printing import own, say, say_json, settle, tell_runner
from voicetest.errors import ExitCode
from voicetest.report.keeping import FileKind, Keep, Keeping

if TYPE_CHECKING:
    from voicetest.suite.selection import Selection

__all__ = ["run"]


class ClockChoice(StrEnum):
    """Which time the calls run on."""

    AUTO = "auto"
    REAL = "real"
    VIRTUAL = "virtual"


def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Scenario files, or folders of them.", metavar="PATH..."),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder in which the run gets a folder of its own.")
    ] = Path("runs"),
    var: Variables = None,
    env_file: EnvFile = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="Only scenarios with this tag, or another one given.")
    ] = None,
    skip_tag: Annotated[list[str] | None, typer.Option(help="No scenarios with this tag.")] = None,
    text: Annotated[
        str, typer.Option("-k", help="Only what has this text in its name, file or case.")
    ] = "",
    adapter: Annotated[
        list[str] | None, typer.Option(help="Only scenarios for this adapter.")
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what did not pass in the last run in --out.")
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(help="Only this part of all, such as 1/4; the parts do not overlap."),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many cases.", min=1)] = None,
    list_only: Annotated[
        bool, typer.Option("--list", help="Print what would be run, and call nobody.")
    ] = False,
    repeat: Annotated[
        int | None,
        typer.Option(help="Calls per case, whatever the scenario says.", min=1, max=1000),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Calls at once.", min=1, max=500)] = 1,
    fail_fast: Annotated[
        int | None,
        typer.Option(
            help="Begin no call after N cases that failed or had an error; --fail-fast alone is 1.",
            metavar="[=N]",
            min=1,
        ),
    ] = None,
    timeout: Annotated[
        str | None, typer.Option(help="Interrupt the run after this time, such as 30m.")
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(
            help="US dollars: once the run has cost that, no paid service is asked any more.",
            min=0.0,
        ),
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
    junit: Annotated[
        Path | None, typer.Option(help="Write JUnit XML to this file.", metavar="FILE")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page that plays the recordings to this file.", metavar="FILE"),
    ] = None,
    embed: Annotated[
        bool,
        typer.Option("--embed", help="Put the recordings into the page: half an hour and more."),
    ] = False,
    keep: Annotated[
        Keep,
        typer.Option(
            help="Whose recordings stay after the call; all else is kept of every call. failed: of "
            "those that did not pass."
        ),
    ] = Keep.ALL,
    recordings: Annotated[
        FileKind,
        typer.Option(help="What recordings are kept as; flac is without loss, a third or less."),
    ] = FileKind.WAV,
    segments: Annotated[
        bool,
        typer.Option("--segments", help="Write each turn into a file of its own as well."),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the run's summary as JSON on standard output.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print every event of the call as it happens.")
    ] = False,
) -> None:
    """Run scenarios and say whether the agent passed."""
    from voicetest.cli.options import load_environment, parse_duration, parse_variables
    from voicetest.file_name import named
    from voicetest.report.console import Console
    from voicetest.report.github import in_actions
    from voicetest.report.reports import Reports
    from voicetest.suite.options import RunOptions
    from voicetest.suite.parallel import run_suite, select_cases
    from voicetest.suite.selection import case_lines
    from voicetest.suite.signals import finishing

    load_environment(env_file)
    options = RunOptions(
        variables=parse_variables(var or []),
        clock=clock.value,
        offline=offline,
        selection=_selection(
            tag, skip_tag, text, adapter, shard, limit, out / "latest" if failed else None
        ),
        repeat=repeat,
        jobs=jobs,
        fail_fast=fail_fast,
        timeout_s=None if timeout is None else parse_duration(timeout, "--timeout"),
        max_cost_usd=max_cost,
        keeping=Keeping(keep, recordings, segments),
    )
    where = paths or [Path(file) for file, _ in sorted(options.selection.failed or ())]
    if not where and not failed:
        raise typer.BadParameter("name scenario files, or folders of them", param_hint="PATH")
    if list_only:
        files = select_cases(where, options)
        for line in case_lines(files, as_json=json):
            (say_json if json else say)(line)
        raise typer.Exit(ExitCode.PASSED if files else ExitCode.NOTHING_RAN)
    reports = Reports(junit, html, embed, github=in_actions())
    reports.check()
    console = Console(
        as_json=json, verbose=verbose, out=own(sys.stdout), err=own(sys.stderr), settle=settle
    )
    summary = run_suite(where, out, console, options)
    code = summary.exit_code
    with finishing(is_ending=code > ExitCode.BUG):
        console.finish(summary)
        if reports.wanted:
            written = reports.render(named(summary.folder), partial(tell_runner, err=json))
            for line in written.told:
                say(line, err=True)
            code = written.exit_code(code)
    raise typer.Exit(int(code))


def _selection(
    tags: list[str] | None,
    skip_tags: list[str] | None,
    text: str,
    adapters: list[str] | None,
    shard: str | None,
    limit: int | None,
    last: Path | None,
) -> Selection:
    from voicetest.suite.selection import Selection, failed_cases
    from voicetest.suite.shard import parse_shard

    try:
        part = None if shard is None else parse_shard(shard)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--shard") from error
    return Selection(
        tags=frozenset(tags or ()),
        skip_tags=frozenset(skip_tags or ()),
        text=text,
        adapters=frozenset(adapters or ()),
        failed=None if last is None else failed_cases(last),
        shard=part,
        limit=limit,
    )
