"""Each segment of speech is told once, however it is published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

import pytest
from livekit import rtc

from voicetest.events import Event, Transcript, TranscriptDelta
from voicetest.links.livekit_reasons import agent_left, not_joined, room_left
from voicetest.links.livekit_words import RoomWords


def _segment(name: str, text: str, *, final: bool) -> rtc.TranscriptionSegment:
    return rtc.TranscriptionSegment(name, text, 0, 0, "en", final)


def test_packets_of_older_agents_are_told_when_they_are_final() -> None:
    said: list[Event] = []
    words = RoomWords(said.append, "caller")
    words.take_packet([_segment("1", "Hel", final=False)], "agent")
    words.take_packet([_segment("1", "Hello.", final=True)], "agent")
    words.take_packet([_segment("1", "Hello.", final=True)], "agent")
    words.take_packet([_segment("2", "Hi.", final=True)], "caller")
    assert said == [Transcript("agent", "Hello."), Transcript("user", "Hi.")]


def test_a_segment_that_is_told_anew_replaces_what_it_was() -> None:
    said: list[Event] = []
    words = RoomWords(said.append, "caller")
    words.take_packet([_segment("1", "Hello you.", final=True)], "agent")
    words.take_packet([_segment("1", "Hello.", final=True)], "agent")
    assert said[-1] == Transcript("agent", "Hello.", replaces="Hello you.")


def test_an_agent_that_leaves_has_hung_up_and_one_that_drops_out_has_not() -> None:
    assert agent_left(None).normal
    assert agent_left(rtc.DisconnectReason.CLIENT_INITIATED).normal
    dropped = agent_left(rtc.DisconnectReason.CONNECTION_TIMEOUT)
    assert not dropped.normal
    assert "CONNECTION_TIMEOUT" in dropped.reason
    assert "reason 99" in agent_left(99).reason


def test_a_room_that_somebody_closes_is_an_end_and_a_lost_server_is_an_error() -> None:
    assert room_left(rtc.DisconnectReason.ROOM_DELETED).normal
    assert not room_left(rtc.DisconnectReason.SERVER_SHUTDOWN).normal
    assert "leave 'identity' out" in room_left(rtc.DisconnectReason.DUPLICATE_IDENTITY).reason


def test_what_a_server_says_is_cut_to_a_line_and_shows_no_token() -> None:
    said = "engine: signal failure: 401 Unauthorized - invalid token: SECRET-JWT\n<html>"
    error = not_joined("wss://mine.example", "SECRET-JWT", said)
    assert str(error) == (
        "cannot join a room at wss://mine.example (signal failure: 401 Unauthorized - invalid "
        "token: ***): check LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or 'api_key' and 'api_secret'"
    )


@dataclass
class _Info:
    attributes: dict[str, str]
    stream_id: str = "s1"


class _Reader:
    """A stream of text as the package gives it."""

    def __init__(self, *pieces: str) -> None:
        self._pieces = pieces
        self.info = _Info({"lk.segment_id": "1"})

    async def __aiter__(self) -> AsyncIterator[str]:
        for piece in self._pieces:
            yield piece


def _read(*pieces: str) -> list[Event]:
    said: list[Event] = []
    words = RoomWords(said.append, "caller")
    asyncio.run(words.read(cast("rtc.TextStreamReader", _Reader(*pieces)), "agent"))
    return said


@pytest.mark.parametrize(
    "pieces",
    [
        ('{"text": "We are", "start_time": 0.1}\n', '{"text": " open.", "start_time": 0.4}\n'),
        ('{"text": "We are", "start_time": 0.1}\n{"text": " op', 'en."}'),
        ('{"te', 'xt": "We are"}\n{"text": " open.", "start_time": null}\n'),
    ],
)
def test_chunks_that_are_lines_of_json_are_told_as_their_words(pieces: tuple[str, ...]) -> None:
    assert _read(*pieces) == [
        TranscriptDelta("agent", "We are"),
        TranscriptDelta("agent", " open."),
        Transcript("agent", "We are open."),
    ]


@pytest.mark.parametrize(
    "pieces", [("We are", " open."), ("{not JSON", " at all"), ('["text"]', "\n"), ("{", "}")]
)
def test_words_that_are_no_lines_of_json_are_told_as_they_are(pieces: tuple[str, ...]) -> None:
    assert _read(*pieces)[-1] == Transcript("agent", "".join(pieces).strip())
