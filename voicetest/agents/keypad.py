"""How the embedded agent takes key presses: several keys make one input."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from voicetest.scenario.nodes import shown
from voicetest.scenario.refusals import refuse
from voicetest.scenario.values import literal_text

__all__ = ["KEY_PAUSE_S", "Keyed", "Keypad", "PressedKeys"]

KEY_PAUSE_S = 1.5
"""Without a further key for this long an input is complete."""
_LAST_KEY = "#"
_KEYS = re.compile(r"[0-9A-D*#]+")


def _pressed_keys(value: object) -> str:
    keys = literal_text(value).upper()
    if not _KEYS.fullmatch(keys):
        raise refuse(f"expected keys (0-9, A-D, * and #) such as 12#, found {shown(value)}")
    return keys


PressedKeys = Annotated[
    str,
    BeforeValidator(_pressed_keys),
    WithJsonSchema(
        {"type": ["string", "integer"], "pattern": "^[0-9A-Da-d*#]+$", "examples": ["12#"]}
    ),
]
"""Keys of a telephone in the order in which they are pressed."""


@dataclass(frozen=True)
class Keyed:
    """One input of the user: the keys pressed, a final # included."""

    keys: str


class Keypad:
    """Collects keys until # is pressed or none follows within 1.5 s, then gives the input."""

    def __init__(self, entered: Callable[[Keyed], None]) -> None:
        self._entered = entered
        self._keys = ""
        """The input so far; emptied when it is complete."""
        self._pause: asyncio.TimerHandle | None = None
        """Set by each key but the last one of an input."""

    def press(self, key: str) -> None:
        """The user pressed a key."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        self._keys += key
        if key == _LAST_KEY:
            self._enter()
        else:
            self._pause = asyncio.get_running_loop().call_later(KEY_PAUSE_S, self._enter)

    def finish(self) -> None:
        """No further key belongs to the input."""
        if self._pause is not None:
            self._pause.cancel()
            self._enter()

    def _enter(self) -> None:
        self._pause = None
        keyed, self._keys = Keyed(self._keys), ""
        self._entered(keyed)
