"""Says the user's lines, one at a time, and notes where their speech is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from voicetest.audio.chunk import INTERNAL
from voicetest.audio.wav import read_span
from voicetest.call.line import AWAITED, SPOKEN, TURNS, Line, LineKind
from voicetest.call.microphone import FRAME_S, Microphone
from voicetest.call.timeline import LineSpoken, Note, SpeechStarted, SpeechStopped
from voicetest.call.turns import AgentTurns
from voicetest.clock import sleep_until
from voicetest.events import Dtmf, Event, Text, UserTurnEnded, UserTurnStarted

__all__ = ["Speaker"]

KEY_S = 0.2
"""From one key to the next."""
KEY_PAUSE_S = 0.5
"""How long the pause is that `w` stands for."""


class Speaker:
    """The user's part of a call; all times are seconds on its clock."""

    def __init__(
        self,
        microphone: Microphone,
        turns: AgentTurns,
        note: Callable[[Note | Event, float], None],
        say: Callable[[Event], Awaitable[None]],
        start: float,
        *,
        types: bool = False,
    ) -> None:
        """`note` puts something of the user on the timeline, `say` tells it to the far side.

        `start` is when the call's clock began, on that of the event loop. With `types` the far side
        gets each turn as text: its line carries no sound of the user.
        """
        self.speech_start_s: float | None = None
        """Start of the last line that wants an answer; set by each such line."""
        self.speech_end_s: float | None = None
        """End of its speech or tones; set with its start."""
        self.awaiting_audio = True
        """Set at the start and by each such line; cleared by whoever hears speech after it."""
        self.typed = False
        """Whether that line was typed; set with its start."""
        self._microphone = microphone
        self._turns = turns
        self._note = note
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._start = start
        self._types = types

    @property
    def _now(self) -> float:
        return self._loop.time() - self._start

    async def speak(self, line: Line, step: int) -> None:
        """Say a line; returns when its last frame has been out for its 20 ms."""
        samples = read_span(line.wire, 0, -1)[:, 0]
        if line.kind in AWAITED:
            await self._say(UserTurnStarted())
        started, finished = self._microphone.say(samples)
        start = await started
        speech_start = start + line.speech_start_s
        whole = start + len(samples) / INTERNAL.rate
        self._begin(line.kind, speech_start, start + line.speech_end_s)
        try:
            await finished
            await sleep_until(self._start + whole)
        finally:
            end = min(whole, self._now)
            self._end(line, step, start, end, min(start + line.speech_end_s, end), whole)
        if line.kind in TURNS and self._types:
            await self._say(Text(line.text))
        if line.kind in AWAITED:  # keys that sound want an answer as well
            await self._say(UserTurnEnded())

    async def press(self, line: Line, step: int) -> None:
        """Press the keys of a line by messages instead of tones."""
        start = at = last = self._now
        self._begin(line.kind, start, start)
        try:
            for key in line.keys:
                if key != "w":
                    last = self._now
                    await self._say(Dtmf(key))
                    self._note(Dtmf(key), last)
                at += KEY_PAUSE_S if key == "w" else KEY_S
                await sleep_until(self._start + at)
        finally:
            self._end(line, step, start, self._now, last, at)

    async def type_text(self, text: str, step: int) -> None:
        """Send a typed turn, which begins and ends at once."""
        now = self._now
        self._begin("text", now, now)
        self._turns.user_begins(now, now)
        self._turns.user_ends(now)
        self.awaiting_audio = True
        typed = LineSpoken(step, "text", text, now, now, now, now, truncated=False, clean="")
        # Noted first: what the platform understood of it belongs to this line.
        self._note(typed, now)
        await self._say(Text(text))

    def _begin(self, kind: LineKind, start: float, end: float) -> None:
        if kind in AWAITED:
            self.speech_start_s, self.speech_end_s = start, end
            self.awaiting_audio = True
            self.typed = kind == "text"
        if kind in TURNS:
            self._turns.user_begins(start, end)
        if kind in SPOKEN:
            self._note(SpeechStarted("user"), start)

    def _end(
        self, line: Line, step: int, start: float, end: float, speech_end: float, whole: float
    ) -> None:
        if line.kind in SPOKEN:
            self._note(SpeechStopped("user"), speech_end)
        if line.kind in TURNS:
            self._turns.user_ends(speech_end)
        if line.kind in AWAITED:
            self.speech_end_s = speech_end
        spoken = LineSpoken(
            step=step,
            kind=line.kind,
            text=line.text,
            start_s=start,
            end_s=end,
            speech_start_s=min(start + line.speech_start_s, speech_end),
            speech_end_s=speech_end,
            truncated=end < whole - FRAME_S,
            clean=line.clean.name,
            said=line.said,
        )
        self._note(spoken, self._now)
