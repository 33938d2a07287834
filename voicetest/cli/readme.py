"""What the README says of the commands and their options, from the commands themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from voicetest.errors import SetupError
from voicetest.report.folder import write_atomically
from voicetest.report.readme import adapters_table, fill, settings_tables, table

__all__ = ["is_stale", "write"]


def is_stale(readme: Path) -> bool:
    """Whether a generated part of the README is not what the code says."""
    text = _read(readme)
    return fill(text, _parts()) != text


def write(readme: Path) -> None:
    """Make the generated parts anew; raises SetupError when that cannot be done."""
    filled = fill(_read(readme), _parts())
    try:
        write_atomically(readme, filled)
    except OSError as error:
        raise SetupError(f"cannot write {readme}: {error.strerror}") from error


def _read(readme: Path) -> str:
    try:
        return readme.read_text(encoding="utf-8")
    except OSError as error:
        raise SetupError(f"cannot read {readme}: {error.strerror}") from error


def _parts() -> Mapping[str, Callable[[], str]]:
    return {
        "commands": _commands_table,
        "options": _options_tables,
        "adapters": adapters_table,
        "settings": settings_tables,
    }


def _commands() -> Iterator[tuple[str, Any]]:
    import typer

    # The commands import this module's caller, and typer makes them only when they are asked for.
    from voicetest.cli.app import app

    group: Any = typer.main.get_command(app)
    yield from group.commands.items()


def _commands_table() -> str:
    rows = []
    for name, command in _commands():
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        shown = " ".join(["voicetest", name, *map(_argument, arguments)])
        rows.append([f"`{shown}`", command.help.partition("\n")[0].rstrip(".")])
    return table(["command", "what it does"], rows)


def _argument(argument: Any) -> str:
    name: str = argument.metavar or argument.name.upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _options_tables() -> str:
    parts = []
    for name, command in _commands():
        context = _context(command)
        records = [
            param.get_help_record(context)
            for param in command.params
            if param.param_type_name == "option" and "--help" not in param.opts
        ]
        if records:
            made = table(["option", "meaning"], [[f"`{option}`", text] for option, text in records])
            title = f"options of <code>voicetest {name}</code>"
            parts.append(f"<details><summary>{title}</summary>\n\n{made}\n</details>\n")
    return "\n".join(parts)


def _context(command: Any) -> Any:
    return command.context_class(command)
