"""What the agent did when somebody made a sound over it, measured on the recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from voicetest.call.microphone import FRAME_S
from voicetest.call.timeline import LineSpoken
from voicetest.call.turns import YIELD_S
from voicetest.checks.speech import PlacedTurn
from voicetest.checks.view import CallView

__all__ = ["SpokenOver", "spoken_over"]

_EDGE_S = 0.1
"""How much earlier than it was heard to stop an agent may be found to have stopped."""


@dataclass(frozen=True)
class SpokenOver:
    """One line of the user that was to be heard while the agent spoke."""

    line: LineSpoken
    mode: Literal["voice", "native", "missed"]
    turn: int | None
    """The agent turn that was going on when the line's sound began; None if none was."""
    stopped_s: float | None
    """When that speech of the agent stopped; None if it went on to the end of the call."""
    delay_s: float = 0.0
    """By how much playout itself made that end later; what playout cut off is not late."""

    @property
    def stop_time_s(self) -> float | None:
        """From the start of the line's sound to the end of the agent's speech."""
        if self.stopped_s is None:
            return None
        return self.stopped_s - self.delay_s - self.line.speech_start_s

    @property
    def yielded(self) -> bool:
        """Whether the agent stopped before, or within 1 s after, the end of the line's sound."""
        if self.stopped_s is None:
            return False
        return self.stopped_s - self.delay_s <= self.line.speech_end_s + YIELD_S


def spoken_over(
    call: CallView, placed: Sequence[PlacedTurn], duration_s: float, delay_s: float
) -> list[SpokenOver]:
    """Every interruption, backchannel and noise, in the order in which they were heard.

    `delay_s` is by how much playout itself makes the agent later.
    """
    found = []
    for turn in call.user_turns:
        line = turn.spoken
        told = turn.over
        if line.kind not in ("interrupt", "backchannel", "noise") and told is None:
            continue
        mode = told.mode if told is not None else "voice"
        # An agent may stop for what is too soft to be called the beginning of the sound.
        going_on = _going_on(placed, line.start_s) if mode != "missed" else None
        if mode == "native" and told is not None:
            found.append(SpokenOver(line, mode, told.turn, None))
        elif going_on is None:
            found.append(SpokenOver(line, mode, None, None))
        else:
            # Speech that goes on in the same turn, after however long a pause, had not stopped.
            stopped = None if going_on.end_s >= duration_s - FRAME_S else going_on.end_s
            delay = 0.0 if call.cut_at(going_on.end_s) else delay_s
            found.append(SpokenOver(line, mode, going_on.turn.index, stopped, delay))
    return found


def _going_on(placed: Sequence[PlacedTurn], at_s: float) -> PlacedTurn | None:
    """The turn with speech at that moment, or in a pause between two pieces of it."""
    for turn in placed:
        if turn.speech and turn.start_s < at_s < turn.end_s + _EDGE_S:
            return turn
    return None
