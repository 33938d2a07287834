from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

from voicetest.transports.frames import whole_messages, wire_size, written

SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000]


def _frame(message: bytes | str) -> bytes:
    """As the package writes it at a server's end."""
    data = message.encode() if isinstance(message, str) else message
    kind = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
    return Frame(kind, data).serialize(mask=False)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [bytes, "ü".__mul__])
def test_what_is_written_is_read_by_the_package(size: int, make: type[bytes]) -> None:
    message = make(size)
    assert written(message, masked=False) == _frame(message)
    server = Protocol(SERVER, state=OPEN, max_size=None)
    server.receive_data(written(message, masked=True))
    (frame,) = server.events_received()
    assert isinstance(frame, Frame)
    data = bytes(frame.data)
    assert (data.decode() if frame.opcode is Opcode.TEXT else data) == message


def test_each_mask_is_another_one() -> None:
    assert len({written(bytes(20), masked=True) for _ in range(20)}) == 20


@pytest.mark.parametrize("size", SIZES)
def test_the_size_of_a_frame_is_that_of_the_package(size: int) -> None:
    assert wire_size(size) == len(_frame(bytes(size)))


MESSAGES = st.lists(st.text(max_size=200) | st.binary(max_size=400), max_size=6)
OTHERS = [
    b"",
    b"\x81",
    b"\x81\x05hell",
    b"\x81\x7e\x00",
    b"\x81\x7e\x00\x90" + bytes(0x8F),
    Frame(Opcode.PING, b"x").serialize(mask=False),
    Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=False),
    Frame(Opcode.TEXT, b"first", fin=False).serialize(mask=False),
    Frame(Opcode.CONT, b"last").serialize(mask=False),
    Frame(Opcode.TEXT, b"masked").serialize(mask=True),
    b"\xc1\x01a",
    _frame(bytes(65_536)),
]


@given(messages=MESSAGES, other=st.sampled_from(OTHERS))
def test_messages_are_read_up_to_the_first_thing_that_is_none(
    messages: list[bytes | str], other: bytes
) -> None:
    wire = b"".join(map(_frame, messages))
    assert whole_messages(wire + other) == (messages, len(wire))


def test_text_that_is_not_utf8_has_a_mark_in_it() -> None:
    assert whole_messages(b"\x81\x03a\xffb") == (["a\N{REPLACEMENT CHARACTER}b"], 5)
