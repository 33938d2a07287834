"""Gives agent turns a text where their platform gives none."""

from __future__ import annotations

import asyncio

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.audio.vad import detect
from voicetest.call.recorder import AGENT
from voicetest.call.session import Session
from voicetest.call.timeline import TurnTranscribed
from voicetest.checks.view import view
from voicetest.speech.transcribers.base import Transcriber

__all__ = ["TurnTranscriber"]

_PAD_S = 0.3
"""Heard around a turn, so that no edge of a word is lost."""


class TurnTranscriber:
    """Transcribes each agent turn once, from the recording, one stretch of speech at a time."""

    def __init__(self, transcriber: Transcriber | None, *, waits_for_platform: bool) -> None:
        """`waits_for_platform`: the platform gives texts, if late; only a turn without is heard."""
        self._transcriber = transcriber
        self._waits = waits_for_platform
        self._done: set[int] = set()

    async def catch_up(self, session: Session) -> None:
        """Transcribe every turn that has ended, unless the platform may still give its text."""
        if not self._waits:
            await self._transcribe(session)

    async def finish(self, session: Session) -> None:
        """Transcribe every turn that has no text now that the call is over."""
        if self._waits:
            turns = view(session.timeline.entries).agent_turns
            self._done |= {turn.index for turn in turns if turn.claims}
        await self._transcribe(session)

    async def _transcribe(self, session: Session) -> None:
        if self._transcriber is None:
            return
        for turn in session.turns.all:
            if turn.index in self._done or turn.closed_s is None:
                continue
            self._done.add(turn.index)
            if turn.speech_start_s is None or turn.speech_end_s is None:
                continue
            text = await self._hear(session, turn.speech_start_s, turn.speech_end_s)
            session.note("voicetest", TurnTranscribed(turn.index, text))

    async def _hear(self, session: Session, start_s: float, end_s: float) -> str:
        if self._transcriber is None:
            return ""
        samples = session.recorder.read(AGENT, start_s - _PAD_S, end_s + _PAD_S)
        words = []
        # Not on the loop, where others may be calling.
        for segment in await asyncio.to_thread(detect, samples):
            start = max(round((segment.start - _PAD_S) * INTERNAL.rate), 0)
            piece = samples[start : round((segment.end + _PAD_S) * INTERNAL.rate)]
            words.append(await self._transcriber.transcribe(AudioChunk.of(piece)))
        return " ".join(word for word in words if word)
