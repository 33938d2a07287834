"""Whether sound that arrives is what it is announced as."""

from __future__ import annotations

from collections.abc import Iterator

from voicetest.audio.chunk import AudioChunk
from voicetest.audio.containers import container_of
from voicetest.audio.readings import Reading
from voicetest.events import Warned
from voicetest.links.arrival import Arrival
from voicetest.protocols.base import Unworkable

__all__ = ["Identity"]


class Identity:
    """Looks at the sound of one line before it is converted; each thing is told once."""

    def __init__(self) -> None:
        self._reading = Reading()
        self._arrival = Arrival()
        self._first = True
        """Set until sound has arrived."""

    def look(self, chunk: AudioChunk, now: float, *, paced: bool) -> Iterator[Warned]:
        """What is odd about a piece that arrived at `now`, in seconds on the clock of the loop.

        How fast it comes says something on a line that is `paced`. Raises Unworkable for a file
        in place of samples.
        """
        container = container_of(chunk.data, first=self._first)
        if container is not None:
            raise Unworkable(
                f"the agent sends {container} where samples of {chunk.format} are expected: send"
                " the samples alone, without a header"
            )
        self._first = self._first and not chunk.data
        told = [self._reading.feed(chunk.data, chunk.format)]
        if paced:
            told.append(self._arrival.feed(chunk.duration, chunk.format.rate, now))
        yield from (Warned(message, unclean=True) for message in told if message is not None)
