"""Probability of speech from Silero's model, without what it takes for speech and is not."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.resample import StreamingResampler
from voicetest.audio.silero_net import CHUNK, CHUNK_RATE, SileroNet

__all__ = ["CHUNK_S", "Silero"]

CHUNK_S = CHUNK / CHUNK_RATE

LOUD_ENOUGH = 33
"""Peak from which the model looks at a chunk, and at a few around it: -60 dBFS."""
BEFORE, AFTER = 4, 6
"""Chunks around a sound that the model sees as well; beyond them it starts anew."""

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
        self._net = SileroNet()

    def feed(self, samples: Samples) -> Iterator[tuple[float, float]]:
        """Start in seconds and probability of speech of each chunk that is full now."""
        sound = np.concatenate((self._rest, self._resampler.process(samples)))
        whole = len(sound) // CHUNK * CHUNK
        self._rest = sound[whole:].copy()
        looks = [self._look(chunk) for chunk in sound[:whole].reshape(-1, CHUNK)]
        wanted = [chunk for look in looks for chunk in look.chunks]
        seen = iter(self._net.seen(np.stack(wanted)) if wanted else ())
        for look in looks:
            start = self._seen * CHUNK / CHUNK_RATE - self._resampler.delay
            self._seen += 1
            if look.anew:
                self._net.reset()
            heard = [self._net.heard(next(seen)) for _ in look.chunks]
            yield max(0.0, start), heard[-1] if heard else 0.0

    def _look(self, chunk: Samples) -> _Look:
        """What the model is to see for one chunk; nothing in the midst of silence."""
        before: list[Samples] = []
        if np.abs(chunk.astype(np.int32)).max() >= LOUD_ENOUGH:
            if not self._left:
                # Anew with what came just before, so that the distant past has no influence.
                before = list(self._skipped)
                self._skipped.clear()
            anew, self._left = not self._left, AFTER
        else:
            anew, self._left = False, max(self._left - 1, 0)
        if not self._left:
            self._skipped.append(chunk.copy())
            return _Look([], anew=False)
        # A key leaves no trace: what the model hears of it makes it expect speech.
        return _Look([*before, np.zeros_like(chunk) if _keys(chunk) else chunk], anew=anew)


@dataclass(frozen=True)
class _Look:
    """The chunks that are looked at for one of them, the last."""

    chunks: Sequence[Samples]
    anew: bool
    """Whether what came before them is to be forgotten."""


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
