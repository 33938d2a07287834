"""How an example writes a message, and which messages are like it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.garbage import JSON, NOT_OBJECTS
from voicetest.errors import ProtocolError
from voicetest.protocols.example import (
    Example,
    compact,
    object_in,
    parse_object,
    placeholder,
    quoted,
)


def _read(example: Any, message: Any) -> list[dict[str, Any]]:
    return Example.of(example).read(message)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<audio>", "audio"),
        ("<result_text>", "result_text"),
        ("<ID>", "ID"),
        ("<n1>", "n1"),
        ("<call-id>", "call-id"),
        ("<>", None),
        ("<1>", None),
        ("<two words>", None),
        ("a <text>", None),
        ("<text>.", None),
        ("text", None),
        ("", None),
    ],
)
def test_a_placeholder_is_a_whole_text_in_angle_brackets(text: str, name: str | None) -> None:
    assert placeholder(text) == name


def test_the_placeholders_of_an_example_are_found_wherever_they_stand() -> None:
    example = Example.of({"a": "<x>", "b": [{"c": ["<y>"]}, 5], "d": {"e": "<z>"}, "f": "x"})
    assert example.placeholders == {"x", "y", "z"}
    assert Example.of({"a": "b"}).placeholders == set()


def test_a_message_is_the_example_with_values_where_the_placeholders_stood() -> None:
    example = Example.of({"a": {"b": ["<x>", 1]}, "c": "<y>", "d": True, "e": None})
    assert example.fill({"x": [2], "y": "<x>", "z": 3}) == {
        "a": {"b": [[2], 1]},
        "c": "<x>",
        "d": True,
        "e": None,
    }


def test_a_placeholder_without_a_value_is_null() -> None:
    assert Example.of({"a": "<x>"}).fill({}) == {"a": None}


@pytest.mark.parametrize(
    ("example", "message", "values"),
    [
        ({"type": "a"}, {"type": "a"}, [{}]),
        ({"type": "a"}, {"type": "a", "further": [1]}, [{}]),
        ({"type": "a"}, {"type": "b"}, []),
        ({"type": "a"}, {}, []),
        ({"a": "<x>"}, {"a": 5}, [{"x": 5}]),
        ({"a": "<x>"}, {"a": {"b": 1}}, [{"x": {"b": 1}}]),
        ({"a": "<x>"}, {"a": ""}, [{"x": ""}]),
        ({"a": "<x>"}, {"a": False}, [{"x": False}]),
        ({"a": "<x>"}, {"a": None}, []),
        ({"a": "<x>"}, {}, []),
        ({"a": {"b": {"c": "<x>"}}}, {"a": {"b": {"c": 1, "d": 2}}}, [{"x": 1}]),
        ({"a": {"b": "<x>"}}, {"a": [{"b": 1}]}, []),
        ({"a": {"b": "<x>"}}, {"a": "b"}, []),
        ({"a": "<x>", "b": "<y>"}, {"a": 1, "b": 2}, [{"x": 1, "y": 2}]),
        ({"a": "<x>", "b": "<y>"}, {"a": 1, "b": None}, []),
        ({"a": None}, {"a": None}, [{}]),
        ({"a": None}, {"a": 0}, []),
        ({"a": None}, {}, []),
    ],
)
def test_a_message_is_like_an_example_that_it_has_all_keys_of(
    example: Any, message: Any, values: list[dict[str, Any]]
) -> None:
    assert _read(example, message) == values


@pytest.mark.parametrize(
    ("constant", "value", "same"),
    [
        (True, True, True),
        (True, 1, False),
        (1, True, False),
        (0, False, False),
        (1, 1.0, True),
        (1, "1", False),
        ("", None, False),
        ([True], [True], True),
        ([True], [1], False),
        ([1, [0]], [1, [False]], False),
        ({"b": 1}, {"b": True}, False),
        ([], [], True),
        ([], [1], False),
        ({}, {"a": 1}, True),
    ],
)
def test_a_number_is_not_true_and_a_text_is_no_number(
    constant: Any, value: Any, same: bool
) -> None:
    assert _read({"a": constant}, {"a": value}) == ([{}] if same else [])


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ([{"x": 1}, {"x": 2, "y": 3}], [{"x": 1}, {"x": 2}]),
        ([{"y": 1}, {"x": 2}, 5, None, {"x": None}], [{"x": 2}]),
        ([], []),
        ({"x": 1}, []),
        ("x", []),
    ],
)
def test_a_list_of_one_entry_stands_for_every_entry(
    message: Any, values: list[dict[str, Any]]
) -> None:
    assert _read({"a": [{"x": "<x>"}]}, {"a": message}) == values


def test_lists_within_lists_are_read_to_the_bottom() -> None:
    message = {"a": [{"b": ["1", "2"]}, {"b": []}, {"b": ["3"]}]}
    assert _read({"a": [{"b": ["<x>"]}]}, message) == [{"x": "1"}, {"x": "2"}, {"x": "3"}]


def test_what_stands_beside_a_list_belongs_to_each_of_its_entries() -> None:
    assert _read({"id": "<i>", "a": ["<x>"]}, {"id": 7, "a": [1, 2]}) == [
        {"i": 7, "x": 1},
        {"i": 7, "x": 2},
    ]


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ([{"type": "head", "n": 1}, {"pcm": "AA"}], [{"x": "AA"}]),
        ([{"type": "head"}, {"pcm": "AA"}, {"pcm": "BB"}], []),
        ([{"type": "head"}], []),
        ([{"pcm": "AA"}, {"type": "head"}], []),
    ],
)
def test_a_list_of_several_entries_is_like_one_of_as_many(
    message: Any, values: list[dict[str, Any]]
) -> None:
    assert _read({"a": [{"type": "head"}, {"pcm": "<x>"}]}, {"a": message}) == values


@given(values=st.dictionaries(st.sampled_from("xyz"), JSON.filter(lambda v: v is not None)))
def test_what_an_example_has_written_it_reads_again(values: dict[str, Any]) -> None:
    example = Example.of({"k": 1, "o": {name: f"<{name}>" for name in values}})
    assert example.read(example.fill(values)) == [values]


@given(example=JSON, message=JSON)
def test_any_message_may_be_compared_with_any_example(example: Any, message: Any) -> None:
    assert all(isinstance(found, dict) for found in _read(example, message))


@pytest.mark.parametrize("text", NOT_OBJECTS)
def test_a_message_that_is_no_json_object_is_the_peers_fault(text: str) -> None:
    with pytest.raises(
        ProtocolError, match=r"the peer sent (text that is no JSON|JSON that is no)"
    ):
        parse_object(text)


def test_the_fault_quotes_the_beginning_of_what_was_sent() -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_object("hello\n\x1b[2Jworld" + "x" * 1_000_000)
    message = str(caught.value)
    assert message.startswith("the peer sent text that is no JSON: 'hello")
    assert len(message) < 120
    assert message.isprintable()
    assert quoted("a\tb") == "'a�b'"


def test_json_may_come_in_binary_frames() -> None:
    assert parse_object('{"a": "ü"}'.encode()) == {"a": "ü"}


@pytest.mark.parametrize("data", [b"\0\0", b"\xff{", b""])
def test_bytes_that_are_no_json_are_the_peers_fault(data: bytes) -> None:
    fault = f"the peer sent {len(data)} bytes where JSON text is expected"
    with pytest.raises(ProtocolError, match=fault):
        parse_object(data)


def test_samples_are_told_from_json_in_binary_frames() -> None:
    assert object_in(b' {"type": "ping"}\n') == {"type": "ping"}
    for samples in (b"", b"{}x", b"{\0\0}", b"[1]", b"{" * 999 + b"}", b"\xff" * 640):
        assert object_in(samples) is None


def test_a_message_that_nobody_could_write_again_is_the_peers_fault() -> None:
    deep = '{"a":' + "[" * 100 + "]" * 100 + "}"
    assert json.loads(deep)
    with pytest.raises(ProtocolError, match="more than 100 levels"):
        parse_object(deep)
    assert parse_object('{"a":' + "[" * 99 + "]" * 99 + "}")


def test_half_a_character_is_replaced_and_a_whole_one_is_kept() -> None:
    assert parse_object(r'{"\ud83d": ["\ud83d", "\ude00x", "\ud83d\ude00", "ü"]}') == {
        "�": ["�", "�x", "😀", "ü"]
    }


def test_a_number_that_json_does_not_have_is_null() -> None:
    assert parse_object('{"a": NaN, "b": [-Infinity, 1e999], "c": 1.5}') == {
        "a": None,
        "b": [None, None],
        "c": 1.5,
    }


def _put_right(value: Any) -> Any:
    """Value by value, what parse_object finds out of most messages without a look at them."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {_put_right(key): _put_right(inner) for key, inner in value.items()}
        case list():
            return [_put_right(inner) for inner in value]
        case _:
            return value


@given(value=JSON, ascii_only=st.booleans())
def test_every_value_is_put_right_wherever_it_stands(value: Any, ascii_only: bool) -> None:
    text = json.dumps({"a": value}, ensure_ascii=ascii_only)
    assert parse_object(text) == _put_right(json.loads(text))


@given(value=JSON)
def test_whatever_was_read_can_be_written_and_sent(value: Any) -> None:
    read = parse_object(json.dumps({"a": value}))
    written = compact(read)
    assert parse_object(written.encode().decode()) == read


def test_messages_are_written_without_spaces_in_their_own_letters() -> None:
    assert compact({"a": ["ü", 1], "b": None}) == '{"a":["ü",1],"b":null}'
