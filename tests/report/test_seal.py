from __future__ import annotations

import json
from typing import Any

import pytest

from voicetest.report.seal import breaks_seal, sealed

VALUES: dict[str, Any] = {"b": 1.50, "a": {"z": [0, 0.0, 1e-7, "é\ud800"], "y": None}}


def test_values_are_as_they_were_however_they_are_laid_out() -> None:
    for indent in (None, 1, 4):
        text = json.dumps(sealed(VALUES), indent=indent)
        assert not breaks_seal(json.loads(text))
    assert not breaks_seal(dict(reversed(sealed(VALUES).items())))


@pytest.mark.parametrize("change", [{"b": 1.6}, {"c": 1}, {"a": {}}, {"sha256": "0" * 64}])
def test_a_value_that_was_changed_since_breaks_it(change: dict[str, Any]) -> None:
    assert breaks_seal(sealed(VALUES) | change)


@pytest.mark.parametrize("found", [VALUES, [], None, {"sha256": None}])
def test_what_was_never_sealed_is_not_broken(found: object) -> None:
    assert not breaks_seal(found)
