from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicetest.protocols.alike import Alike

FRAME = '{"event": "media", "media": {"payload": "AAAA"}, "n": 1}'


def _learnt(message: str, written: str = "AAAA") -> Alike:
    alike = Alike()
    alike.learn(message, written)
    return alike


def test_what_is_like_a_message_is_its_sound() -> None:
    alike = _learnt(FRAME)
    assert alike.sound(FRAME.replace("AAAA", "f/9+")) == b"\x7f\xff\x7e"
    assert alike.sound(FRAME.replace("AAAA", "fw==")) == b"\x7f"


@pytest.mark.parametrize(
    "message",
    [
        "",
        '{"event": "media", "media": {"payload": "',
        FRAME.replace("AAAA", ""),
        FRAME.replace("AAAA", "AAA"),
        FRAME.replace("AAAA", "AA A"),
        FRAME.replace("AAAA", 'AAAA", "x": "AAAA'),
        FRAME.replace("AAAA", r"\u0041AAA"),
        FRAME.replace("AAAA", "AÄAA"),
        FRAME.replace('"n": 1', '"n": 2'),
        FRAME.replace('"media"', '"mark"', 1),
        " " + FRAME,
        FRAME + " ",
    ],
)
def test_any_other_message_is_not(message: str) -> None:
    assert _learnt(FRAME).sound(message) is None
    assert Alike().sound(message) is None


@pytest.mark.parametrize(
    "message",
    [
        '{"media": {"payload": "AAAA"}, "name": "AAAA"}',
        '{"name": "AAAA", "media": {"payload": "AAAA"}}',
        r'{"name": "AAAA", "media": {"payload": "\u0041AAA"}}',
        r'{"media": {"payload": "AAA\u0041"}}',
    ],
)
def test_nothing_is_learnt_where_it_is_not_sure_which_text_is_the_sound(message: str) -> None:
    assert _learnt(message).sound(message.replace("AAAA", "f/9+")) is None


def test_messages_that_are_never_alike_are_learnt_from_no_more() -> None:
    alike = Alike()
    for number in range(100):
        alike.learn(f'{{"n": {number}, "payload": "AAAA"}}', "AAAA")
    assert alike.sound('{"n": 99, "payload": "f/9+"}') is None


@given(
    rest=st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(), max_size=3),
    sounds=st.lists(st.binary(min_size=1, max_size=50), min_size=2, max_size=4),
)
def test_whatever_is_read_at_once_a_json_reader_reads_as_well(
    rest: dict[str, Any], sounds: list[bytes]
) -> None:
    written = [base64.b64encode(sound).decode() for sound in sounds]
    messages = [json.dumps({**rest, "payload": sound, "last": rest}) for sound in written]
    alike = _learnt(messages[0], written[0])
    for message in messages:
        sound = alike.sound(message)
        if sound is not None:
            assert base64.b64decode(json.loads(message)["payload"]) == sound
