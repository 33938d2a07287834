"""The files with which somebody starts: a scenario for an adapter and what goes with it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
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
_PLAIN = re.compile(r"[\w…][\w…./ +-]*")
"""Texts that need no quotes."""
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
    lacking: str = ""
    """What has to be installed before the scenario can run; empty where nothing has."""


def start(adapter: str, folder: Path) -> Started:
    """Write the files for an adapter below `folder`.

    Raises SetupError for an adapter that there is not, where the scenario is there already, and
    where nothing can be written; then nothing is changed.
    """
    lacking = ""
    kind: type[Adapter] | None = None
    try:
        kind = registry.load(registry.ADAPTERS, adapter)
    except registry.UnknownName as error:
        raise SetupError(str(error)) from error
    except registry.NotInstalled as error:
        lacking = str(error)
    environment = () if kind is None else kind.environment
    scenario = folder / "scenarios" / f"{adapter.replace('_', '-')}.yaml"
    texts = {
        scenario: _unknown_text(adapter, lacking) if kind is None else scenario_text(adapter, kind),
        folder / "scenarios" / _DIALOGUE_FILE: DIALOGUE,
        folder / ".github" / "workflows" / "voicetest.yml": _ci_job(environment),
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
    return Started(tuple(path for path in texts if path not in kept), kept, lacking)


def _unknown_text(adapter: str, lacking: str) -> str:
    """A scenario for an adapter whose settings are not known before its package is installed."""
    lines = [
        "# yaml-language-server: $schema=../schemas/scenario.schema.json",
        "version: 1",
        "name: A caller asks for the opening hours",
        "tags: [smoke]",
        "",
        "agent:",
        f"  # {lacking[:1].upper()}{lacking[1:]}",
        *_comment("Its settings are then named by: voicetest validate, and by editors."),
        f"  adapter: {adapter}",
        "  # What --offline calls instead: an agent on this machine that follows a dialogue.",
        f"  simulator: {_DIALOGUE_FILE}",
    ]
    return "\n".join([*lines, "", SCRIPT])


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
    if _is_replaced_offline(adapter, kind):
        lines += [
            "  # What --offline calls instead: an agent on this machine that follows a dialogue.",
            f"  simulator: {_DIALOGUE_FILE}",
        ]
    return "\n".join([*lines, "", *_transcriber(kind.typical), SCRIPT])


def _is_replaced_offline(adapter: str, kind: type[Adapter]) -> bool:
    """Whether --offline needs a dialogue: for a platform's simulator, or in a model's place."""
    own_way = kind.offline is not Adapter.offline
    return adapter in registry.names(registry.SIMULATORS) or (
        own_way and "dialogue" not in kind.example
    )


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
    """A text as one line of YAML; what a plain word such as true or 12 means, the field decides."""
    if _PLAIN.fullmatch(text):
        return text
    return yaml.safe_dump(text, allow_unicode=True, width=10_000).removesuffix("...\n").strip()


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


def _ci_job(environment: Sequence[str]) -> str:
    keys = [f'          {name}: "${{{{ secrets.{name} }}}}"' for name in environment]
    return CI_JOB.replace("# KEYS\n", _environment(keys))


def _environment(keys: list[str]) -> str:
    lines = ["        # Without --offline the agent itself is called, with its keys:"]
    lines += ["        # env:", *(f"        # {key[8:]}" for key in keys)]
    return "\n".join(lines) + "\n" if keys else ""
