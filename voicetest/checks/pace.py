"""A voice that is too deep and too slow for anybody, or too high and too fast: a wrong rate."""

from __future__ import annotations

from collections.abc import Sequence

from voicetest.audio.formants import Formants
from voicetest.checks.speech import PlacedTurn

__all__ = ["rate_of_voice", "wrong_rate"]

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


def rate_of_voice(formants: Formants | None, turns: Sequence[PlacedTurn]) -> str | None:
    """What is odd about the voice of the turns to which the platform gives its text."""
    told = [placed for placed in turns if placed.turn.claimed and placed.speech]
    text = " ".join(placed.turn.text_heard(placed.turn.heard_share) for placed in told)
    return wrong_rate(formants, text, sum(s.end - s.start for p in told for s in p.speech))


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
