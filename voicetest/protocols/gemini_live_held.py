"""What the user says while a Gemini Live model waits for the answer to a function call.

The server closes with 1008 or 1007 when realtime input comes meanwhile (reported of 2.5 and 3.x
models), so it is held back and follows the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.audio.chunk import AudioChunk
from voicetest.protocols.gemini_live_message import Json

__all__ = ["HeldInput"]

LONGEST_S = 30.0
"""Of sound that is held back; what is older is lost."""


class HeldInput:
    """Realtime input in the order in which it was said; silence before all of it is left out."""

    def __init__(self) -> None:
        self.holding = False
        """Set while the model waits; by whoever hears what it waits for."""
        self.warnings: list[str] = []
        """What has to be told of it; taken by whoever tells it."""
        self._held: list[tuple[Json, float]] = []
        """Messages with the seconds of sound in them."""
        self._seconds = 0.0
        self._sounds = False
        """Whether anything but silence is held."""
        self._lost = False
        """Whether anything was."""

    def sound(self, message: Json, chunk: AudioChunk) -> Sequence[Json]:
        """What is sent of a message with sound: itself, or nothing yet."""
        if not self.holding:
            return (message,)
        loud = any(chunk.data)
        if not loud and not self._held:
            return ()  # a live microphone in which nobody speaks
        self._sounds = self._sounds or loud
        self._held.append((message, chunk.duration))
        self._seconds += chunk.duration
        while self._seconds > LONGEST_S and len(self._held) > 1:
            self._seconds -= self._held.pop(0)[1]
            self._lost = True
        return ()

    def signal(self, message: Json) -> Sequence[Json]:
        """The same of a message that marks a turn of the user."""
        if not self.holding:
            return (message,)
        self._held.append((message, 0.0))
        return ()

    def release(self) -> Sequence[Json]:
        """The model waits no more: what was held back."""
        self.holding = False
        held = [message for message, _ in self._held]
        if self._sounds:
            lost = ", but for its beginning" if self._lost else ""
            self.warnings.append(
                f"the user spoke while a function call was unanswered: {self._seconds:.1f} s were "
                f"sent only after its answer{lost}, for Gemini closes the line otherwise; times "
                "that begin with those words are too long"
            )
        self._held.clear()
        self._seconds, self._sounds, self._lost = 0.0, False, False
        return held
