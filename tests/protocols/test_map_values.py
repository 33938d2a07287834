"""What may stand in the examples of a protocol map, and what each mistake in them is told."""

from __future__ import annotations

import pytest

from tests.protocols.spoken import mistakes
from voicetest.protocols.example import Example
from voicetest.protocols.map_values import Examples, checked_object, read_examples

HEAD = "protocol:\n"
SENDS = "  sends: {audio: {a: <audio>}}\n"
RECEIVES = "  receives: {audio: {a: <audio>}}\n"


def test_one_example_is_a_list_of_one() -> None:
    example = {"a": "<x>"}
    assert read_examples(example, {"x"}) == Examples((Example.of(example),))
    assert read_examples([example], {"x"}) == read_examples(example, {"x"})
    assert read_examples([example, {"b": 1}], {"x"}).messages == (
        Example.of(example),
        Example.of({"b": 1}),
    )


def test_what_was_read_is_not_read_again() -> None:
    examples = read_examples({"a": "<x>"}, None)
    assert read_examples(examples, ()) is examples


def test_binary_is_a_word_only_where_there_may_be_samples() -> None:
    assert read_examples("binary", (), may_be_binary=True) == Examples(binary=True)
    with pytest.raises(ValueError, match="expected an example of a message"):
        read_examples("binary", ())


def test_any_placeholder_may_stand_where_its_name_is_free() -> None:
    assert read_examples({"a": "<n>", "b": "no <n>"}, None).messages[0].placeholders == {"n"}
    assert checked_object({"a": ["<n>"]}, None) == {"a": ["<n>"]}


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        (
            "sends: {audio: {a: <adio>}}",
            "3:22: nothing is known of <adio> here (did you mean 'audio'?)",
        ),
        (
            "sends: {audio: {a: <Audio>}}",
            "3:22: nothing is known of <Audio> here (did you mean 'audio'?)",
        ),
        ("sends: {audio: {a: [{b: x}]}}", "3:18: put <audio> where it stands in the message"),
        ("sends: {audio: {a: 'pcm,<audio>'}}", "3:22: <audio> has to be the whole text"),
        (
            "sends: {audio: {}}",
            "3:18: an example needs at least one key: every message is like this one",
        ),
        (
            "sends: {audio: [{a: <audio>}, {}]}",
            "3:33: an example needs at least one key: every message is like this one",
        ),
        ("sends: {audio: []}", "3:18: this list is empty: write at least one example"),
        (
            "sends: {audio: [[]]}",
            "3:19: expected an example of a message, such as {type: …}, or binary, found a list",
        ),
        (
            "sends: {audio: 16000}",
            "3:18: expected an example of a message, such as {type: …}, or binary, found '16000'",
        ),
        (
            "sends: {audio: base64}",
            "3:18: expected an example of a message, such as {type: …}, or binary, found 'base64'",
        ),
        (
            "sends: {audio: binary, text: [say]}",
            "3:33: expected an example of a message, such as {type: …}, found 'say'",
        ),
        (
            "sends: {audio: binary, text: binary}",
            "3:32: expected an example of a message, such as {type: …}, found 'binary'",
        ),
        (
            "sends: {audio: }",
            "3:18: expected an example of a message, such as {type: …}, or binary, found nothing",
        ),
        (
            "sends: {audio: binary, text: {a: b}}",
            "3:32: put <text> where it stands in the message",
        ),
        (
            "sends: {audio: binary, interrupt: {a: <heard_s>}}",
            "3:41: nothing is known of <heard_s> here (did you mean 'heard_ms'?)",
        ),
        (
            "sends: {audio: binary, tool_result: {a: <zzz>}}",
            "3:43: nothing is known of <zzz> here; possible: failed, id, result, result_text",
        ),
        (
            "sends: {audio: binary, tool_result: {a: {b: ['call <id>']}}}",
            "3:48: <id> has to be the whole text",
        ),
        (
            "sends: {audio: binary, user_turn_ended: {a: <text>}}",
            "3:47: nothing is known of <text> here: this message has no placeholder",
        ),
        (
            "sends: {audio: binary, key: {a: 007, b: <key>}}",
            "3:35: '007' starts with a zero: as a number it would lose it; put it in quotes to "
            "keep it as text",
        ),
    ],
)
def test_a_mistake_in_an_example_is_told_once_where_it_stands(line: str, mistake: str) -> None:
    assert mistakes(f"{HEAD}{RECEIVES}  {line}\n") == [mistake]


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        (
            "on_open: [{op: hello, id: <session>}]",
            "4:29: nothing is known of <session> here: this message has no placeholder",
        ),
        ("on_open: [hello]", "4:13: expected a message, such as {type: …}, found 'hello'"),
        ("on_open: {op: hello}", "4:12: expected a list, found a mapping"),
        (
            "replies: [{to: {a: <n>}, send: {b: <m>}}]",
            "4:38: nothing is known of <m> here; possible: n",
        ),
        (
            "replies: [{to: {a: <number>}, send: {b: <numbr>}}]",
            "4:43: nothing is known of <numbr> here (did you mean 'number'?)",
        ),
        (
            "replies: [{to: {}, send: {b: c}}]",
            "4:18: an example needs at least one key: every message is like this one",
        ),
        (
            "replies: [{to: [], send: {b: c}}]",
            "4:18: this list is empty: write at least one example",
        ),
        (
            "replies: [{to: ping, send: {b: c}}]",
            "4:18: expected an example of a message, such as {type: …}, found 'ping'",
        ),
        (
            "replies: [{to: {a: b}, send: pong}]",
            "4:32: expected a message, such as {type: …}, found 'pong'",
        ),
        ("replies: [{to: {a: b}}]", "4:13: 'send' is missing here"),
        ("replies: [{send: {a: b}}]", "4:13: 'to' is missing here"),
        (
            "replies: [{to: {a: b}, sent: {c: d}, send: {c: d}}]",
            "4:26: unknown key 'sent' (did you mean 'send'?)",
        ),
        ("replies: {to: {a: b}, send: {c: d}}", "4:12: expected a list, found a mapping"),
    ],
)
def test_a_mistake_in_what_is_sent_unasked_is_told_where_it_stands(line: str, mistake: str) -> None:
    assert mistakes(f"{HEAD}{SENDS}{RECEIVES}  {line}\n") == [mistake]
