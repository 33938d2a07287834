"""`voicetest compare`: what got worse between two runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicetest.cli.killed import say_if_killed
from voicetest.cli.options import Force, load_stored
from voicetest.cli.printing import say, say_json

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
    allow_missing: Annotated[
        bool,
        typer.Option("--allow-missing", help="Let cases be gone that only the base has."),
    ] = False,
    anyway: Annotated[
        bool,
        typer.Option(
            "--anyway",
            help="Compare what was not measured alike: another sound of the user, seed, detector, "
            "version of the checks, adapter or clock.",
        ),
    ] = False,
    force: Force = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print all figures as JSON on standard output.")
    ] = False,
) -> None:
    """Say what got worse between two runs; exit 1 if something did, or a case is gone."""
    from voicetest.cli.options import parse_share
    from voicetest.errors import SetupError
    from voicetest.suite.comparable import differences
    from voicetest.suite.compare import compare as compared
    from voicetest.suite.comparison_table import comparison_lines

    before, after = load_stored(base, force=force), load_stored(new, force=force)
    say_if_killed(before)
    say_if_killed(after)
    unlike = differences(before, after)
    if unlike and not anyway:
        raise SetupError(
            "these runs did not measure the same thing:\n"
            + "".join(f"  {words}\n" for words in unlike)
            + "choose another run, or compare them all the same with --anyway"
        )
    for words in unlike:
        say(f"warning: {words}", err=True)
    effect = parse_share(min_effect, "--min-effect")
    found = compared(before, after, effect, allow_missing=allow_missing)
    for line in comparison_lines(found, every=every, as_json=json):
        (say_json if json else say)(line)
    raise typer.Exit(int(found.exit_code))
