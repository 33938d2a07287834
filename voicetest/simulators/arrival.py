"""Whether a live microphone's sound comes as fast as it lasts in the format that was announced."""

from __future__ import annotations

__all__ = ["Arrival"]

_SPAN_S = 3.0
"""How long sound must have come without a pause until anything is said of it."""
_PAUSE_S = 0.6
"""A longer gap is a pause, from which on it is measured anew; clients send up to 250 ms at once."""
_OFF = 1.2
"""A clock is off by less than a thousandth; the nearest rates are a third apart."""
_BURST = 7.0
"""What comes faster than this many times is no microphone: 48 kHz in place of 8 are six times."""
_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


class Arrival:
    """Compares the sound of a line with the clock; finds a client of another rate once."""

    def __init__(self, rate: int) -> None:
        """`rate` is what was announced, in hertz."""
        self._rate = rate
        self._began: tuple[float, float] | None = None
        """Time and sound at the beginning of the present stretch; set anew after each pause."""
        self._last = 0.0
        """When something came last."""
        self._told = False

    def note(self, now: float, sound_s: float) -> str:
        """So many seconds of sound had come by now; what is wrong with that, or nothing."""
        pause, self._last = now - self._last > _PAUSE_S, now
        if self._began is None or pause:
            self._began = (now, sound_s)
            return ""
        elapsed = now - self._began[0]
        if self._told or elapsed < _SPAN_S:
            return ""
        times = (sound_s - self._began[1]) / elapsed
        self._began = (now, sound_s)
        if 1 / _OFF < times < _OFF or not 1 / _BURST < times < _BURST:
            return ""
        self._told = True
        real = min(_RATES, key=lambda rate: abs(rate / self._rate - times))
        return (
            f"the client's sound does not last as long as it takes to come: {times:.2f} s in each "
            f"second at the announced {self._rate} Hz, so it seems to be in {real} Hz and will "
            "not be understood"
        )
