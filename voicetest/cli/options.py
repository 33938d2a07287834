"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable

import typer

__all__ = ["complete_adapter", "parse_variables"]


def parse_variables(pairs: Iterable[str]) -> dict[str, str]:
    """`name=value` pairs as a mapping; the value may be empty or hold further `=`."""
    variables = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"write --var name=value, not '{pair}'")
        variables[name] = value
    return variables


def complete_adapter(incomplete: str) -> list[str]:
    """The adapters that begin with what was typed, for the shell."""
    from voicetest import registry

    return [name for name in registry.names(registry.ADAPTERS) if name.startswith(incomplete)]
