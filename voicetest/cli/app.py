"""All commands of `voicetest`, and the border where an error becomes a message and an exit code."""

from __future__ import annotations

import atexit
import signal
import sys
import traceback
from contextlib import suppress
from typing import Annotated

import typer

from voicetest.cli import (
    cache,
    calibrate,
    clean,
    compare,
    doctor,
    init,
    list_adapters,
    load,
    plan,
    report,
    rescore,
    run,
    schema,
    simulate,
    validate,
)
from voicetest.cli.ending import ending
from voicetest.cli.options import with_values
from voicetest.cli.streams import streams
from voicetest.errors import ExitCode, VoicetestError
from voicetest.machine import refusal

__all__ = ["app", "main"]

_PATIENCE_S = 600.0
"""How long a reader may take nothing before the rest of what is printed is given up."""
_LEAVING_S = 1.0
_OF_SIGNALS = 128
"""Exit codes from here on say which signal ended the process."""

app = typer.Typer(
    name="voicetest",
    help="Runs a scripted phone call against a voice agent and says whether the agent passed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: loading rich would double the start-up
)
app.command()(run.run)
app.command()(load.load)
app.command()(validate.validate)
app.command()(plan.plan)
app.command()(report.report)
app.command()(compare.compare)
app.command()(rescore.rescore)
app.command()(clean.clean)
app.command()(init.init)
app.command()(list_adapters.list_adapters)
app.command()(doctor.doctor)
app.command()(schema.schema)
app.command()(calibrate.calibrate)
app.command()(simulate.simulate)
app.add_typer(cache.commands, name="cache")


def _print_version(wanted: bool) -> None:
    if wanted:
        from voicetest.version import __version__

        typer.echo(f"voicetest {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options that stand before a command."""


def _masked(text: str) -> str:
    """What a command that failed says, without the secrets that it knew."""
    from voicetest.scenario.masking import mask_all

    return mask_all(text)


def main() -> None:
    """Run the command line; every error becomes its message and its exit code."""
    with streams() as printed:
        code = _run(sys.argv[1:])
        with suppress(KeyboardInterrupt):
            # A reader may think long about the first page; what was ended is to be gone soon.
            ended = code >= _OF_SIGNALS
            printed.settle(_LEAVING_S if ended else _PATIENCE_S, in_all=ended)
            if printed.lost is not None:
                typer.echo(f"standard output did not take the JSON: {printed.lost}", err=True)
                printed.settle(_LEAVING_S, in_all=True)
                code = int(ExitCode.SETUP)
    if code >= _OF_SIGNALS:
        atexit.register(_be_deaf)
    sys.exit(code)


def _be_deaf() -> None:
    """Ignore signals: an interpreter that ends has lost its handlers, and would die of them."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _run(words: list[str]) -> int:
    """The exit code of a command."""
    try:
        with ending():
            app(args=with_values(words))
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0
    except VoicetestError as error:
        typer.echo(_masked(str(error)), err=True)
        return int(error.exit_code)
    except Exception as error:  # noqa: BLE001  # a crash would exit with 1, the agent's failure
        refused = refusal(error)
        if refused is not None:
            typer.echo(_masked(str(refused)), err=True)
            return int(refused.exit_code)
        typer.echo(_masked(traceback.format_exc().rstrip()), err=True)
        typer.echo("this is a bug in voicetest: please report it with the lines above", err=True)
        return int(ExitCode.BUG)
    return 0
