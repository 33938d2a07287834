"""What one turn of the agent is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from voicetest.agents.faults import Faults, Unheard
from voicetest.agents.mind import Reply

__all__ = ["Part", "Presses", "Words", "answer"]


@dataclass(frozen=True)
class Words:
    """A text, said `after` seconds of silence; only this `share` of its sound is made.

    What is `unheard` takes as long as if it were spoken.
    """

    text: str
    after: float = 0.0
    share: float = 1.0
    unheard: Unheard | None = None


@dataclass(frozen=True)
class Presses:
    """Keys that the agent presses."""

    keys: str


Part: TypeAlias = Words | Presses


def answer(reply: Reply, faults: Faults) -> tuple[Part, ...]:
    """The turn that gives a reply, as an agent with these faults gives it."""
    words = [Words(reply.text, unheard=faults.unheard)] if reply.text.strip() else []
    if reply.more is not None and reply.more.text.strip():
        words.append(Words(reply.more.text, reply.more.after, unheard=faults.unheard))
    if faults.repeats:
        words += words
    if faults.cuts_off and words:
        return (replace(words[0], share=0.5),)
    return (*words, Presses(reply.presses)) if reply.presses else tuple(words)
