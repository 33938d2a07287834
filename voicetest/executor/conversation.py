"""The call so far, as its user has heard it."""

from __future__ import annotations

from voicetest.call.line import SPOKEN, LineKind
from voicetest.call.session import Session
from voicetest.checks.view import AgentTurn, view
from voicetest.executor.user_prompt import Utterance

__all__ = ["conversation"]

_WORDED: frozenset[LineKind] = SPOKEN | {"text", "dtmf"}


def conversation(session: Session) -> tuple[Utterance, ...]:
    """What both parties said, in order; of a turn that is still going on, what was heard of it."""
    call = view(session.timeline.entries)
    said = [
        (turn.spoken.speech_start_s, Utterance("you", turn.spoken.said or turn.spoken.text))
        for turn in call.user_turns
        if turn.spoken.kind in _WORDED
    ]
    said += [
        (turn.speech_start_s, Utterance("agent", _heard(session, turn)))
        for turn in call.agent_turns
        if turn.speech_start_s is not None
    ]
    said.sort(key=lambda item: item[0])
    return tuple(utterance for _, utterance in said)


def _heard(session: Session, turn: AgentTurn) -> str:
    open_turn = session.turns.open
    if open_turn is None or open_turn.index != turn.index:
        return turn.text
    return f"{turn.text_heard(session.heard_share)} …"
