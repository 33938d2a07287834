"""`voicetest calibrate`: how far the measured numbers are from the truth."""

from __future__ import annotations

from typing import Annotated

import typer

from voicetest.cli.options import complete_adapter
from voicetest.cli.printing import say

__all__ = ["calibrate"]


def calibrate(
    adapter: Annotated[
        str,
        typer.Argument(
            help="The adapter whose numbers are checked.",
            metavar="ADAPTER",
            autocompletion=complete_adapter,
        ),
    ] = "composable",
    exchanges: Annotated[
        int, typer.Option(help="Lines of the user; every third is interrupted.", min=3, max=1000)
    ] = 30,
) -> None:
    """Measure an agent that logs when it really spoke, and print the errors."""
    from voicetest.suite.benches import bench

    say(f"calibrating {adapter} with {exchanges} exchanges", err=True)
    found = bench(adapter, exchanges)
    say(f"{adapter}: {found.duration_s:.1f} s call, {found.clock} time")
    say(f"{'metric':18}{'n':>5}{'median':>10}{'95 %':>10}{'worst':>10}")
    for error in found.errors:
        unit = "" if error.metric == "talk_over" else " s"
        figures = "".join(
            f"{value:8.4f}{unit:2}" for value in (error.median, error.p95, error.worst)
        )
        say(f"{error.metric:18}{error.n:5}{figures}")
    for name in found.unmatched:
        say(f"{name}: not comparable")
