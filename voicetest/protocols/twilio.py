"""Twilio's Media Streams: the telephone network at one end, the agent's server at the other.

Wire facts: Twilio, "Media Streams - WebSocket Messages". The end that opens the socket is the
telephone's; Pipecat and many other servers speak the agent's end.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import (
    Audio,
    Cleared,
    Dtmf,
    Event,
    Hangup,
    Ignored,
    Mark,
    Ready,
    UserTurnEnded,
)
from voicetest.protocols.alike import Alike
from voicetest.protocols.base import CannotSend, Decoded, End, require
from voicetest.protocols.example import compact, object_in, parse_object, quoted
from voicetest.protocols.shape import shape_of
from voicetest.protocols.words import sound_bytes, sound_text

__all__ = ["SIMULATED_ACCOUNT", "TELEPHONE", "MediaStream", "Started"]

Message: TypeAlias = bytes | str
Events: TypeAlias = frozenset[type[Event]]

TELEPHONE = AudioFormat(Encoding.MULAW, 8_000)
"""What a media stream carries, both ways."""
SIMULATED_ACCOUNT = ("AC" + "0" * 32, "simulated")
"""The SID of the account of a simulated telephone network, and its token, which is no secret."""
UTTERANCE_END = "utterance_end"
"""The mark by which a server that knows of it learns that the user has finished."""
_OF_CALLER: Events = frozenset({Audio, Dtmf, Mark, Hangup})
_OF_AGENT: Events = frozenset({Audio, Mark, Cleared})


@dataclass(frozen=True)
class Started:
    """What the telephone says of a stream when it begins."""

    stream_sid: str
    call_sid: str
    account_sid: str
    parameters: Mapping[str, str]


class MediaStream:
    """One stream; the telephone's end is `End.CLIENT`.

    `utterance_ends` says the end of each turn of the user by a mark, which is no word of Twilio's;
    `binary` accepts samples in binary messages from a server that is not strict.
    """

    continuous = True
    hears_between_turns = True
    jitter_s = 0.06
    speaks = TELEPHONE
    hears = TELEPHONE

    def __init__(
        self,
        end: End,
        *,
        stream_sid: str | None = None,
        call_sid: str | None = None,
        account_sid: str | None = None,
        parameters: Mapping[str, str] | None = None,
        tracks: Sequence[str] = ("inbound",),
        utterance_ends: bool = False,
        binary: bool = False,
        paced: bool = False,
    ) -> None:
        """SIDs are random where none is given; at the server's end they come from the stream."""
        self.end = end
        self.paced = paced
        of_caller = _OF_CALLER | {UserTurnEnded} if utterance_ends else _OF_CALLER
        self.sends = of_caller if end is End.CLIENT else _OF_AGENT
        self.receives = _OF_AGENT if end is End.CLIENT else of_caller | {Ready}
        self._stream = _random("MZ") if stream_sid is None else stream_sid
        """At the server's end set by the stream's first messages."""
        self._stream_text = compact(self._stream)
        """The same as it is written."""
        self._call = call_sid or _random("CA")
        self._account = account_sid or _random("AC")
        self._tracks = list(tracks)
        self._parameters = dict(parameters or {})
        self._utterance_ends = utterance_ends
        self._binary = binary
        self._open = end is End.CLIENT
        """Set at the server's end by `start`."""
        self._sequence = 0
        """Messages sent that carry a number."""
        self._chunks = {"inbound": 0, "outbound": 0}
        """Messages with sound that were sent, by track."""
        self._sent_frames = {"inbound": 0, "outbound": 0}
        """Samples that were sent, by track."""
        self._alike = Alike()
        self.started: Started | None = None
        """Set at the server's end when the stream begins."""

    def start(self) -> Sequence[Message]:
        """`connected` and `start`, from the telephone's end."""
        if self.end is End.SERVER:
            return ()
        start = {
            "accountSid": self._account,
            "streamSid": self._stream,
            "callSid": self._call,
            "tracks": self._tracks,
            "customParameters": self._parameters,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8_000, "channels": 1},
        }
        connected = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        return (compact(connected), self._numbered("start", start))

    def encode(self, event: Event) -> Sequence[Message]:
        """One message, none for empty sound; raises CannotSend for an event outside `sends`.

        The server's end can say nothing before it knows the stream: CannotSend as well.
        """
        require(event, self.sends)
        if not self._open:
            raise CannotSend("the stream has not started")
        match event:
            case Audio(chunk):
                return self._media(chunk.data) if chunk.data else ()
            case Mark(name):
                return (self._say("mark", {"name": name}),)
            case UserTurnEnded():
                return (self._say("mark", {"name": UTTERANCE_END}),)
            case Dtmf(key):
                return (self._say("dtmf", {"track": "inbound_track", "digit": key}),)
            case Hangup():
                return (self._say("stop", {"accountSid": self._account, "callSid": self._call}),)
            case _:
                return (compact({"event": "clear", "streamSid": self._stream}),)

    def _say(self, event: str, fields: Mapping[str, Any]) -> Message:
        if self.end is End.CLIENT:
            return self._numbered(event, fields)
        return compact({"event": event, "streamSid": self._stream, event: fields})

    def _numbered(self, event: str, fields: Mapping[str, Any]) -> Message:
        self._sequence += 1
        numbered = {"event": event, "sequenceNumber": str(self._sequence)}
        return compact({**numbered, "streamSid": self._stream, event: fields})

    def outbound(self, chunk: AudioChunk) -> Sequence[Message]:
        """Sound of the call's other direction, which only a telephone that listens in sends."""
        return self._media(chunk.data, "outbound") if chunk.data else ()

    def _media(self, data: bytes, track: str = "inbound") -> Sequence[Message]:
        """Written without a JSON encoder, which would take longer than all the rest."""
        payload = sound_text(data)
        if self.end is End.SERVER:
            return (
                f'{{"event":"media","streamSid":{self._stream_text},'
                f'"media":{{"payload":"{payload}"}}}}',
            )
        self._sequence += 1
        self._chunks[track] += 1
        timestamp = self._sent_frames[track] * 1_000 // TELEPHONE.rate
        self._sent_frames[track] += len(data)
        return (
            f'{{"event":"media","sequenceNumber":"{self._sequence}","streamSid":{self._stream_text}'
            f',"media":{{"track":"{track}","chunk":"{self._chunks[track]}",'
            f'"timestamp":"{timestamp}","payload":"{payload}"}}}}',
        )

    def decode(self, message: Message) -> Decoded[Message]:
        """What one message says; raises ProtocolError for one that Twilio would not send or take.

        Binary messages are sound where they are accepted at all.
        """
        sound = self._alike.sound(message) if isinstance(message, str) else None
        if sound is not None:
            return Decoded((Audio(AudioChunk(sound, TELEPHONE)),))
        value = object_in(message) if isinstance(message, bytes) else parse_object(message)
        if value is None and isinstance(message, bytes) and self._binary:
            return Decoded((Audio(AudioChunk(message, TELEPHONE)),) if message else ())
        if value is None:
            value = parse_object(message)
        event = value.get("event")
        if not isinstance(event, str):
            return Decoded((Ignored(shape_of(value), "have no 'event'"),))
        if event == "start" and self.end is End.SERVER:
            return Decoded((self._begin(value),))
        stream = value.get("streamSid")
        if event != "connected" and (not self._open or stream != self._stream):
            wanted = quoted(self._stream) if self._open else "'start'"
            raise ProtocolError(
                f"the peer sent {quoted(event)} for {_stream_shown(stream)} where {wanted} is "
                "expected"
            )
        meaning = tuple(self._meaning(event, value))
        if event == "media" and meaning and isinstance(message, str):
            self._alike.learn(message, value["media"]["payload"])
        return Decoded(meaning)

    def _begin(self, value: Mapping[str, Any]) -> Ready:
        start = _part(value, "start")
        stream, call = start.get("streamSid", value.get("streamSid")), start.get("callSid")
        if not isinstance(stream, str) or not isinstance(call, str):
            raise ProtocolError("the peer's 'start' has no streamSid and callSid")
        if self._open:
            same = (stream, call) == (self._stream, self._call)
            raise ProtocolError(
                f"the peer sent a second 'start'{'' if same else ', of another stream'}"
            )
        self._open, self._stream, self._call = True, stream, call
        self._stream_text = compact(stream)
        given = start.get("customParameters")
        parameters = {
            name: text
            for name, text in (given if isinstance(given, dict) else {}).items()
            if isinstance(text, str)
        }
        self.started = Started(stream, call, str(start.get("accountSid", "")), parameters)
        return Ready(stream, TELEPHONE, TELEPHONE)

    def _meaning(self, event: str, value: Mapping[str, Any]) -> Sequence[Event]:
        match event:
            case "media":
                media = _part(value, "media")
                data = sound_bytes(media.get("payload"))
                # Only the telephone has tracks; an agent's media are all to be played.
                of_user = self.end is End.CLIENT or media.get("track", "inbound") == "inbound"
                return (Audio(AudioChunk(data, TELEPHONE)),) if data and of_user else ()
            case "mark":
                name = _text(value, "mark", "name")
                if self.end is End.SERVER and self._utterance_ends and name == UTTERANCE_END:
                    return (UserTurnEnded(),)
                return (Mark(name),)
            case "clear" if self.end is End.CLIENT:
                return (Cleared(),)
            case "dtmf" if self.end is End.SERVER:
                return (Dtmf(_text(value, "dtmf", "digit")),)
            case "stop" if self.end is End.SERVER:
                return (Hangup(),)
            case "connected" if self.end is End.SERVER:
                return ()
            case _:
                return (Ignored(shape_of(value), f"are none that {self._sender} sends"),)

    @property
    def _sender(self) -> str:
        return "an agent on a media stream" if self.end is End.CLIENT else "Twilio"


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = value.get(name)
    if not isinstance(part, dict):
        raise ProtocolError(f"the peer sent '{name}' without its fields")
    return part


def _text(value: Mapping[str, Any], name: str, key: str) -> str:
    text = _part(value, name).get(key)
    if not isinstance(text, str):
        raise ProtocolError(f"the peer sent '{name}' without a text as its '{key}'")
    return text


def _stream_shown(stream: object) -> str:
    return quoted(stream) if isinstance(stream, str) else "no stream"


def _random(prefix: str) -> str:
    return prefix + secrets.token_hex(16)
