"""The data packets of a simulated room of LiveKit: text streams, keys, and calls of methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import uuid4

from google.protobuf.message import DecodeError
from livekit.protocol import models

from voicetest.events import Dtmf, Event, Text, ToolCalled, ToolResult

__all__ = ["PacketReader", "key_packet", "method_packet", "segment_packets"]

CHAT, TRANSCRIPTION = "lk.chat", "lk.transcription"
_KEYS = "0123456789*#ABCD"
_PATIENCE_MS = 30_000


class PacketReader:
    """Reads what a caller publishes."""

    def __init__(self) -> None:
        self._typed: dict[str, str] = {}
        """The chat messages that are not whole yet, by the id of their stream."""

    def read(self, message: bytes | str) -> Iterator[Event]:
        """What a packet means to an agent; most mean nothing."""
        try:
            packet = models.DataPacket.FromString(message if isinstance(message, bytes) else b"")
        except DecodeError:
            return
        match packet.WhichOneof("value"):
            case "sip_dtmf":
                yield Dtmf(packet.sip_dtmf.digit)
            case "stream_header" if packet.stream_header.topic == CHAT:
                inline = packet.stream_header.inline_content
                if inline:
                    yield Text(inline.decode())
                else:
                    self._typed[packet.stream_header.stream_id] = ""
            case "stream_chunk" if packet.stream_chunk.stream_id in self._typed:
                self._typed[packet.stream_chunk.stream_id] += packet.stream_chunk.content.decode()
            case "stream_trailer" if packet.stream_trailer.stream_id in self._typed:
                yield Text(self._typed.pop(packet.stream_trailer.stream_id))
            case "rpc_response":
                answer = packet.rpc_response
                failed = answer.HasField("error")
                content = answer.error.message if failed else answer.payload
                yield ToolResult(answer.request_id, content, failed)
            case _:
                pass


def segment_packets(
    speaker: str, text: str, segment: str, *, grows: bool
) -> Iterator[models.DataPacket]:
    """A segment of a transcript: word by word as agents speak it, or whole and final at once."""
    stream = uuid4().hex
    about = {
        "lk.segment_id": segment,
        "lk.transcription_final": "false" if grows else "true",
    }
    header = models.DataStream.Header(
        stream_id=stream,
        topic=TRANSCRIPTION,
        mime_type="text/plain",
        attributes=about,
        text_header=models.DataStream.TextHeader(),
    )
    yield _reliable(speaker, stream_header=header)
    words = text.split(" ") if grows else [text]
    for number, word in enumerate(words):
        content = word if number == len(words) - 1 else f"{word} "
        chunk = models.DataStream.Chunk(
            stream_id=stream, chunk_index=number, content=content.encode()
        )
        yield _reliable(speaker, stream_chunk=chunk)
    final: Mapping[str, str] = {"lk.transcription_final": "true"} if grows else {}
    trailer = models.DataStream.Trailer(stream_id=stream, attributes=final)
    yield _reliable(speaker, stream_trailer=trailer)


def method_packet(agent: str, call: ToolCalled) -> models.DataPacket:
    """A call of a method of the caller's."""
    request = models.RpcRequest(
        id=call.id,
        method=call.name,
        payload=call.arguments,
        response_timeout_ms=_PATIENCE_MS,
        version=1,
    )
    return _reliable(agent, rpc_request=request)


def key_packet(agent: str, key: str) -> models.DataPacket:
    """A key that the agent presses."""
    return _reliable(agent, sip_dtmf=models.SipDTMF(code=_KEYS.index(key), digit=key))


def _reliable(
    sender: str,
    *,
    stream_header: models.DataStream.Header | None = None,
    stream_chunk: models.DataStream.Chunk | None = None,
    stream_trailer: models.DataStream.Trailer | None = None,
    rpc_request: models.RpcRequest | None = None,
    sip_dtmf: models.SipDTMF | None = None,
) -> models.DataPacket:
    return models.DataPacket(
        kind=models.DataPacket.RELIABLE,
        participant_identity=sender,
        stream_header=stream_header,
        stream_chunk=stream_chunk,
        stream_trailer=stream_trailer,
        rpc_request=rpc_request,
        sip_dtmf=sip_dtmf,
    )
