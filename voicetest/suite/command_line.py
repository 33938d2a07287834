"""The command line of a run as it may be written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from voicetest.scenario.credentials import MASK, is_secret_name
from voicetest.scenario.load import ScenarioFile

__all__ = ["shown_command"]


def shown_command(words: Sequence[str], files: Iterable[ScenarioFile | None]) -> list[str]:
    """The words without the secrets of any scenario, and without values of what is named so."""
    shown = [_without_value(word) for word in words]
    for file in files:
        if file is not None:
            shown = [file.secrets.mask(word) for word in shown]
    return shown


def _without_value(word: str) -> str:
    """`api_key=…` of `--var api_key=…`, however short the value is."""
    name, equals, value = word.rpartition("=")
    return f"{name}={MASK}" if equals and value and is_secret_name(name) else word
