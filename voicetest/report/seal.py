"""The checksum of its own values that a JSON file of a run carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

__all__ = ["breaks_seal", "sealed"]

_SEAL = "sha256"


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same JSON values, with their checksum as `sha256`."""
    return {**values, _SEAL: _checksum(json.loads(json.dumps(values)))}


def breaks_seal(found: object) -> bool:
    """Whether JSON values have a checksum and are not those that it was made of."""
    return isinstance(found, dict) and found.get(_SEAL) not in (None, _checksum(found))


def _checksum(values: Mapping[str, Any]) -> str:
    text = json.dumps({n: v for n, v in values.items() if n != _SEAL}, sort_keys=True)
    return sha256(text.encode()).hexdigest()
