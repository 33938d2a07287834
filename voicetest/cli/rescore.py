"""`voicetest rescore`: evaluate the checks again on stored recordings."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from voicetest.cli.killed import say_if_killed
from voicetest.cli.options import Force, load_stored
from voicetest.cli.printing import say, say_json

__all__ = ["rescore"]


def rescore(
    run: Annotated[
        Path, typer.Argument(help="The folder of a run, such as runs/latest.", metavar="RUN")
    ],
    scenario: Annotated[
        Path | None,
        typer.Argument(
            help="The scenario whose checks count; the files that were run by default.",
            metavar="SCENARIO",
        ),
    ] = None,
    judge: Annotated[
        bool,
        typer.Option("--judge", help="Ask the scenario's judge anew as well, which may cost."),
    ] = False,
    force: Force = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the results as JSON on standard output.")
    ] = False,
) -> None:
    """Evaluate the checks again on the recordings of a run, which stays as it is."""
    from voicetest.report.rescoring import rescored_lines
    from voicetest.report.summary import exit_code_of, overall
    from voicetest.suite.rescore import rescore as evaluate_again
    from voicetest.suite.rescore import without_recording

    stored = load_stored(run, force=force)
    say_if_killed(stored)
    for line in without_recording(stored, scenario):
        say(line, err=True)
    found = list(evaluate_again(stored, scenario, asks_judge=judge, tell=partial(say, err=True)))
    for line in rescored_lines(
        [(call.folder, call.name, call.before, call.after) for call in found], as_json=json
    ):
        (say_json if json else say)(line)
    raise typer.Exit(int(overall([exit_code_of(call.after) for call in found])))
