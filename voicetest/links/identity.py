"""Whether sound that arrives is what it is announced as."""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.audio.chunk import AudioChunk
from voicetest.audio.containers import container_of
from voicetest.audio.readings import Reading
from voicetest.events import Warned
from voicetest.links.arrival import Arrival
from voicetest.protocols.base import Unworkable

__all__ = ["Identity"]


_HEAD = 4_096
"""Bytes in which a file shows what it is."""


class Identity:
    """Looks at the sound of one line before it is converted; each thing is told once."""

    def __init__(self) -> None:
        self._reading = Reading()
        self._arrival = Arrival()
        self._head = b""
        """What came first: a file may come in small pieces."""

    def look(self, chunk: AudioChunk, now: float, *, paced: bool) -> Sequence[Warned]:
        """What is odd about a piece that arrived at `now`, in seconds on the clock of the loop.

        How fast it comes says something on a line that is `paced`. Raises Unworkable for a file
        in place of samples.
        """
        data = chunk.data
        container = None
        begins = len(self._head) < _HEAD
        if begins:
            self._head += data
            container = container_of(self._head)
        container = container or container_of(data, first=False)
        if container is not None:
            raise Unworkable(
                f"the agent sends {container} where samples of {chunk.format} are expected: send"
                " the samples alone, without a header"
            )
        read = self._reading.feed(data, chunk.format)
        pace = self._arrival.feed(chunk.duration, chunk.format.rate, now) if paced else None
        if read is None and pace is None:
            return ()
        return [Warned(words, unclean=True) for words in (read, pace) if words is not None]
