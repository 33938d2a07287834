from __future__ import annotations

from voicetest.transports.unread import MOST_FRAGMENTS, MOST_UNREAD, Unread


def test_messages_are_taken_in_the_order_in_which_they_came() -> None:
    unread = Unread()
    unread.add("one")
    unread.begin(text=False)
    unread.add_frame(b"t", last=False)
    unread.add_frame(b"wo", last=True)
    assert len(unread) == 2
    assert [unread.take(), unread.take(), unread.take()] == ["one", b"two", None]


def test_a_message_is_there_when_its_last_frame_is() -> None:
    unread = Unread()
    unread.begin(text=True)
    for part in ("ü".encode()[:1], "ü".encode()[1:], b"\xff"):
        assert unread.take() is None
        unread.add_frame(part, last=False)
        assert unread.within_message
    unread.add_frame(b"", last=True)
    assert not unread.within_message
    assert unread.take() == "ü\N{REPLACEMENT CHARACTER}"


def test_too_many_messages_or_fragments_are_an_excess() -> None:
    unread = Unread()
    for _ in range(MOST_UNREAD):
        unread.add("")
    assert unread.excess(0) == ""
    unread.add("")
    assert unread.excess(0) == "it sends faster than can be read: over 10000 messages wait"
    unread = Unread()
    unread.begin(text=True)
    for _ in range(MOST_FRAGMENTS):
        unread.add_frame(b"", last=False)
    assert unread.excess(0) == ""
    unread.add_frame(b"", last=False)
    assert unread.excess(0) == "it sends a message of more than 4000 fragments"
    unread.release()


def test_memory_is_what_waits_here_and_beside() -> None:
    unread = Unread()
    unread.add(bytes(20 << 20))
    assert unread.excess(0) == ""
    assert "it sends faster than can be read: 33 MB wait" in unread.excess(13 << 20)
    assert unread.excess(0) == ""
    other = Unread()
    other.add(bytes(8 << 20))
    assert "the calls of this run together more than 24 MB" in other.excess(0)
    unread.take()
    assert other.excess(0) == ""
    other.release()
