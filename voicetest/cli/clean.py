"""`voicetest clean`: remove old runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["clean"]


def clean(
    older: Annotated[
        str, typer.Option(help="Only runs that ended longer ago, such as 14d or 12h.")
    ],
    out: Annotated[Path, typer.Option(help="Folder in which runs are kept.")] = Path("runs"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
) -> None:
    """Remove old runs, but never the newest.

    A run that was renamed stays, and so does one with anything in it that is not of a run.
    """
    from datetime import UTC, datetime

    from voicetest.cli.options import parse_age
    from voicetest.suite.clean import clean as remove

    gone = size = 0
    for fate in remove(out, parse_age(older, "--older"), datetime.now(UTC), dry_run=dry_run):
        if fate.kept:
            typer.echo(f"kept     {fate.folder}: {fate.kept}")
            continue
        typer.echo(
            f"{'would go' if dry_run else 'removed '} {fate.folder}  {fate.size / 1e6:.1f} MB"
        )
        gone, size = gone + 1, size + fate.size
    what = "would be removed" if dry_run else "removed"
    typer.echo(f"{gone} run{'' if gone == 1 else 's'} {what}, {size / 1e6:.1f} MB")
