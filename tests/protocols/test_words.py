"""What the keys of a protocol map mean."""

from __future__ import annotations

from typing import Any

import pytest

from voicetest.errors import ProtocolError
from voicetest.events import (
    ALL_EVENTS,
    Failed,
    Hangup,
    Interrupted,
    ToolCalled,
    ToolResult,
    Transcript,
)
from voicetest.protocols.map_sections import Receives, Sends
from voicetest.protocols.words import RECEIVED, SENT, Word, sound_bytes, sound_text

WORDS = [*SENT.items(), *RECEIVED.items()]


def test_every_key_of_a_map_has_a_meaning_and_every_meaning_a_key() -> None:
    assert set(SENT) == set(Sends.model_fields) - {"audio"}
    assert set(RECEIVED) == set(Receives.model_fields) - {"audio", "ready"}


@pytest.mark.parametrize(("name", "word"), WORDS)
def test_a_word_with_nothing_but_what_it_needs_says_its_event(name: str, word: Word) -> None:
    assert word.kind in ALL_EVENTS
    assert word.needs <= word.placeholders
    event = word.event(dict.fromkeys(word.needs, "x"))
    assert type(event) is word.kind, name
    assert word.applies(event)
    assert set(word.values(event)) == word.placeholders


@pytest.mark.parametrize(("name", "word"), WORDS)
@pytest.mark.parametrize("value", ["x", "", 5, -1.5, True, [], {"a": [1]}, 10**400])
def test_a_word_takes_any_json_where_a_value_stands(name: str, word: Word, value: Any) -> None:
    event = word.event(dict.fromkeys(word.placeholders, value))
    assert type(event) is word.kind, name
    assert all(not isinstance(held, dict | list) for held in vars(event).values())


@pytest.mark.parametrize(
    ("said", "sent"), [(None, None), (0.0, 0), (1.2345, 1234), (1.5, 1500), (2.0, 2000)]
)
def test_how_much_was_heard_is_told_in_whole_milliseconds(
    said: float | None, sent: int | None
) -> None:
    values = SENT["interrupt"].values(Interrupted(item="1", heard_s=said))
    assert values == {"heard_ms": sent}
    assert type(values["heard_ms"]) is type(sent)


@pytest.mark.parametrize(("sent", "heard"), [(1500, 1.5), (0.5, 0.0005), (0, 0.0)])
def test_how_much_was_heard_is_read_in_seconds(sent: float, heard: float) -> None:
    assert SENT["interrupt"].event({"heard_ms": sent}) == Interrupted(heard_s=heard)


@pytest.mark.parametrize("sent", ["1500", True, None, -1, 10**400, 1e300, [1], {}])
def test_a_time_that_cannot_be_meant_is_no_time(sent: object) -> None:
    assert SENT["interrupt"].event({"heard_ms": sent}) == Interrupted()


@pytest.mark.parametrize(
    ("result", "values"),
    [
        (
            ToolResult("1", '{"a": 1}'),
            {"result": {"a": 1}, "result_text": '{"a": 1}', "failed": False},
        ),
        (ToolResult("1", "42"), {"result": 42, "result_text": "42", "failed": False}),
        (ToolResult("1", '"42"'), {"result": "42", "result_text": '"42"', "failed": False}),
        (ToolResult("1", "no JSON"), {"result": "no JSON", "result_text": "no JSON"}),
        (ToolResult("1", "404", failed=True), {"result": "404", "failed": True}),
        (ToolResult("1", "NaN", failed=True), {"result": "NaN", "result_text": "NaN"}),
    ],
)
def test_a_tools_answer_is_json_and_its_error_a_text(
    result: ToolResult, values: dict[str, Any]
) -> None:
    written = SENT["tool_result"].values(result)
    assert written == written | {"id": "1"} | values


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ({"id": "1", "result": {"a": 1}}, ToolResult("1", '{"a":1}')),
        ({"id": 7, "result_text": "text"}, ToolResult("7", "text")),
        ({"result_text": "text", "result": 5}, ToolResult("", "text")),
        ({"result": "no", "failed": True}, ToolResult("", "no", failed=True)),
        ({"result": "no", "failed": "true"}, ToolResult("", "no")),
        ({}, ToolResult("", "null")),
    ],
)
def test_a_tools_answer_is_read_from_either_placeholder(
    values: dict[str, Any], result: ToolResult
) -> None:
    assert SENT["tool_result"].event(values) == result


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"a": "ü"}, '{"a":"ü"}'),
        ('{"a": "ü"}', '{"a": "ü"}'),
        ("", ""),
        ([1], "[1]"),
    ],
)
def test_arguments_come_as_json_or_as_its_text(arguments: object, text: str) -> None:
    called = RECEIVED["tool_call"].event({"id": "1", "name": "f", "arguments": arguments})
    assert called == ToolCalled("1", "f", text)


def test_a_tool_may_be_called_without_arguments_and_without_a_name_of_the_call() -> None:
    assert RECEIVED["tool_call"].event({"name": "f"}) == ToolCalled("", "f", "{}")


def test_an_error_needs_neither_code_nor_message() -> None:
    assert RECEIVED["error"].event({}) == Failed("error", "")
    assert RECEIVED["error"].event({"code": 500, "message": None}) == Failed("500", "null")


def test_no_reason_to_hang_up_is_null() -> None:
    assert RECEIVED["hangup"].event({}) == Hangup()
    assert SENT["hangup"].values(Hangup()) == {"reason": None}
    assert SENT["hangup"].values(Hangup(reason="done")) == {"reason": "done"}


def test_a_transcript_is_said_by_the_word_of_its_party() -> None:
    for by, other in (("agent", "user"), ("user", "agent")):
        event = RECEIVED[f"{by}_transcript"].event({"text": "hi"})
        assert isinstance(event, Transcript)
        assert event.by == by
        assert not RECEIVED[f"{other}_transcript"].applies(event)


def test_sound_is_base64_as_rfc_4648_has_it() -> None:
    assert sound_text(b"\xff\xef\xfe") == "/+/+"
    assert sound_text(b"\0") == "AA=="
    assert sound_bytes("/+/+") == b"\xff\xef\xfe"
    assert sound_bytes("") == b""


@pytest.mark.parametrize("value", [5, None, True, [], {}, ["AA=="], b"AA=="])
def test_sound_that_is_no_text_is_the_peers_fault(value: object) -> None:
    with pytest.raises(ProtocolError, match="something else than a text where sound is expected"):
        sound_bytes(value)


@pytest.mark.parametrize("text", ["A", "AA", "AA=", "AA==AA==", "_-_-", "AA ==", "AA\n==", "ü"])
def test_sound_that_is_no_base64_is_the_peers_fault(text: str) -> None:
    with pytest.raises(ProtocolError, match="sound that is no base64"):
        sound_bytes(text)
