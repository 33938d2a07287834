"""How fast the sound of a paced line arrives, against how long it lasts."""

from __future__ import annotations

__all__ = ["Arrival"]

_PAUSE_S = 0.25
"""Sound that comes later than this after the last piece is a new stretch."""
_ENOUGH_S = 1.0
"""How long a stretch has to be, by the clock."""
_PART_S = 0.25
"""Parts of a stretch that all have to come at about the same pace."""
_OFF = 0.2
"""By how much the pace differs from that of the clock, before it is told."""
_NEAR = 0.08
"""How near to the pace of a usual rate it has to be."""
_SLOW_S = 3.0
"""The same where it comes too slowly: an agent that is busy does that for a while."""
_RATES = (8_000, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


class Arrival:
    """Says once at what rate the agent seems to speak, where sound comes too fast or too slowly."""

    def __init__(self) -> None:
        self._began: float | None = None
        """When the stretch began; set by its first piece."""
        self._last = 0.0
        self._sound = 0.0
        """Seconds of sound in the stretch, the first piece left out."""
        self._part_began, self._part_sound = 0.0, 0.0
        self._paces: list[float] = []
        self._told = False

    def feed(self, seconds: float, rate: int, now: float) -> str | None:
        """A piece of so many seconds at `rate` hertz arrived at `now`, in seconds on any clock."""
        if self._told:
            return None
        if self._began is None or now - self._last > _PAUSE_S:
            self._began = self._part_began = self._last = now
            self._sound = self._part_sound = 0.0
            self._paces = []
            return None
        self._last = now
        self._sound += seconds
        self._part_sound += seconds
        if now - self._part_began >= _PART_S:
            self._paces.append(self._part_sound / (now - self._part_began))
            self._part_began, self._part_sound = now, 0.0
        if now - self._began < _ENOUGH_S or len(self._paces) < 3:
            return None
        pace = self._sound / (now - self._began)
        if pace < 1 and now - self._began < _SLOW_S:
            return None
        return self._judgement(pace, rate)

    def _judgement(self, pace: float, rate: int) -> str | None:
        steady = max(self._paces) < 1.25 * min(self._paces)
        if abs(pace - 1) < _OFF or not steady:
            return None
        fits = min(_RATES, key=lambda usual: abs(usual / rate - pace))
        if fits == rate or abs(fits / rate - pace) > _NEAR * pace:
            return None
        self._told = True
        return (
            f"the agent's sound comes {pace:.1f} times as fast as it plays: the agent seems to"
            f" speak at rate: {fits}, and {rate} is announced"
        )
