"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable

import typer

__all__ = ["parse_variables"]


def parse_variables(pairs: Iterable[str]) -> dict[str, str]:
    """`name=value` pairs as a mapping; the value may be empty or hold further `=`."""
    variables = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"write --var name=value, not '{pair}'")
        variables[name] = value
    return variables
