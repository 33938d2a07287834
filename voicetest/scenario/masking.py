"""Keeps secret values out of everything that is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

__all__ = ["MASK", "Secrets"]

MASK = "***"
SHORTEST_MASKED = 8
SHOWN = 4
"""How many characters of a redacted value stay."""
FREE_TEXTS = frozenset(
    {
        "actual",
        "arguments",
        "cause",
        "claimed",
        "content",
        "criterion",
        "expected",
        "fields",
        "heard",
        "message",
        "notes",
        "reason",
        "replaces",
        "result",
        "said",
        "settings",
        "tags",
        "text",
        "traceback",
        "transcript",
        "understood",
        "vars",
    }
)
"""What stands in manifests and events under these names is free text, and all below it."""

_SECRET_NAMES = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")


@dataclass(frozen=True)
class Secrets:
    """Values that must not be written anywhere; it shows none of them."""

    values: frozenset[str] = field(default=frozenset(), repr=False)
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Whole fields with `${env.…}` in them: with the values put in, and as written."""
    redacted: frozenset[str] = field(default=frozenset(), repr=False)
    """Values of which only the last four characters are written, such as telephone numbers."""

    @classmethod
    def of(
        cls,
        used: Iterable[str],
        environment: Mapping[str, str],
        fields: Iterable[tuple[str, str]] = (),
    ) -> Secrets:
        """The values that `${env.…}` took, and those of variables named like secrets."""
        named = (v for k, v in environment.items() if k.upper().endswith(_SECRET_NAMES))
        longest_first = sorted(set(fields), key=lambda pair: (-len(pair[0]), pair))
        return cls(frozenset(used) | frozenset(named), tuple(longest_first))

    def also(self, values: Iterable[str], redacted: Iterable[str] = ()) -> Secrets:
        """These and further values."""
        return replace(
            self,
            values=self.values | frozenset(values),
            redacted=self.redacted | frozenset(redacted),
        )

    def mask(self, text: str) -> str:
        """The text with fields as they are written, and `***` for each secret that is left.

        Of a value that is redacted the last four characters stay.

        A field is found where it is all of the text, or has at least 8 characters and more in it
        than the secret; a secret where it stands as a whole token.
        """
        for filled, written in self.fields:
            if text == filled:
                return written
            if len(filled) >= SHORTEST_MASKED and filled not in self.values:
                text = text.replace(filled, written)
        return self._pattern.sub(self._instead, text) if self._pattern else text

    def _instead(self, found: re.Match[str]) -> str:
        return MASK + found[0][-SHOWN:] if found[0] in self.redacted else MASK

    def mask_value(self, value: Any) -> Any:
        """A text masked, or a JSON value with its free texts masked.

        What is not free, such as a path, a checksum or the name of a state, stays as it is even
        if it happens to read like a secret.
        """
        return self.mask(value) if isinstance(value, str) else self._masked(value, free=False)

    def _masked(self, value: Any, *, free: bool) -> Any:
        match value:
            case str():
                return self.mask(value) if free else value
            case dict():
                return {
                    name: self._masked(item, free=free or name in FREE_TEXTS)
                    for name, item in value.items()
                }
            case list() | tuple():
                return [self._masked(item, free=free) for item in value]
            case _:
                return value

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        every = self.values | self.redacted
        long = [value for value in every if len(value) >= SHORTEST_MASKED]
        if not long:
            return None
        return re.compile("|".join(map(_token, sorted(long, key=len, reverse=True))))


def _token(value: str) -> str:
    """A pattern for a value that is not part of a longer word."""
    before = r"(?<!\w)" if re.match(r"\w", value) else ""
    after = r"(?!\w)" if re.match(r"\w", value[-1]) else ""
    return before + re.escape(value) + after
