"""Messages that differ in nothing but their sound, read without reading the same again."""

from __future__ import annotations

import binascii

__all__ = ["Alike"]

_TRIES = 5
"""Messages that are looked at: where each has a number of its own, none will ever be alike."""


class Alike:
    """The messages of one connection that are sound in base64 between the same two texts."""

    def __init__(self) -> None:
        self._before = self._after = ""
        """Set by each message that was read as sound, the first few of them."""
        self._left = _TRIES

    @property
    def learns(self) -> bool:
        """Whether a message more may be learnt from."""
        return self._left > 0

    def learn(self, message: str, written: str) -> None:
        """A JSON text means the sound that is `written` in it as base64, and nothing else."""
        if not self.learns or "\\" in message:
            return
        self._left -= 1
        before, quoted, after = message.partition(f'"{written}"')
        if quoted and quoted not in after:
            self._before, self._after = before + '"', '"' + after

    def sound(self, message: str) -> bytes | None:
        """The sound of a message like one that was read; None for any other, and without sound."""
        before, after = self._before, self._after
        if not before or not message.startswith(before) or not message.endswith(after):
            return None
        written = message[len(before) : len(message) - len(after)]
        try:
            # No text of this alphabet ends a JSON string, or begins anything else in it.
            return binascii.a2b_base64(written, strict_mode=True) or None
        except ValueError:
            return None
