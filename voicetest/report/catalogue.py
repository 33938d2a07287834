"""The tables of `voicetest list-adapters`."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from voicetest import registry
from voicetest.adapters.base import Adapter
from voicetest.events import Dtmf, Interrupted, TranscriptDelta, UserTurnEnded
from voicetest.protocols.base import Capabilities

__all__ = ["abilities", "print_adapters", "print_voices"]


def abilities(line: Capabilities) -> dict[str, bool]:
    """The four words that say what a line can do beyond carrying sound."""
    return {
        "live transcripts": TranscriptDelta in line.receives,
        "ends the user's turn": UserTurnEnded not in line.sends,
        "keys": Dtmf in line.sends,
        "native interrupt": Interrupted in line.sends,
    }


def print_adapters() -> None:
    """One row per installed adapter; one that cannot be loaded says what it needs."""
    table = Table(box=box.SIMPLE_HEAD)
    for title in ("adapter", "live transcripts", "ends the user's turn", "keys"):
        table.add_column(title)
    for title in ("native interrupt", "speaks", "hears", "what it is"):
        table.add_column(title)
    for name in registry.names(registry.ADAPTERS):
        try:
            kind: type[Adapter] = registry.load(registry.ADAPTERS, name)
        except registry.NotInstalled as error:
            table.add_row(name, *[""] * 6, str(error))
            continue
        line = kind.typical
        words = ["yes" if able else "no" for able in abilities(line).values()]
        table.add_row(name, *words, str(line.speaks), str(line.hears), kind.summary)
    Console(soft_wrap=True).print(table)


def print_voices() -> None:
    """Every voice and transcriber by its name in a scenario."""
    console = Console(highlight=False)
    for group, title in ((registry.VOICES, "voices"), (registry.TRANSCRIBERS, "transcribers")):
        console.print(title, style="bold")
        for provider in registry.names(group):
            kind = registry.load(group, provider)
            console.print(f"  {provider}: {' '.join(kind.names())}", markup=False)
