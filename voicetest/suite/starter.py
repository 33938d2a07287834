"""The files with which somebody starts: a scenario for an adapter and what goes with it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from voicetest import registry
from voicetest.adapters.base import Adapter
from voicetest.adapters.describe import Setting, common_settings, own_settings
from voicetest.errors import SetupError
from voicetest.events import Transcript
from voicetest.protocols.base import Capabilities
from voicetest.report.folder import write_atomically
from voicetest.report.schemas import schema_texts
from voicetest.suite.starter_texts import CI_JOB, DIALOGUE, SCRIPT

__all__ = ["Started", "start"]

_DIALOGUE_FILE = "agents/example.yaml"
_WIDTH = 96
_PLACEHOLDERS = (
    "change-me",
    "wss://agent.example.com/call",
    "https://agent.example.com/call",
    "+15550100",
)
"""The first of them that a setting without a default takes is written for it."""


@dataclass(frozen=True)
class Started:
    """Which files were written, and which were there and left as they are."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def start(adapter: str, folder: Path) -> Started:
    """Write the files for an adapter below `folder`.

    Raises SetupError for an adapter that there is not, where the scenario is there already, and
    where nothing can be written; then nothing is changed.
    """
    try:
        kind: type[Adapter] = registry.load(registry.ADAPTERS, adapter)
    except (registry.UnknownName, registry.NotInstalled) as error:
        raise SetupError(str(error)) from error
    scenario = folder / "scenarios" / f"{adapter.replace('_', '-')}.yaml"
    texts = {
        scenario: scenario_text(adapter, kind),
        folder / "scenarios" / _DIALOGUE_FILE: DIALOGUE,
        folder / ".github" / "workflows" / "voicetest.yml": _ci_job(kind),
    } | {folder / "schemas" / name: text for name, text in schema_texts().items()}
    if scenario.exists():
        raise SetupError(f"{scenario} is there already, and nothing is overwritten")
    kept = tuple(path for path in texts if path.exists())
    try:
        for path, text in texts.items():
            if path not in kept:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, text)
    except OSError as error:
        raise SetupError(f"cannot write below {folder}: {error.strerror}") from error
    return Started(tuple(path for path in texts if path not in kept), kept)


def scenario_text(adapter: str, kind: type[Adapter]) -> str:
    """A scenario with every setting of an adapter, those with a default commented out."""
    lines = [
        "# yaml-language-server: $schema=../schemas/scenario.schema.json",
        "version: 1",
        "name: A caller asks for the opening hours",
        "tags: [smoke]",
        "",
        "agent:",
        *_comment(kind.summary),
        f"  adapter: {adapter}",
        *_settings(kind),
    ]
    # Whoever needs keys is somewhere else, and has to be played.
    if adapter in registry.names(registry.SIMULATORS) or kind.environment:
        lines += [
            "  # What --offline calls instead: an agent on this machine that follows a dialogue.",
            f"  simulator: {_DIALOGUE_FILE}",
        ]
    return "\n".join([*lines, "", *_transcriber(kind.typical), SCRIPT])


def _settings(kind: type[Adapter]) -> Iterator[str]:
    given = dict(kind.example)
    for setting in own_settings(kind):
        value = given.get(setting.name)
        if value is None and setting.required:
            value = _placeholder(setting)
        yield from _comment(setting.description)
        yield f"  {setting.name}: {_scalar(value)}" if value is not None else _left_out(setting)
    for name in kind.environment:
        state = f"The environment variable {name} is read when a setting does not say it."
        yield from _comment(state)
    for setting in common_settings():
        yield from _comment(setting.description)
        yield _left_out(setting)


def _placeholder(setting: Setting) -> str:
    for text in _PLACEHOLDERS:
        kind: TypeAdapter[object] = TypeAdapter(setting.field.rebuild_annotation())
        try:
            kind.validate_python(text)
        except ValidationError:
            continue
        return text
    raise SetupError(f"'{setting.name}' has no example: its adapter has to give one")


def _left_out(setting: Setting) -> str:
    return f"  # {setting.name}: {_scalar(setting.default or '…')}"


def _scalar(text: str) -> str:
    """A text as one line of YAML."""
    written = yaml.safe_dump(text, allow_unicode=True, width=10_000).removesuffix("\n...\n")
    # What the field makes of a plain word is its own business: quotes only where YAML needs them.
    plain = written.strip().strip("'")
    return plain if yaml.safe_load(f"a: {plain}") == {"a": yaml.safe_load(plain)} else written


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, _WIDTH - 4, break_long_words=False):
        yield f"  # {line}"


def _transcriber(line: Capabilities) -> list[str]:
    if Transcript in line.receives:
        return []
    return [
        "# The line carries no words of the agent: this listens to it. For a real agent, name a",
        "# transcriber made for people's voices.",
        "transcriber: pocketsphinx/espeak",
        "",
    ]


def _ci_job(kind: type[Adapter]) -> str:
    keys = [f'          {name}: "${{{{ secrets.{name} }}}}"' for name in kind.environment]
    return CI_JOB.replace("# KEYS\n", _environment(keys))


def _environment(keys: list[str]) -> str:
    lines = ["        # Without --offline the agent itself is called, with its keys:"]
    lines += ["        # env:", *(f"        # {key[8:]}" for key in keys)]
    return "\n".join(lines) + "\n" if keys else ""
