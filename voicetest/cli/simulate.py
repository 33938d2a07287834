"""`voicetest simulate`: an agent behind a platform's wire, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicetest.cli.options import complete_adapter
from voicetest.cli.printing import say

__all__ = ["simulate"]


def simulate(
    target: Annotated[
        str,
        typer.Argument(
            help="The adapter that will call.",
            metavar="ADAPTER[:PRESET]",
            autocompletion=complete_adapter,
        ),
    ],
    agent: Annotated[Path, typer.Option(help="The dialogue: what the agent says.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 0,
    stt: Annotated[
        str | None, typer.Option(help="The agent's ears: a transcriber, for espeak by default.")
    ] = None,
    tts: Annotated[str | None, typer.Option(help="The agent's voice.")] = None,
) -> None:
    """Answer calls as a platform does, with an embedded agent; Ctrl-C ends it."""
    from voicetest.suite import simulate as simulators

    given = {name: value for name, value in (("stt", stt), ("tts", tts)) if value is not None}
    raise typer.Exit(int(simulators.simulate(target, agent, host, port, say, **given)))
