"""The agent's sound from its arrival to what the user hears; worked off in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from voicetest.audio.chunk import INTERNAL, AudioChunk, AudioFormat, Samples
from voicetest.call.microphone import FRAME
from voicetest.call.playout import Playout
from voicetest.links.conversion import Converter

__all__ = ["Downlink", "Heard"]


@dataclass(frozen=True)
class Heard:
    """Frames that are over, int16 of equal shape (n,) at 24 kHz, n a multiple of 20 ms."""

    user: Samples
    agent: Samples


class Downlink:
    """Keeps what arrives in the order in which it came, between the frames of the user.

    What is heard of it does not depend on when it is worked off, so that may wait: a second of
    sound costs a fraction of its fifty frames. Positions are samples at 24 kHz.
    """

    def __init__(
        self,
        playout: Playout,
        changed: Callable[[Samples], Samples] | None,
        pushed: Callable[[int], None],
    ) -> None:
        """`changed` is what a bad line makes of each frame, if it makes anything of it.

        `pushed` is told of each piece that went into playout, by the position of its arrival.
        """
        self._playout = playout
        self._changed = changed
        self._pushed = pushed
        self._converter = Converter(INTERNAL)
        self._log: list[tuple[AudioChunk, int] | Samples] = []
        """Pieces with the position of their arrival, and frames of the user that are over."""
        self._frames = 0
        """How many frames were worked off."""
        self.behind = 0
        """How many frames are over and were not worked off yet."""
        self.waiting = 0
        """Samples that arrived and were not worked off yet."""

    def arrive(self, chunk: AudioChunk, at: int) -> None:
        """Sound arrived at position `at`."""
        self._log.append((chunk, at))
        self.waiting += round(chunk.duration * INTERNAL.rate)

    def frame_over(self, user: Samples) -> None:
        """20 ms are over in which this could be heard of the user."""
        self._log.append(user)
        self.behind += 1

    def catch_up(self) -> Heard | None:
        """What was heard in the frames that are over; None if there are no new ones."""
        log, self._log = self._log, []
        users: list[Samples] = []
        agents: list[Samples] = []
        sound = self._converted([entry[0] for entry in log if isinstance(entry, tuple)])
        for entry in log:
            if isinstance(entry, tuple):
                self._playout.push(next(sound), entry[1])
                self._pushed(entry[1])
                continue
            users.append(entry)
            agents.append(self._frame())
        self.behind = self.waiting = 0
        return Heard(np.concatenate(users), np.concatenate(agents)) if users else None

    def _frame(self) -> Samples:
        heard = self._playout.render(self._frames * FRAME, FRAME)
        self._frames += 1
        return heard if self._changed is None else self._changed(heard)

    def _converted(self, chunks: list[AudioChunk]) -> Iterator[Samples]:
        """Each chunk at 24 kHz; those of a rate that divides evenly are converted in one go."""
        while chunks:
            first = chunks[0].format
            same = 1
            if _divides(chunks[0], first):
                while same < len(chunks) and _divides(chunks[same], first):
                    same += 1
            yield from self._in_one_go(chunks[:same])
            chunks = chunks[same:]

    def _in_one_go(self, chunks: list[AudioChunk]) -> Iterator[Samples]:
        if len(chunks) == 1:
            yield self._converter.convert(chunks[0]).samples()
            return
        wire = chunks[0].format
        whole = AudioChunk(b"".join(chunk.data for chunk in chunks), wire)
        sound = self._converter.convert(whole).samples()
        ends = np.cumsum([chunk.frames * INTERNAL.rate // wire.rate for chunk in chunks])
        # After a change of rate the first piece may come out a sample shorter.
        ends -= ends[-1] - len(sound)
        yield from np.split(sound, ends[:-1])


def _divides(chunk: AudioChunk, wire: AudioFormat) -> bool:
    """Whether a chunk is of that format, and so many whole samples at 24 kHz."""
    return chunk.format == wire and chunk.frames * INTERNAL.rate % wire.rate == 0
