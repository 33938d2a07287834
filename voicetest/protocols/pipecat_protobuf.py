"""Pipecat's protobuf frames over a WebSocket: sound both ways, and RTVI messages beside it.

Facts are those of `ProtobufFrameSerializer` and `FastAPIWebsocketTransport` of pipecat-ai 1.14.0.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from voicetest.audio.chunk import AudioChunk, AudioFormat, Encoding
from voicetest.errors import ProtocolError
from voicetest.events import Audio, Cleared, Event, Ignored, Interrupted
from voicetest.protocols.base import Decoded, End, require
from voicetest.protocols.framing import whole_samples
from voicetest.protocols.json_text import read_json
from voicetest.protocols.protobuf import Value, read_fields, write_fields
from voicetest.protocols.rtvi import Rtvi
from voicetest.protocols.shape import shape_of

__all__ = ["PipecatProtobuf"]

Message: TypeAlias = bytes | str
Json: TypeAlias = dict[str, Any]
Events: TypeAlias = frozenset[type[Event]]

# The numbers of the oneof in `message Frame` of pipecat/frames/frames.proto.
_AUDIO, _MESSAGE, _INTERRUPTION = 2, 4, 5
_KINDS = {
    1: "text",
    _AUDIO: "audio",
    3: "transcription",
    _MESSAGE: "message",
    _INTERRUPTION: "interruption",
}
# Of its AudioRawFrame and MessageFrame.
_SAMPLES, _RATE, _CHANNELS = 3, 4, 5
_JSON = 1

_OUTPUT_RATE = 24_000
"""Hertz; what a bot sends unless its pipeline says otherwise."""

_FROM_CLIENT: Events = frozenset({Audio, Interrupted})
_FROM_BOT: Events = frozenset({Audio, Cleared})


class PipecatProtobuf:
    """One connection; every piece of sound says its own rate, so `speaks` is only the usual one."""

    jitter_s = 0.06
    hears_between_turns = True

    def __init__(
        self, end: End, rate: int = 16_000, *, rtvi: bool = True, paced: bool = False
    ) -> None:
        """`rate` hertz is what the bot's pipeline takes in; without `rtvi` only sound is heard.

        Bots send in real time, but some 40 to 80 ms ahead of it and with a rest of up to 2 s at
        the end, so what comes is best played in order, as it is unless `paced`.
        """
        self.end = end
        self.speaks = AudioFormat(Encoding.PCM16, _OUTPUT_RATE)
        self.hears = AudioFormat(Encoding.PCM16, rate)
        self.paced = paced
        self.continuous = True
        self._rtvi = Rtvi(end, self.speaks, self.hears) if rtvi else None
        sends, receives = (
            (_FROM_CLIENT, _FROM_BOT) if end is End.CLIENT else (_FROM_BOT, _FROM_CLIENT)
        )
        self.sends: Events = sends | self._rtvi.sends if self._rtvi else sends
        self.receives: Events = receives | self._rtvi.receives if self._rtvi else receives

    def start(self) -> Sequence[Message]:
        """With RTVI the client says that it is ready."""
        return _written(self._rtvi.start()) if self._rtvi else ()

    def encode(self, event: Event) -> Sequence[Message]:
        """The frames that say `event`; raises CannotSend for an event outside `sends`."""
        require(event, self.sends)
        match event:
            case Audio(chunk):
                return (_sound(chunk),) if chunk.data else ()
            case Interrupted() | Cleared():
                stop = write_fields([(_INTERRUPTION, b"")])
                # A bot says it twice, as a frame and as a message.
                also = self._rtvi.encode(event) if self._rtvi and isinstance(event, Cleared) else ()
                return (stop, *_written(also))
            case _ if self._rtvi:
                return _written(self._rtvi.encode(event))
            case _:
                return ()

    def decode(self, message: Message) -> Decoded[Message]:
        """What one binary message means; raises ProtocolError for one that is no frame."""
        if isinstance(message, str):
            raise ProtocolError(
                f"the peer sent the text {message[:60]!r} where Pipecat's protobuf frames are "
                "binary: does the bot use another serializer?"
            )
        kind, body = _frame(message)
        match kind:
            case "audio":
                return Decoded((Audio(_chunk(body)),))
            case "message" if self._rtvi:
                return self._read(self._rtvi, body)
            case "interruption":
                stop = Cleared() if self.end is End.CLIENT else Interrupted()
                return Decoded((stop,))
            case _:
                return Decoded()

    def _read(self, rtvi: Rtvi, body: bytes) -> Decoded[Message]:
        message = _json(body)
        decoded = rtvi.decode(message)
        if not decoded.events and not decoded.replies:
            return Decoded((Ignored(shape_of(message), known=True),))
        # The frame of an interruption has said it already.
        events = tuple(event for event in decoded.events if not isinstance(event, Cleared))
        return Decoded(events, tuple(_written(decoded.replies)))


def _written(messages: Sequence[Json]) -> Sequence[Message]:
    return tuple(
        write_fields([(_MESSAGE, write_fields([(_JSON, json.dumps(message).encode())]))])
        for message in messages
    )


def _sound(chunk: AudioChunk) -> bytes:
    wire = chunk.format
    fields: list[tuple[int, Value]] = [
        (_SAMPLES, chunk.data),
        (_RATE, wire.rate),
        (_CHANNELS, wire.channels),
    ]
    return write_fields([(_AUDIO, write_fields(fields))])


def _frame(message: bytes) -> tuple[str, bytes]:
    """The kind of a frame and its own fields; a kind that is not known is the empty name."""
    kind, body = "", b""
    for number, value in read_fields(message):
        if number in _KINDS:
            kind, body = _KINDS[number], _bytes(value, "a frame")
    return kind, body


def _chunk(body: bytes) -> AudioChunk:
    fields = dict(read_fields(body))
    rate, channels = fields.get(_RATE), fields.get(_CHANNELS)
    if not isinstance(rate, int) or not isinstance(channels, int) or not rate or not channels:
        raise ProtocolError(f"a frame of sound says rate {rate!r} and channels {channels!r}")
    data = _bytes(fields.get(_SAMPLES, b""), "the sound of a frame")
    return whole_samples(data, AudioFormat(Encoding.PCM16, rate, channels))


def _json(body: bytes) -> Any:
    data = _bytes(dict(read_fields(body)).get(_JSON, b""), "the data of a message frame")
    try:
        return read_json(data)
    except ValueError as error:
        raise ProtocolError(f"a message frame holds no JSON: {data[:60]!r}") from error


def _bytes(value: Value, what: str) -> bytes:
    if isinstance(value, bytes):
        return value
    raise ProtocolError(f"not a protobuf frame of Pipecat: {what} is the number {value}")
