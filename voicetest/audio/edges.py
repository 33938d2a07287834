"""Where speech begins and ends: one rule, for lines of the user and for what is heard.

Speech goes from the first to the last 5 ms that are within 45 dB of the loudest nearby, out of the
noise around them, and above -70 dBFS. Whether it is speech at all, others have to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.levels import FRAMES_A_SECOND, SILENT, Levels, levels
from voicetest.audio.segment import Segment

__all__ = [
    "AROUND",
    "NEARBY",
    "RULE",
    "Found",
    "clean_edges",
    "edges",
    "end",
    "known",
    "noise",
    "onset",
]

RANGE = 45.0
"""Sound is part of speech within so many dB of its loudest 5 ms nearby."""
ABOVE_NOISE = 3.0
"""And so many dB above the noise around it."""
VARIES = 8.0
"""By how many dB, at the most, noise is louder now and then than as a rule: cups, keys, notes."""
GATE = -70.0
"""What is below this, in dBFS, is never speech."""
NEARBY = 2 * FRAMES_A_SECOND
"""Frames of the speech next to an edge in which the loudest is looked for."""
AROUND = 6 * FRAMES_A_SECOND // 10
"""Frames on the other side of an edge in which noise is measured, but for those within reach."""
REACH = FRAMES_A_SECOND // 10
"""Frames by which sound may go on outwards where nobody said that it is speech: 100 ms."""
NOISY_REACH = FRAMES_A_SECOND // 25
"""The same where noise hides the softest sounds, and now and then looks like them: 40 ms."""
STRONG, STRONG_REACH = 35.0, 3 * FRAMES_A_SECOND // 10
"""Sound within 35 dB of the loudest is what an edge is near to, and may go on for 300 ms: hissing
consonants, not breath."""
GAP, STRONG_GAP = 18, 30
"""A longer break in the sound than 90 ms, as before the release of a consonant, ends it; strong
sound is part of it after up to 150 ms."""
ISLAND, WITHIN = 3, 5
"""Sound after a break counts from three frames of five; less is a click."""

RULE = {
    "frame_s": 1 / FRAMES_A_SECOND,
    "range_db": RANGE,
    "above_noise_db": ABOVE_NOISE,
    "noise_varies_db": VARIES,
    "gate_dbfs": GATE,
    "reach_s": REACH / FRAMES_A_SECOND,
    "noisy_reach_s": NOISY_REACH / FRAMES_A_SECOND,
    "strong_db": STRONG,
    "strong_reach_s": STRONG_REACH / FRAMES_A_SECOND,
    "gap_s": GAP / FRAMES_A_SECOND,
    "strong_gap_s": STRONG_GAP / FRAMES_A_SECOND,
}
"""All of it, for the manifest."""


@dataclass(frozen=True)
class Found:
    """Where something else than energy found speech, in frames, each no later than the next."""

    hinted: int
    """From here on it may already be speech."""
    first: int
    surely: int
    """From here on it is speech beyond doubt."""
    surely_until: int
    last: int
    """Behind its last frame."""


def edges(sound: Levels, found: Found) -> tuple[int, int]:
    """The first frame of speech and the one behind its last, near the place where it was found.

    `sound` has the levels of all that was found and of AROUND frames on either side of it, as far
    as there are any.
    """
    before, after = noise(sound[: found.first][::-1]), noise(sound[found.last :])
    ahead, behind = sound[: found.first + NEARBY], sound[max(found.last - NEARBY, 0) :]
    since = len(sound) - len(behind)
    ends = end(behind, found.surely_until - since, found.last - since, known(after, before))
    return onset(ahead, found, known(before, after)), since + ends


def onset(ahead: Levels, found: Found, around: float) -> int:
    """The first frame of speech.

    `ahead` has the levels from AROUND frames before it was found to NEARBY frames behind that, as
    far as there are any; `around` is what noise reaches.
    """
    to = len(ahead)
    limits = _Limits(to - found.surely, to - found.first, to - found.hinted)
    return to - _edge(ahead[::-1], limits, around)


def end(behind: Levels, surely: int, last: int, around: float) -> int:
    """The frame behind the last of speech.

    `behind` has the levels from NEARBY frames before the place where it was found to AROUND frames
    behind that; the other frames are those of Found.
    """
    return _edge(behind, _Limits(surely, last, last), around)


@dataclass(frozen=True)
class _Limits:
    """Frames behind the last that is surely, probably and perhaps speech."""

    surely: int
    probably: int
    perhaps: int


def noise(side: Levels) -> float | None:
    """What noise reaches on one side of speech, from there on; None where it cannot be said.

    A part of that time may be speech, which is louder than noise varies.
    """
    quiet = side[REACH:]
    if len(quiet) < REACH:
        return None
    low, high = np.quantile(quiet, (0.25, 0.75))
    return float(low + min(high - low, VARIES))


def known(*levels: float | None) -> float:
    """The first level of noise that is known."""
    return next((level for level in levels if level is not None), SILENT)


def _edge(sound: Levels, limits: _Limits, around: float) -> int:
    """The frame behind the last of speech."""
    loudest = float(sound[: limits.probably].max())
    softest = max(loudest - RANGE, GATE)
    least = max(softest, around + ABOVE_NOISE)
    heard = (sound >= least).tolist()
    strong = (sound >= max(least, loudest - STRONG)).tolist()
    last = max(_last(heard[: max(limits.surely, 0)]), _last(strong[: limits.probably]))
    if not last:
        return limits.probably  # speech that noise drowns
    noisy = least > softest
    reach = limits.perhaps + (NOISY_REACH if noisy else REACH)
    beyond = strong[: limits.perhaps + (NOISY_REACH if noisy else STRONG_REACH)]
    return last + _goes_on([*heard[last:reach], *beyond[reach:]], beyond[last:])


def _last(heard: Sequence[bool]) -> int:
    """The frame behind the last that sounds and is more than a click; 0 if there is none."""
    for frame in range(len(heard), 0, -1):
        if heard[frame - 1] and sum(heard[max(frame - WITHIN, 0) : frame]) >= ISLAND:
            return frame
    return 0


def _goes_on(heard: Sequence[bool], strong: Sequence[bool]) -> int:
    """For how many frames sound goes on, over short breaks."""
    reached = 0
    for frame, sounds in enumerate(heard):
        gap = frame - reached
        if gap >= STRONG_GAP:
            break
        if not sounds or (gap >= GAP and not strong[frame]):
            continue
        if not gap or sum(heard[frame : frame + WITHIN]) >= ISLAND:
            reached = frame + 1
    return reached


def clean_edges(samples: Samples) -> Segment:
    """Where the speech is in sound that is nothing but speech, int16 of shape (n,) at 24 kHz.

    Such as a line that was synthesised; all of it when it is silent.
    """
    whole = Segment(0.0, len(samples) / INTERNAL.rate)
    padded = np.pad(samples, (0, -len(samples) % (INTERNAL.rate // FRAMES_A_SECOND)))
    sound = levels(padded)
    if not len(sound) or sound.max() < GATE:
        return whole
    heard = (sound >= max(float(sound.max()) - RANGE, GATE)).tolist()
    if not _last(heard):
        return whole
    first, last = len(heard) - _last(heard[::-1]), _last(heard)
    return Segment(first / FRAMES_A_SECOND, min(last / FRAMES_A_SECOND, whole.end))
