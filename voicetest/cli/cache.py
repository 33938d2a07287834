"""`voicetest cache`: what was spoken and heard before, and is kept."""

from __future__ import annotations

import typer

from voicetest.cli.printing import say

__all__ = ["commands"]

commands = typer.Typer(
    help="Look at what was spoken and heard before, or remove it.", no_args_is_help=True
)


@commands.command()
def info() -> None:
    """Print where speech is kept, and how much."""
    from voicetest.speech.cache import LIMIT, Cache, default_folder

    folder = default_folder()
    extent = Cache(folder).extent
    say(f"folder   {folder}")
    say(f"entries  {extent.entries}")
    say(f"size     {extent.size / 1e6:.1f} MB of {LIMIT / 1e6:.0f} MB")


@commands.command()
def clear() -> None:
    """Remove all that is kept; cloud voices are asked, and paid, for their lines again."""
    from voicetest.errors import SetupError
    from voicetest.speech.cache import Cache, default_folder

    folder = default_folder()
    try:
        gone = Cache(folder).clear()
    except OSError as error:
        raise SetupError(f"{folder} cannot be emptied: {error.strerror}") from error
    say(f"removed {gone.entries} entries, {gone.size / 1e6:.1f} MB")
