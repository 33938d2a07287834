"""What a bad line does to sound, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicetest.audio.chunk import INTERNAL, Encoding, Samples
from voicetest.audio.g711 import RATE, compress, expand
from voicetest.audio.resample import StreamingResampler

__all__ = ["Impairment", "LineFaults"]


@dataclass(frozen=True)
class LineFaults:
    """How bad a line is; as it stands, not at all.

    `loss` is the share of frames of 20 ms that get lost, at least 0 and below 1; `burst` how many
    get lost in a row on average, at least 1 (of which 1 means that two in a row never are). With
    `g711` all goes through µ-law at 8 kHz. Every `dropout_every_s` seconds nothing is heard for
    `dropout_for_s` seconds, the first time after `dropout_every_s`. Raises ValueError.
    """

    loss: float = 0.0
    burst: float = 1.0
    g711: bool = False
    dropout_every_s: float | None = None
    dropout_for_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.loss < 1:
            raise ValueError(f"the loss is a share from 0 to below 1, not {self.loss:g}")
        if self.burst < 1:
            raise ValueError(f"a loss is at least 1 frame long, not {self.burst:g}")
        shortest = self.loss / (1 - self.loss)
        if self.burst < shortest:
            raise ValueError(
                f"a loss of {self.loss:g} needs bursts of at least {shortest:.3g} frames,"
                f" not {self.burst:g}: else too few frames are left between them"
            )
        every = self.dropout_every_s
        if every is not None and not 0 <= self.dropout_for_s < every:
            raise ValueError(
                f"a drop-out of {self.dropout_for_s:g} s every {every:g} s: expected it shorter"
                " than the time from one to the next"
            )
        if every is None and self.dropout_for_s:
            raise ValueError("drop-outs need dropout_every_s, how often they come")


class Impairment:
    """One direction of one call over a bad line.

    Frames get lost by the model of Gilbert ("Capacity of a Burst-Noise Channel", 1960) and Elliott
    ("Estimates of Error Rates for Codes on Burst-Noise Channels", 1963), with all lost in the bad
    state and none in the good: with p the probability to turn bad and r to turn good again at each
    frame, p / (p + r) of the frames get lost, 1 / r in a row. The same seed loses the same frames.
    """

    def __init__(self, faults: LineFaults, random: np.random.Generator) -> None:
        self._random = random
        self._good_again = 1 / faults.burst
        self._turns_bad = self._good_again * faults.loss / (1 - faults.loss)
        self._bad = random.random() < faults.loss  # the state before the first frame
        self._every = round((faults.dropout_every_s or 0) * INTERNAL.rate)
        self._for = round(faults.dropout_for_s * INTERNAL.rate)
        self._at = 0  # samples so far
        self._lost = 0
        self._codec = _Mulaw() if faults.g711 else None

    @property
    def delay_s(self) -> float:
        """Seconds by which the output is later than the input."""
        return self._codec.delay if self._codec else 0.0

    @property
    def lost_s(self) -> float:
        """Seconds of sound replaced by silence so far."""
        return self._lost / INTERNAL.rate

    def process(self, frame: Samples) -> Samples:
        """What arrives of the next frame, int16 (480,), also (480,); digital silence for a loss."""
        if self._codec:
            frame = self._codec.process(frame)
        return np.where(self._heard(len(frame)), frame, 0).astype(np.int16)

    def _heard(self, count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """For each of the next samples 1, or 0 where it is lost."""
        chance = self._random.random()
        self._bad = chance >= self._good_again if self._bad else chance < self._turns_bad
        heard = np.zeros(count) if self._bad else np.ones(count)
        if self._every:
            place = self._at + np.arange(count)
            heard[(place >= self._every) & (place % self._every < self._for)] = 0
        self._at += count
        self._lost += count - int(heard.sum())
        return heard


class _Mulaw:
    """There and back through the codec of a telephone: as much comes out as went in."""

    def __init__(self) -> None:
        self._narrow = StreamingResampler(INTERNAL.rate, RATE)
        self._wide = StreamingResampler(RATE, INTERNAL.rate)
        self.delay = self._narrow.delay + self._wide.delay
        """Seconds by which the output is later than the input."""

    def process(self, frame: Samples) -> Samples:
        narrow = compress(self._narrow.process(frame), Encoding.MULAW)
        return self._wide.process(expand(narrow, Encoding.MULAW))
