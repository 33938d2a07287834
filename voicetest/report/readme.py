"""The parts of the README that are made from the code, between marks in its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from voicetest import registry
from voicetest.adapters.base import Adapter
from voicetest.adapters.describe import Setting, common_settings, own_settings
from voicetest.errors import SetupError
from voicetest.report.catalogue import abilities

__all__ = ["adapters_table", "fill", "settings_tables", "table"]

_PART = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<end><!-- end generated -->)",
    re.DOTALL,
)


def fill(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """The text with every marked part made anew.

    Raises SetupError for a mark that names no part.
    """

    def made(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in parts:
            known = ", ".join(parts)
            raise SetupError(f"the README asks for '{name}', which is not generated: {known}")
        return f"{found['begin']}\n{parts[name]().strip()}\n\n{found['end']}"

    return _PART.sub(made, text)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; what stands in its cells is one line each."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def adapters_table() -> str:
    """Every adapter of this package, with what its line can do."""
    rows = []
    for name, kind in _adapters():
        line = kind.typical
        able = ["yes" if able else "" for able in abilities(line).values()]
        rows.append([f"`{name}`", kind.summary, f"{line.speaks} / {line.hears}", *able])
    return table(["adapter", "what is called", "speaks / hears", *_ability_names()], rows)


def settings_tables() -> str:
    """The settings of every adapter, each folded away; then what all of them have."""
    parts = [
        _folded(f"settings of <code>{name}</code>", own_settings(kind))
        for name, kind in _adapters()
    ]
    return "\n".join([*parts, _folded("settings of every adapter", common_settings())])


def _folded(title: str, settings: Sequence[Setting]) -> str:
    rows = [
        [
            f"`{setting.name}`",
            "**needed**" if setting.required else f"`{setting.default}`" if setting.default else "",
            setting.description,
        ]
        for setting in settings
    ]
    made = table(["setting", "default", "meaning"], rows)
    return f"<details><summary>{title}</summary>\n\n{made}\n</details>\n"


def _adapters() -> list[tuple[str, type[Adapter]]]:
    """Those of this package: what others install does not belong into our README."""
    kinds: list[tuple[str, type[Adapter]]] = []
    for name in registry.names(registry.ADAPTERS):
        try:
            kind: type[Adapter] = registry.load(registry.ADAPTERS, name)
        except registry.NotInstalled as error:
            raise SetupError(f"the README needs every adapter: {error}") from error
        if kind.__module__.partition(".")[0] == "voicetest":
            kinds.append((name, kind))
    return kinds


def _ability_names() -> list[str]:
    return list(abilities(_adapters()[0][1].typical))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
