"""Keeps secret values out of everything that is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

from voicetest.errors import Problem
from voicetest.scenario.credentials import (
    MASK,
    credentials,
    is_secret_name,
    mask_addresses,
    parts,
)
from voicetest.scenario.disguises import encoded
from voicetest.scenario.learned import EVERY, Learned
from voicetest.scenario.search import Search, Wanted

__all__ = ["MASK", "Secrets", "is_maskable", "mask_all"]

SHORTEST_MASKED = 6
"""Shorter ones would be found in what is no secret."""
SHORTEST_GLUED = 8
"""From here on a secret is found inside of other words too, unless it looks like a word."""
LONGEST_WORD = 15
SHOWN = 4
"""How many characters of a redacted value stay."""
FIXED = frozenset(
    {
        "by",
        "clean",
        "clock",
        "detector",
        "end_reason",
        "ended",
        "file",
        "files",
        "folder",
        "hears",
        "kind",
        "metrics",
        "mode",
        "receives",
        "role",
        "sdk",
        "sends",
        "severity",
        "sha256",
        "sound",
        "speaks",
        "started_at",
        "status",
        "transcript_source",
        "type",
        "unit",
        "vantage",
        "verdict",
        "voicetest",
        "where",
    }
)
"""What stands in manifests and events under these names is of a fixed vocabulary, or a place."""
FREE = frozenset({"content", "fields", "settings", "vars"})
"""All below these names, with the names there, is what somebody else wrote."""

_WORD = re.compile(r"[^\W\d_]+")
_NAMED = re.compile(
    r"(?:^|_)(?:(?:API|ACCESS|AUTH|SECRET)?(?:KEY|TOKEN)|SECRET|PASSWORD|PASSWD|PASSPHRASE)$"
)


@dataclass(frozen=True)
class Secrets:
    """Values that must not be written anywhere; it shows none of them."""

    values: frozenset[str] = field(default=frozenset(), repr=False)
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Whole fields with `${env.…}` in them: with the values put in, and as written."""
    redacted: frozenset[str] = field(default=frozenset(), repr=False)
    """Values of which only the last four characters are written, such as telephone numbers."""
    learned: Learned = field(default_factory=Learned, repr=False, compare=False)
    """What is learned later; those that are made of these by `also` learn it too."""

    @classmethod
    def of(
        cls,
        used: Iterable[str],
        environment: Mapping[str, str],
        fields: Iterable[tuple[str, str]] = (),
    ) -> Secrets:
        """The values that `${env.…}` took, and those of variables named like secrets."""
        named = (v for k, v in environment.items() if _NAMED.search(k.upper()))
        addresses = chain.from_iterable(map(credentials, environment.values()))
        longest_first = sorted(set(fields), key=lambda pair: (-len(pair[0]), pair))
        return cls(fields=tuple(longest_first)).also((*used, *named, *addresses))

    def also(self, values: Iterable[str], redacted: Iterable[str] = ()) -> Secrets:
        """These and further values, and what is secret in them."""
        known = frozenset(chain.from_iterable(map(parts, values)))
        EVERY.add(known)
        return replace(
            self,
            values=self.values | known,
            redacted=self.redacted | frozenset(redacted),
        )

    def learn(self, value: str) -> None:
        """Hide a value from now on, and what is secret in it."""
        known = frozenset(parts(value))
        EVERY.add(known, passing=True)
        self.learned.add(known, passing=True)

    def recall(self, texts: frozenset[str]) -> None:
        """Hide what another process learned, where they are `learned.texts`."""
        EVERY.add(texts, passing=True)
        self.learned.add(texts, passing=True)

    def mask(self, text: str) -> str:
        """The text with fields as they are written, and `***` for each secret that is left.

        Of a value that is redacted the last four characters stay. A secret is found however it is
        escaped, in hex and in base64; one that is short or looks like a word only where it stands
        as a whole token. Passwords and tokens in URLs are masked whether they are known or not.
        """
        written = self._written.get(text)
        return mask_addresses(self._search.replace(text)) if written is None else written

    def hide(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Problems that may quote a value, with their messages masked."""
        return tuple(replace(each, message=self.mask(each.message)) for each in problems)

    def mask_value(self, value: Any) -> Any:
        """A text masked, or a JSON value with its texts masked.

        What is of a fixed vocabulary, a path or a checksum stays as it is even if it happens to
        read like a secret.
        """
        return self.mask(value) if isinstance(value, str) else self._masked(value, free=False)

    def _masked(self, value: Any, *, free: bool) -> Any:
        match value:
            case str():
                return self.mask(value)
            case dict() if free:
                return {self._name(name): self._free(name, item) for name, item in value.items()}
            case dict():
                return {
                    name: item if name in FIXED else self._masked(item, free=name in FREE)
                    for name, item in value.items()
                }
            case list() | tuple():
                return [self._masked(item, free=free) for item in value]
            case int() | float() if free and not isinstance(value, bool):
                text = str(value)
                return value if (shown := self.mask(text)) == text else shown
            case _:
                return value

    def _name(self, name: Any) -> Any:
        return self.mask(name) if isinstance(name, str) else name

    def _free(self, name: Any, value: Any) -> Any:
        """What somebody else wrote; a text that is named like a secret is one, however short."""
        if isinstance(name, str) and isinstance(value, str) and is_secret_name(name):
            masked = self.mask(value)
            is_shown = masked != value or not value or "${" in value or value.startswith("<")
            return masked if is_shown else MASK
        return self._masked(value, free=True)

    @cached_property
    def _written(self) -> Mapping[str, str]:
        return dict(self.fields)

    @property
    def _search(self) -> Search:
        """For all that is known by now."""
        learned = self.learned.texts
        kept = self._searches.get(learned)
        if kept is None:
            self._searches.clear()
            kept = _search(self.values | learned, self.fields, self.redacted)
            self._searches[learned] = kept
        return kept

    @cached_property
    def _searches(self) -> dict[frozenset[str], Search]:
        return {}


_EVERY = Secrets(learned=EVERY)


def mask_all(text: str) -> str:
    """A text that belongs to no scenario, without any secret that this process knows."""
    return _EVERY.mask(text)


def is_maskable(value: str) -> bool:
    """Whether a secret is long enough to be told from other texts."""
    return len(value) >= (SHORTEST_GLUED if _WORD.fullmatch(value) else SHORTEST_MASKED)


@lru_cache(maxsize=16)
def _search(
    values: frozenset[str], fields: tuple[tuple[str, str], ...], redacted: frozenset[str]
) -> Search:
    """The same for all cases of a file, of which there may be many."""
    return Search.of(_wanted(values, fields, redacted))


def _wanted(
    values: frozenset[str], fields: tuple[tuple[str, str], ...], redacted: frozenset[str]
) -> Iterator[Wanted]:
    for filled, written in fields:
        if len(filled) >= SHORTEST_GLUED and filled not in values:
            yield Wanted(filled, written, secret=False)
    for value in sorted(redacted):
        if len(value) >= SHORTEST_MASKED:
            yield Wanted(value, MASK + value[-SHOWN:], whole=True)
    for value in sorted(values):
        if is_maskable(value):
            yield from _disguised(value)


def _disguised(value: str) -> Iterator[Wanted]:
    word = _WORD.fullmatch(value) and len(value) <= LONGEST_WORD
    whole = bool(word) or len(value) < SHORTEST_GLUED
    yield Wanted(value, MASK, whole=whole, secret="://" not in value)
    if " " in value:
        yield Wanted(value.replace(" ", "+"), MASK, whole=whole)
    yield from (Wanted(found, MASK) for found in encoded(value))
