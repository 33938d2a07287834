"""A voice that is too deep and slow, or too high and fast, or too short for its text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby

from voicetest.audio.formants import Formants
from voicetest.call.line import AWAITED
from voicetest.call.timeline import EndReason
from voicetest.checks.speech import PlacedTurn
from voicetest.checks.view import UserTurn

__all__ = ["crammed", "rate_of_voice", "wrong_rate"]

_DEEP_HZ = 2_300.0
"""Below this the third formant is nobody's (2,470 to 3,160 Hz seen in 31 voices)."""
_SLOW = 14.0
"""Characters a second, at most, of a voice that is played too slowly."""
_CLOSE_HZ = 740.0
"""So near to the first is the second formant of voices at twice their pace (880 Hz else)."""
_FAST = 20.0
"""Characters a second, at least, of a voice that is played too fast."""
_SHORTEST = 20
"""Characters of text that a pace needs."""
_NOBODY = 40.0
"""Characters a second that nobody says: the fastest speakers say some 25."""
_QUOTED = 60
"""Characters of a text that a warning quotes."""
_WHOLE = (EndReason.TURN_ENDED, EndReason.TAIL_SILENCE)
"""How an answer ends that nothing cut short."""


def rate_of_voice(formants: Formants | None, turns: Sequence[PlacedTurn]) -> str | None:
    """What is odd about the voice of the turns to which the platform gives its text."""
    told = [placed for placed in turns if placed.turn.claimed and placed.speech]
    text = " ".join(placed.turn.text_heard(placed.turn.heard_share) for placed in told)
    return wrong_rate(formants, text, sum(s.end - s.start for p in told for s in p.speech))


def crammed(turns: Sequence[PlacedTurn], lines: Sequence[UserTurn]) -> Iterator[str]:
    """Answers whose text is far too long for their speech: most of it was not heard.

    What was cut short, by the user or by the end of the call, is left out.
    """
    asked = [line.spoken.speech_start_s for line in lines if line.spoken.kind in AWAITED]
    for _, answer in groupby(turns, lambda placed: bisect_right(asked, placed.turn.opened_s)):
        parts = [placed for placed in answer if placed.turn.corrected or placed.speech]
        if any(p.turn.reason not in _WHOLE or p.turn.heard_share < 1 for p in parts):
            continue
        text = " ".join(text for placed in parts for text in placed.turn.corrected)
        seconds = sum(s.end - s.start for placed in parts for s in placed.speech)
        characters = sum(character.isalnum() for character in text)
        if seconds > 0 and characters >= _SHORTEST and characters / seconds > _NOBODY:
            said = text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
            yield (
                f"the platform says '{said}' ({characters} letters) for {seconds:.1f} s of speech:"
                " most of it cannot have been heard"
            )


def wrong_rate(formants: Formants | None, text: str, seconds: float) -> str | None:
    """What is odd about a voice that says the platform's `text` in so many seconds of speech.

    Both the formants and the pace have to be out of bounds: there are deep voices, and fast ones.
    """
    characters = sum(character.isalnum() for character in text)
    if formants is None or characters < _SHORTEST or seconds <= 0:
        return None
    pace = characters / seconds
    figures = f"formants at {formants.first:.0f}, {formants.second:.0f} and {formants.third:.0f} Hz"
    if formants.third < _DEEP_HZ and pace < _SLOW:
        return (
            f"the agent's voice is too deep and too slow to be one ({figures}): it seems to speak"
            " at a higher rate than is announced"
        )
    if formants.second - formants.first < _CLOSE_HZ and pace > _FAST:
        return (
            f"the agent's voice is too high and too fast to be one ({figures}, {pace:.0f} letters a"
            " second): it seems to speak at a lower rate than is announced"
        )
    return None
