"""One part of a suite: each case is in exactly one, and stays in it when others are added."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

__all__ = ["Shard", "parse_shard"]

_FORM = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


@dataclass(frozen=True)
class Shard:
    """Part `index`, from 1, of `count`."""

    index: int
    count: int

    def holds(self, key: str) -> bool:
        """Whether the case with this key belongs to this part."""
        number = int.from_bytes(sha256(key.encode()).digest()[:8])
        return number % self.count == self.index - 1


def parse_shard(text: str) -> Shard:
    """`2/4` as a shard; raises ValueError that says what to write."""
    found = _FORM.fullmatch(text.strip())
    if not found:
        raise ValueError(f"write a part and the number of parts, such as 1/4, not '{text}'")
    index, count = int(found[1]), int(found[2])
    if not 1 <= index <= count:
        raise ValueError(f"there is no part {index} of {count}: write 1/{count} to {count}/{count}")
    return Shard(index, count)
