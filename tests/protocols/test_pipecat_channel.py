from __future__ import annotations

import json

import pytest

from voicetest.errors import ProtocolError
from voicetest.events import AgentTurnEnded, Dtmf, Event, Hangup, Ping, Ready, Transcript
from voicetest.protocols.base import CannotSend, End
from voicetest.protocols.pipecat_channel import RENEGOTIATE, PipecatChannel


def _heard(event: Event, end: End) -> tuple[Event, ...]:
    """What the other end makes of an event that this end says."""
    (message,) = PipecatChannel(end).encode(event)
    return PipecatChannel(end.other).decode(message).events


@pytest.mark.parametrize("event", [Ping(""), Dtmf("5")])
def test_what_the_caller_says_is_understood(event: Event) -> None:
    assert _heard(event, End.CLIENT) == (event,)


@pytest.mark.parametrize("event", [RENEGOTIATE, AgentTurnEnded(), Transcript("agent", "Hello.")])
def test_what_the_bot_says_is_understood(event: Event) -> None:
    assert event in _heard(event, End.SERVER)


def test_a_bot_that_leaves_hangs_up() -> None:
    assert _heard(Hangup(), End.SERVER) == (Hangup(reason="the bot left"),)


@pytest.mark.parametrize("end", End)
@pytest.mark.parametrize("rtvi", [False, True])
def test_what_one_end_sends_the_other_receives(end: End, rtvi: bool) -> None:
    mine, theirs = PipecatChannel(end, rtvi=rtvi), PipecatChannel(end.other, rtvi=rtvi)
    assert mine.sends == theirs.receives - {Ready}


def test_the_caller_is_ready_first_and_the_bot_says_so_too() -> None:
    (ready,) = PipecatChannel(End.CLIENT).start()
    assert json.loads(ready)["type"] == "client-ready"
    decoded = PipecatChannel(End.SERVER).decode(ready)
    (answer,) = decoded.replies
    (event,) = PipecatChannel(End.CLIENT).decode(answer).events
    assert isinstance(event, Ready)


def test_a_bot_without_rtvi_is_told_nothing() -> None:
    channel = PipecatChannel(End.CLIENT, rtvi=False)
    assert channel.start() == ()
    assert channel.encode(Ping("")) == ("ping",)
    assert channel.decode('{"label":"rtvi-ai","type":"bot-ready","data":{}}').events == ()
    with pytest.raises(CannotSend):
        channel.encode(Dtmf("1"))


def test_a_signal_as_pipecat_writes_it() -> None:
    message = '{"type": "signalling", "message": {"type": "renegotiate"}}'
    assert PipecatChannel(End.CLIENT).decode(message).events == (RENEGOTIATE,)
    other = '{"type": "signalling", "message": {"type": "trackStatus", "enabled": true}}'
    assert PipecatChannel(End.CLIENT).decode(other).events == ()


def test_text_that_is_neither_json_nor_a_ping_is_refused() -> None:
    with pytest.raises(ProtocolError):
        PipecatChannel(End.CLIENT).decode("hello")
