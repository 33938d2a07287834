"""Words that a platform claims for its agent and nobody heard: they are not said."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence

from voicetest.call.line import AWAITED
from voicetest.call.timeline import Entry, LineUsed, MessagesIgnored
from voicetest.checks.result import Check, Fault
from voicetest.checks.view import AgentTurn, CallView

__all__ = ["AFTERWARDS", "line_use", "mark_unheard", "soundless"]

AFTERWARDS = "looking at the call"
"""Where an error is that only the whole call shows."""
_MOST_NAMED = 3
"""Shapes of messages that an error names."""
_LONGEST = 200
"""Characters of the words that an error quotes."""


def mark_unheard(call: CallView, audible: Collection[int], *, carries_sound: bool = True) -> None:
    """Mark the agent turns whose words nobody heard; `audible` are the turns with speech in them.

    An answer to a typed turn may be typed, and on a line that carries no sound of the agent every
    answer is. Words may be told before or after the turn in which they are spoken.
    """
    turns = call.agent_turns
    for turn in turns:
        lent = any(
            other.index in audible and not other.claims
            for other in turns[max(turn.index - 1, 0) : turn.index + 2]
        )
        turn.reads = not carries_sound or _answers_text(call, turn)
        turn.unheard = turn.index not in audible and not lent and not turn.reads


def _answers_text(call: CallView, turn: AgentTurn) -> bool:
    """Whether the last that the user had said when a turn began was typed."""
    before = [
        line.spoken
        for line in call.user_turns
        if line.spoken.kind in AWAITED and line.spoken.speech_start_s <= turn.opened_s
    ]
    return bool(before) and max(before, key=lambda line: line.speech_start_s).kind == "text"


def unheard_between(
    call: CallView, turns: Iterable[AgentTurn], start_s: float = 0.0, end_s: float = math.inf
) -> list[str]:
    """What was claimed and not heard: in these turns, and in none from `start_s` to `end_s`."""
    in_turns = [claimed for turn in turns if (claimed := turn.only_claimed)]
    return in_turns + [text for at, text in call.unplaced if start_s <= at <= end_s]


def line_use(entries: Iterable[Entry]) -> LineUsed | None:
    """What a call's line carried; None for a call of which nobody counted it."""
    return next((entry.what for entry in entries if isinstance(entry.what, LineUsed)), None)


def soundless(
    call: CallView, entries: Sequence[Entry], checks: Sequence[Check], duration_s: float
) -> Fault | None:
    """The error of a call in which the agent sent messages and no sound at all.

    It is one where words were claimed that nobody heard, or where a check fails and there were
    messages that fitted nothing: an agent that only does nothing has failed.
    """
    used = line_use(entries)
    if used is None or not used.carries_sound or used.sound_s or not used.messages:
        return None
    claimed = unheard_between(call, call.agent_turns)
    ignored = [entry.what for entry in entries if isinstance(entry.what, MessagesIgnored)]
    fails = any(not check.passed and check.severity == "fail" for check in checks)
    if not claimed and not (fails and any(not one.known for one in ignored)):
        return None
    named = "; ".join(_named(ignored, claimed))
    message = (
        f"no sound of the agent came in {duration_s:.1f} s, though it sent {used.messages} "
        f"message{'' if used.messages == 1 else 's'}: {named}"
    )
    return Fault(kind="protocol", message=message, where=AFTERWARDS)


def _named(ignored: Sequence[MessagesIgnored], claimed: Sequence[str]) -> Iterator[str]:
    """What came instead: what fitted nothing before what only says nothing, and the words."""
    odd = [one for one in ignored if not one.known]
    for one in (odd or ignored)[:_MOST_NAMED]:
        yield f"{one.count} \N{MULTIPLICATION SIGN} {one.shape} {one.why}"
    if claimed:
        words = " … ".join(claimed)
        yield f"the platform says '{words if len(words) <= _LONGEST else words[:_LONGEST] + '…'}'"
