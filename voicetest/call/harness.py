"""How well voicetest itself kept time during a call."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from voicetest.call.attendance import Absence
from voicetest.call.lapses import BOUNDS, Lapse, LapseKind, merged
from voicetest.call.microphone import FRAME_S
from voicetest.call.playout import Slip

__all__ = ["Harness"]

_OWN_S = 0.02
"""A loop that is later than this may itself put a gap into what it plays."""
_NEAR_S = 0.1
"""How far from where voicetest was late its own traces on the recording may be."""


@dataclass
class Harness:
    """Per frame: how late the loop woke for it and how late it was on the wire, in seconds."""

    epoch: float = 0.0
    """When the line was ready, on the clock of the event loop."""
    lag: array[float] = field(default_factory=lambda: array("f"))
    lateness: array[float] = field(default_factory=lambda: array("f"))
    slips: list[Slip] = field(default_factory=list)
    jitter_buffer_s: float = 0.0
    absences: list[Absence] = field(default_factory=list)
    """When voicetest did not run, on the clock of the call; before 0 the line was being opened."""
    known_lapses: Sequence[Lapse] | None = None
    """Set for a call that is judged again, of which no single frame is known any more."""
    known_gaps: Sequence[float] = ()
    """Set with it: where its playout had put a gap into the agent's sound, in seconds."""

    def frame(self, deadline: float, woken: float, sent: float) -> None:
        """One more frame went out; all three are times of one clock."""
        self.lag.append(max(woken - deadline, 0.0))
        self.lateness.append(max(sent - deadline, 0.0))

    @property
    def frames(self) -> int:
        """Frames sent."""
        return len(self.lateness)

    def lateness_ms(self, percentile: float) -> float:
        """Nearest-rank percentile of the lateness, in milliseconds."""
        return _percentile(self.lateness, percentile) * 1000

    @property
    def loop_lag_ms(self) -> float:
        """The latest wake-up, in milliseconds."""
        return max(self.lag, default=0.0) * 1000

    @property
    def dropped_s(self) -> float:
        """Seconds of the agent's sound that playout left out."""
        return -sum(slip.seconds for slip in self.slips if slip.seconds < 0)

    @property
    def inserted_s(self) -> float:
        """Seconds of silence that playout put into the agent's speech."""
        return sum(slip.seconds for slip in self.slips if slip.seconds > 0)

    def error_between(self, start_s: float, end_s: float) -> float:
        """Bound on the harness's own error in a time measured from `start_s` to `end_s`."""
        first = max(int(start_s / FRAME_S), 0)
        late = max(self.lateness[first : int(end_s / FRAME_S) + 1], default=0.0)
        slipped = sum(abs(s.seconds) for s in self.slips if start_s <= s.at_s <= end_s)
        # What was missed before the first frame is missed from its beginning.
        away = (a for a in self.absences if start_s <= max(a.end_s, 0.0) and a.start_s <= end_s)
        return max(late, sum(absence.seconds for absence in away)) + slipped

    def lapses(self) -> list[Lapse]:
        """Where lateness went beyond its bounds, in order of start; none under virtual time."""
        if self.known_lapses is not None:
            return list(self.known_lapses)
        found = [*self._standstills(), *self._playout_lapses()]
        rest = np.asarray([late for late in self.lateness if late <= BOUNDS.late_s])
        if (rest > BOUNDS.always_late_s).sum() > BOUNDS.always_late_share * self.frames:
            whole = self.frames * FRAME_S
            found.append(Lapse(0.0, whole, float(rest.max()), "always_late"))
        return sorted(found, key=lambda lapse: lapse.start_s)

    def own_traces(self) -> list[tuple[float, float]]:
        """Spans in which what is wrong with the recording may be voicetest's own doing."""
        spans = [(at_s, at_s) for at_s in self.known_gaps]
        spans += [(start, end) for start, end, _ in self._late(_OWN_S)]
        spans += [(lapse.start_s, lapse.end_s) for lapse in self.lapses()]
        spans += [(s.at_s, s.at_s + max(s.seconds, 0.0)) for s, _ in self._own_slips()]
        return [(start - _NEAR_S, end + _NEAR_S) for start, end in spans]

    def _late(self, more_than: float) -> list[tuple[float, float, float]]:
        """Spans in which a frame was later than that, each with its latest."""
        frames = np.maximum(np.asarray(self.lag), np.asarray(self.lateness))
        late = ((i * FRAME_S, float(frames[i])) for i in np.flatnonzero(frames > more_than))
        return merged((due, due + by, by) for due, by in late)

    def _standstills(self) -> Iterator[Lapse]:
        for start, end, most in self._late(BOUNDS.late_s):
            inside = [a for a in self.absences if a.start_s < end and a.end_s > start]
            still = sum(absence.seconds for absence in inside)
            whole = still >= most / 2
            yield Lapse(start, end, most, "stood_still" if whole else "late")
        for absence in self.absences:
            # While a line is opened there are no frames, and an event loop's clock may sleep too.
            unseen = absence.end_s <= 0 or absence.seconds > absence.end_s - absence.start_s + 1e-6
            if unseen and absence.seconds > BOUNDS.late_s:
                yield Lapse(absence.start_s, absence.end_s, absence.seconds, "stood_still")

    def _own_slips(self) -> Iterator[tuple[Slip, float]]:
        """The slips that follow from our own lateness, with the seconds that do.

        What is put in because a frame was read late is left out again later, at a pause.
        """
        late = self._late(_OWN_S)
        owed = 0.0
        for slip in self.slips:
            until = slip.at_s + max(slip.seconds, 0.0)
            near = (s for s in late if s[0] - _NEAR_S <= until and slip.at_s <= s[1] + _NEAR_S)
            most = max((size for _, _, size in near), default=0.0)
            if abs(slip.seconds) <= most + _OWN_S and most:
                owed += slip.seconds
                yield slip, abs(slip.seconds)
            elif slip.seconds < 0 < owed:
                own = min(owed, -slip.seconds)
                owed -= own
                yield slip, own

    def _playout_lapses(self) -> Iterator[Lapse]:
        own = [(s, by) for s, by in self._own_slips() if by > BOUNDS.playout_s]
        own = [(s, by) for s, by in own if s.seconds < 0 or not s.in_silence]
        yield from self._altogether([one for one in own if one[0].seconds < 0], "dropped")
        yield from self._altogether([one for one in own if one[0].seconds > 0], "inserted")

    def _altogether(self, slips: Sequence[tuple[Slip, float]], kind: LapseKind) -> Iterator[Lapse]:
        total = sum(by for _, by in slips)
        if total > BOUNDS.playout_share * self.frames * FRAME_S:
            yield Lapse(slips[0][0].at_s, slips[-1][0].at_s, total, kind)


def _percentile(values: array[float], percentile: float) -> float:
    if not values:
        return 0.0
    return float(np.percentile(np.asarray(values), percentile, method="inverted_cdf"))
