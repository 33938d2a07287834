"""Asks a language model what the user says next, and takes no answer that no user would give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from voicetest.errors import ProtocolError
from voicetest.executor.user_prompt import Occasion, Utterance, messages
from voicetest.models.asked import Asked
from voicetest.scenario.improvise import Improvise
from voicetest.scenario.model import User
from voicetest.speech.matching import word_error_rate

__all__ = ["Said", "UserMind"]

LONGEST_LINE = 600
_PARROT_WORDS = 5
"""Shorter sentences may well be said by both."""
_PARROT_WER = 0.2
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


class Said(BaseModel):
    """How things stand for the user, and what the user says next."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str
    done: bool
    say: str

    @model_validator(mode="after")
    def _is_a_line(self) -> Self:
        if not self.say.strip() and not self.done:
            raise ValueError("'say' is empty although you are not done")
        if len(self.say) > LONGEST_LINE:
            raise ValueError(f"'say' has more than {LONGEST_LINE} characters")
        return self


@dataclass(frozen=True)
class UserMind:
    """The user of one `improvise` step; it remembers nothing but what it is told."""

    asked: Asked
    user: User
    wanted: Improvise

    async def next(self, conversation: Sequence[Utterance], occasion: Occasion) -> Said:
        """What the user says next.

        Raises ConnectionFailed when the model does not answer, and ProtocolError when it answers
        twice with what cannot be said.
        """
        request = messages(self.user, self.wanted, conversation, occasion)
        said = await self.asked.structured(request, Said)
        if occasion == "end" or not _parrots(said.say, conversation):
            return said
        told = "That is what the agent said. You are the user: answer it in words of your own."
        request = [*request, {"role": "assistant", "content": said.model_dump_json()}]
        said = await self.asked.structured([*request, {"role": "user", "content": told}], Said)
        if _parrots(said.say, conversation):
            raise ProtocolError(
                "the language model that plays the user says what the agent said, twice: use "
                f"another model ('{said.say[:80]}')"
            )
        return said


def _parrots(line: str, conversation: Sequence[Utterance]) -> bool:
    """Whether the line is what the agent said, as a whole or in one of its sentences."""
    for said in conversation:
        if said.by != "agent":
            continue
        for text in {said.text, *_SENTENCE_END.split(said.text)}:
            if len(text.split()) >= _PARROT_WORDS and word_error_rate(text, line) <= _PARROT_WER:
                return True
    return False
