"""The transcripts of a room of LiveKit: streams of text, or the data packets of older agents."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence

from livekit import rtc

from voicetest.events import Event, Party, Transcript, TranscriptDelta
from voicetest.protocols.json_text import read_json

__all__ = ["TOPIC", "RoomWords"]

TOPIC = "lk.transcription"
LONGEST_SEGMENT = 100_000
"""Characters of one stream that are taken in."""
_FINAL = "lk.transcription_final"
_SEGMENT = "lk.segment_id"


class RoomWords:
    """Turns what is published about speech into events, each segment once.

    Agents publish their own words as they go, one stream a segment; the user's come as one stream
    for each guess, of which the last is final.
    """

    def __init__(self, say: Callable[[Event], None], caller: str) -> None:
        """`caller` is the identity whose words are the user's."""
        self._say = say
        self._caller = caller
        self._told: dict[str, str] = {}
        """The text of each segment that was told, by its id."""
        self._streams = False
        """Set by the first stream: the packets beside it say the same."""

    async def read(self, reader: rtc.TextStreamReader, speaker: str) -> None:
        """Take in one stream, until it ends or breaks off."""
        self._streams = True
        by: Party = "user" if speaker == self._caller else "agent"
        text = ""
        try:
            async for words in _words(reader):
                text += words
                if len(text) > LONGEST_SEGMENT:
                    break  # nobody says so much in a breath
                if words and by == "agent":
                    self._say(TranscriptDelta(by, words))
        except rtc.StreamError:
            pass  # what came before the connection was lost has been said
        about = reader.info.attributes or {}
        # An agent's stream is the segment itself, so its end is the segment's.
        if text.strip() and (by == "agent" or about.get(_FINAL) == "true"):
            self._tell(by, about.get(_SEGMENT, reader.info.stream_id), text.strip())

    def take_packet(
        self, segments: Sequence[rtc.TranscriptionSegment], speaker: str | None
    ) -> None:
        """Take in what an agent without streams publishes."""
        if self._streams:
            return
        by: Party = "user" if speaker == self._caller else "agent"
        for segment in segments:
            if segment.final and segment.text.strip():
                self._tell(by, segment.id, segment.text.strip())

    def _tell(self, by: Party, segment: str, text: str) -> None:
        earlier = self._told.get(segment)
        self._told[segment] = text
        if earlier != text:
            self._say(Transcript(by, text, replaces=earlier))


async def _words(pieces: AsyncIterable[str]) -> AsyncGenerator[str, None]:
    """The words of a stream: its pieces, or the texts of its lines where those are JSON objects.

    Agents with `TextOutputOptions(json_format=True)` (livekit-agents 1.8.9) send each chunk as a
    line `{"text": …, "start_time": …}`.
    """
    rest = ""
    lines = False
    async for piece in pieces:
        rest += piece
        lines = lines or _text_of(rest.partition("\n")[0]) is not None
        if not lines and not rest.lstrip().startswith("{"):
            yield rest
            rest = ""
        if len(rest) > LONGEST_SEGMENT:
            return
        while lines and "\n" in rest:
            line, _, rest = rest.partition("\n")
            yield _said(line)
    if rest:
        yield _said(rest)


def _said(line: str) -> str:
    """The text of a line; what is no JSON object was said as it is."""
    found = _text_of(line)
    return line if found is None else found


def _text_of(line: str) -> str | None:
    """What stands as the text in a line that is a JSON object; None for anything else."""
    try:
        found = read_json(line)
    except ValueError:
        return None
    text = found.get("text") if isinstance(found, dict) else None
    return text if isinstance(text, str) else None
