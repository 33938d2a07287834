from __future__ import annotations

import pytest

from voicetest.protocols.json_text import read_json


@pytest.mark.parametrize("text", ['{"a": [1, null]}', b'{"a": [1, null]}'])
def test_a_text_or_its_bytes_are_read(text: str | bytes) -> None:
    assert read_json(text) == {"a": [1, None]}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, "9" * 5_000, "[" + "[]," * 300_000 + "[]]", b"\xff"],
    ids=["nothing", "cut", "deep", "a huge number", "many values", "no UTF-8"],
)
def test_what_is_no_json_or_too_much_of_it_is_one_kind_of_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_json(text)


def test_sound_of_many_minutes_is_one_value() -> None:
    assert len(read_json('{"audio": "' + "A" * 10_000_000 + '"}')["audio"]) == 10_000_000
