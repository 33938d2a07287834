"""`voicetest doctor`: what of the installation is there, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicetest.cli.printing import say
from voicetest.errors import ExitCode

__all__ = ["doctor"]


def doctor(
    out: Annotated[Path, typer.Option(help="Folder in which runs are kept.")] = Path("runs"),
) -> None:
    """Look over the installation.

    Exits with 3 if voicetest cannot work as it is.
    """
    from voicetest.suite.doctor import State, examine

    findings = examine(out)
    topic = ""
    for finding in findings:
        if finding.topic != topic:
            topic = finding.topic
            say(topic)
        say(f"  {finding.state:6}{finding.name:20}  {finding.detail}")
    if any(finding.state is State.WRONG for finding in findings):
        raise typer.Exit(ExitCode.SETUP)
