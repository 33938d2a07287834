"""Plays the user of one `improvise` step: what is said next, and its sound."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from voicetest.call.line import Line
from voicetest.errors import ProtocolError
from voicetest.executor.prepare import LineMaker
from voicetest.executor.user_mind import UserMind
from voicetest.speech.voices.base import UnspeakableText, Voice

__all__ = ["Player"]

_CUTS_IN_S = (0.8, 2.5)
"""An agent that is interrupted has been speaking for at least, and at most, so many seconds."""


@dataclass(frozen=True)
class Player:
    """One user who makes up the lines of step `step`."""

    step: int
    mind: UserMind
    voice: Voice
    rate: float
    maker: LineMaker

    def cuts_in_after(self, number: int) -> float | None:
        """How many seconds of the answer to line `number` are heard before it is interrupted.

        None when it is heard out; the same seed decides the same.
        """
        chance = np.random.default_rng([self.maker.file.scenario.seed, self.step, number])
        if chance.random() >= self.mind.wanted.interrupts:
            return None
        return round(float(chance.uniform(*_CUTS_IN_S)), 3)

    async def line(self, text: str, number: int) -> Line:
        """The line number `number`, from 1, made while the call goes on.

        Raises ProtocolError for a text that cannot be spoken.
        """
        try:
            audio = await self.voice.synthesise(text, self.rate)
            said = await self.voice.said(text, self.rate)
        except UnspeakableText as error:
            message = f"the language model that plays the user wrote what cannot be said: {error}"
            raise ProtocolError(message) from error
        # Not on the loop of the call: frames go out while effects are applied and files written.
        return await asyncio.to_thread(
            self.maker.line,
            self.step,
            "improvise",
            text,
            audio,
            said=said if said != text else None,
            number=number,
        )
