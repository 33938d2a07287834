"""How well voicetest itself kept time during a call."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from voicetest.call.microphone import FRAME_S
from voicetest.call.playout import Slip

__all__ = ["Harness"]


@dataclass
class Harness:
    """Per frame: how late the loop woke for it and how late it was on the wire, in seconds."""

    epoch: float = 0.0
    """When the line was ready, on the clock of the event loop."""
    lag: array[float] = field(default_factory=lambda: array("f"))
    lateness: array[float] = field(default_factory=lambda: array("f"))
    slips: list[Slip] = field(default_factory=list)
    jitter_buffer_s: float = 0.0

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
        return late + slipped


def _percentile(values: array[float], percentile: float) -> float:
    if not values:
        return 0.0
    return float(np.percentile(np.asarray(values), percentile, method="inverted_cdf"))
