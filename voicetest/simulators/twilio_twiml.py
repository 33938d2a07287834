"""TwiML: what a call does, verb by verb.

Verbs and nouns as in Twilio's "TwiML for Programmable Voice"; attributes that change nothing that
can be heard here are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from voicetest.audio.dtmf import KEYS, WAIT
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
    Verb,
)

__all__ = ["LARGEST", "TwimlError", "verbs_of"]

LARGEST = 65_536
"""Bytes of a document (Twilio, error 11750)."""
UNREADABLE = 12_100
"""Twilio's code for a document that cannot be parsed."""
_DEEPEST = 16
_TRACKS = frozenset({"inbound_track", "outbound_track", "both_tracks"})


class TwimlError(Exception):
    """A document that cannot be followed; `code` is Twilio's."""

    def __init__(self, message: str, code: int = UNREADABLE) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class _Element:
    name: str
    attributes: Mapping[str, str]
    children: list[_Element] = field(default_factory=list)
    text: str = ""
    """What stands in it outside of its children; grows while it is read."""

    def number(self, name: str, default: float) -> float:
        """An attribute in whole seconds, not below zero."""
        written = self.attributes.get(name, "")
        if not written:
            return default
        if not (written.isascii() and written.isdecimal()):
            raise TwimlError(f"<{self.name}> has {name}={written!r}, which is no number")
        return float(written)


def verbs_of(document: str) -> Sequence[Verb]:
    """The verbs of a document, in order; raises TwimlError."""
    root = _read(document)
    if root.name != "Response":
        raise TwimlError(f"the document is a <{root.name}>, not a <Response>")
    verbs: list[Verb] = []
    for element in root.children:
        make = _VERBS.get(element.name)
        if make is None:
            raise TwimlError(f"<{element.name}> is no verb that is simulated")
        verbs.append(make(element))
    return verbs


def _read(document: str) -> _Element:
    if len(document.encode()) > LARGEST:
        raise TwimlError(f"the document has more than {LARGEST} bytes", 11_750)
    top = _Element("", {})
    open_ones = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_ones) > _DEEPEST:
            raise TwimlError("the document is nested too deeply")
        element = _Element(name, attributes)
        open_ones[-1].children.append(element)
        open_ones.append(element)

    def end(name: str) -> None:
        open_ones.pop()

    def text(data: str) -> None:
        open_ones[-1].text += data

    def refuse(*declaration: object) -> None:
        raise TwimlError("a document type is not allowed")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    # Without a document type there are no entities either, and so none that grow.
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise TwimlError(f"the document is no XML: {error}") from error
    return top.children[0]


def _say(element: _Element) -> Verb:
    return Say(" ".join(element.text.split()))


def _pause(element: _Element) -> Verb:
    return Pause(element.number("length", 1.0))


def _play(element: _Element) -> Verb:
    digits = element.attributes.get("digits", "")
    if not digits or element.text.strip():
        raise TwimlError("of <Play> only its digits are simulated")
    if set(digits) - set(KEYS + WAIT):
        raise TwimlError(f"<Play> has digits={digits!r}, which are no keys")
    return Play(digits)


def _connect(element: _Element) -> Verb:
    stream = _stream(element)
    if stream.track != "inbound_track":
        raise TwimlError("a <Stream> in <Connect> has the inbound track only", 31_941)
    return Connect(stream)


def _start(element: _Element) -> Verb:
    return Start(_stream(element))


def _stop(element: _Element) -> Verb:
    return Stop(_only(element, "Stream").attributes.get("name", ""))


def _stream(element: _Element) -> StreamWanted:
    stream = _only(element, "Stream")
    given = stream.attributes
    track = given.get("track", "inbound_track")
    if track not in _TRACKS:
        raise TwimlError(f"<Stream> has track={track!r}", 31_941)
    parameters: dict[str, str] = {}
    for child in stream.children:
        if child.name != "Parameter" or "name" not in child.attributes:
            raise TwimlError("a <Stream> holds <Parameter name='…' value='…'/> only")
        parameters[child.attributes["name"]] = child.attributes.get("value", "")
    return StreamWanted(
        given.get("url", ""),
        given.get("name", ""),
        track,
        given.get("statusCallback", ""),
        given.get("statusCallbackMethod", "POST"),
        parameters,
    )


def _dial(element: _Element) -> Verb:
    number = element.text.strip()
    if not number:
        number = _only(element, "Number").text.strip()
    return Dial(
        number,
        element.attributes.get("callerId", ""),
        element.number("timeout", 30.0),
        element.number("timeLimit", 4 * 3_600.0),
    )


def _reject(element: _Element) -> Verb:
    reason = element.attributes.get("reason", "rejected")
    if reason not in ("rejected", "busy"):
        raise TwimlError(f"<Reject> has reason={reason!r}")
    return Reject(reason)


def _hangup(element: _Element) -> Verb:
    return Hangup()


def _redirect(element: _Element) -> Verb:
    return Redirect(element.text.strip(), element.attributes.get("method", "POST"))


def _only(element: _Element, name: str) -> _Element:
    match element.children:
        case [only] if only.name == name:
            return only
        case _:
            raise TwimlError(f"<{element.name}> is simulated with one <{name}> only")


_VERBS: Mapping[str, Callable[[_Element], Verb]] = {
    "Say": _say,
    "Pause": _pause,
    "Play": _play,
    "Connect": _connect,
    "Start": _start,
    "Stop": _stop,
    "Dial": _dial,
    "Reject": _reject,
    "Hangup": _hangup,
    "Redirect": _redirect,
}
