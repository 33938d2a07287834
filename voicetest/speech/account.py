"""Who pays for what a provider of speech does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from voicetest.spending import Spending

__all__ = ["Account"]


@dataclass(frozen=True)
class Account:
    """The keys of one call or run, and the book of its expenses."""

    spending: Spending = field(default_factory=Spending)
    keys: Mapping[str, SecretStr] = field(default_factory=dict)
    """By the names of environment variables, in whose place they are used."""

    def key(self, *names: str) -> SecretStr | None:
        """The first key that there is under one of these names."""
        for name in names:
            if name in self.keys:
                return self.keys[name]
            if value := os.environ.get(name):
                return SecretStr(value)
        return None
