"""Documents are read as Twilio's own SDK writes them."""

from __future__ import annotations

import pytest
from twilio.twiml.voice_response import VoiceResponse

from voicetest.simulators.twilio_twiml import TwimlError, verbs_of
from voicetest.simulators.twilio_verbs import (
    Connect,
    Dial,
    Hangup,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    Start,
    Stop,
    StreamWanted,
)

STREAM = {"url": "wss://a.example/s", "status_callback": "https://a.example/t", "name": "n"}


def test_every_verb_is_read() -> None:
    response = VoiceResponse()
    response.say("Hello,\n  you & I", voice="Polly.Joanna")
    response.pause(length=2)
    response.play(digits="1w2#")
    response.connect().stream(**STREAM).parameter(name="run", value="r1")
    response.start().stream(url="wss://a.example/s", track="both_tracks")
    response.stop().stream(name="n")
    response.dial("+15550100150", caller_id="+15550100001", timeout=5, time_limit=7)
    response.dial().number("+15550100150")
    response.redirect("/more", method="GET")
    response.reject(reason="busy")
    response.hangup()
    wanted = StreamWanted(
        "wss://a.example/s", "n", callback="https://a.example/t", parameters={"run": "r1"}
    )
    assert verbs_of(str(response)) == [
        Say("Hello, you & I"),
        Pause(2),
        Play("1w2#"),
        Connect(wanted),
        Start(StreamWanted("wss://a.example/s", track="both_tracks")),
        Stop("n"),
        Dial("+15550100150", "+15550100001", 5, 7),
        Dial("+15550100150", "", 30, 14_400),
        Redirect("/more", "GET"),
        Reject("busy"),
        Hangup(),
    ]
    assert verbs_of("<Response/>") == []


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("", "no XML"),
        ("<Response><Say>", "no XML"),
        ("<Say>Hello</Say>", "not a <Response>"),
        ("<Response><say>Hello</say></Response>", "no verb"),
        ("<Response><Pause length='-1'/></Response>", "no number"),
        ("<Response><Pause length='²'/></Response>", "no number"),
        ("<Response><Play>https://a.example/a.wav</Play></Response>", "only its digits"),
        ("<Response><Play digits='12x'/></Response>", "no keys"),
        ("<Response><Reject reason='tired'/></Response>", "reason"),
        ("<Response><Connect><Room>a</Room></Connect></Response>", "one <Stream>"),
        ("<Response><Connect/></Response>", "one <Stream>"),
        ("<Response><Dial/></Response>", "one <Number>"),
        ("<Response><Start><Stream track='all'/></Start></Response>", "track"),
        ("<Response><Connect><Stream track='both_tracks'/></Connect></Response>", "inbound"),
        ("<Response><Start><Stream><Say/></Stream></Start></Response>", "Parameter"),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><Response/>", "document type"),
        ("<Response>" + "<a>" * 40 + "</a>" * 40 + "</Response>", "too deeply"),
        (f"<Response>{' ' * 70_000}</Response>", "bytes"),
    ],
)
def test_what_cannot_be_followed_is_said(document: str, why: str) -> None:
    with pytest.raises(TwimlError, match=why):
        verbs_of(document)


def test_entities_do_not_grow() -> None:
    bomb = '<!DOCTYPE b [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><Response><Say>&b;</Say></Response>'
    with pytest.raises(TwimlError, match="document type"):
        verbs_of(bomb)
