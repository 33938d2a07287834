"""`voicetest schema`: write the JSON Schemas of scenario, manifest and agent files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicetest.cli.printing import say
from voicetest.errors import ExitCode

__all__ = ["schema"]


def schema(
    folder: Annotated[Path, typer.Argument(help="Folder to write to.")] = Path("schemas"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if a file is out of date.")
    ] = False,
    readme: Annotated[
        Path | None,
        typer.Option(help="A README whose generated parts are written, or checked, too."),
    ] = None,
) -> None:
    """Write the JSON Schemas of scenario, manifest and agent files."""
    from voicetest.cli import readme as generated
    from voicetest.report.schemas import stale_schemas, write_schemas

    if check:
        stale = stale_schemas(folder)
        if readme is not None and generated.is_stale(readme):
            stale.append(readme)
        for path in stale:
            say(f"{path} is out of date: run voicetest schema, or make schemas", err=True)
        raise typer.Exit(ExitCode.FAILED if stale else ExitCode.PASSED)
    for path in write_schemas(folder):
        say(str(path))
    if readme is not None:
        generated.write(readme)
        say(str(readme))
