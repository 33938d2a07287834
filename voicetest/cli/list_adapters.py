"""`voicetest list-adapters`: what agents can be called, and in which voices."""

from __future__ import annotations

from typing import Annotated

import typer

from voicetest.cli.printing import say

__all__ = ["list_adapters"]


def list_adapters(
    voices: Annotated[
        bool, typer.Option("--voices", help="List the voices and transcribers too.")
    ] = False,
) -> None:
    """Show what agents can be called, and what each line can do."""
    from voicetest.report.catalogue import adapter_lines, voice_lines

    for line in adapter_lines():
        say(line)
    for line in voice_lines() if voices else ():
        say(line)
