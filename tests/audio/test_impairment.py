from __future__ import annotations

import numpy as np
import pytest

from voicetest.audio.chunk import Samples
from voicetest.audio.g711 import over_the_phone
from voicetest.audio.impairment import Impairment, LineFaults

FRAME = 480
LOUD = np.full(FRAME, 10_000, dtype=np.int16)


def _over(line: Impairment, sound: Samples) -> Samples:
    frames = [line.process(sound[at : at + FRAME]) for at in range(0, len(sound), FRAME)]
    assert {(frame.dtype, frame.shape) for frame in frames} == {(np.dtype(np.int16), (FRAME,))}
    return np.concatenate(frames)


def _whole(sound: Samples) -> Samples:
    return sound[: len(sound) // FRAME * FRAME]


def _lost(faults: LineFaults, frames: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    line = Impairment(faults, np.random.default_rng(seed))
    lost = np.array([not line.process(LOUD)[FRAME // 2] for _ in range(frames)])
    assert line.lost_s == pytest.approx(lost.sum() * 0.02)
    return lost


def test_a_line_without_faults_changes_nothing(voice: Samples) -> None:
    line = Impairment(LineFaults(), np.random.default_rng(1))
    assert (_over(line, _whole(voice)) == _whole(voice)).all()
    assert (line.delay_s, line.lost_s) == (0, 0)


@pytest.mark.parametrize(("loss", "burst"), [(0.05, 1.0), (0.1, 3.0), (0.2, 5.0), (0.9, 10.0)])
def test_so_many_frames_get_lost_and_so_many_in_a_row(loss: float, burst: float) -> None:
    lost = _lost(LineFaults(loss=loss, burst=burst), 40_000, seed=7)
    bursts = int(np.diff(lost.astype(np.int8), prepend=0).clip(0).sum())
    assert lost.mean() == pytest.approx(loss, rel=0.06)
    assert lost.sum() / bursts == pytest.approx(burst, rel=0.06)


def test_the_first_frame_gets_lost_as_often_as_any_other() -> None:
    faults = LineFaults(loss=0.3, burst=8)
    first = [_lost(faults, 1, seed)[0] for seed in range(2_000)]
    assert np.mean(first) == pytest.approx(0.3, abs=0.04)


def test_the_same_seed_loses_the_same_frames() -> None:
    faults = LineFaults(loss=0.2, burst=2)
    assert (_lost(faults, 500, seed=3) == _lost(faults, 500, seed=3)).all()
    assert (_lost(faults, 500, seed=3) != _lost(faults, 500, seed=4)).any()


def test_a_loss_is_silence_to_the_sample() -> None:
    line = Impairment(LineFaults(dropout_every_s=1, dropout_for_s=0.02), np.random.default_rng(1))
    sound = _over(line, np.tile(LOUD, 55)).astype(int)
    start, end = 24_000, 24_480
    assert (sound[:start] == 10_000).all()
    assert not sound[start:end].any()
    assert (sound[end:] == 10_000).all()


def test_a_drop_out_comes_every_so_often_to_the_sample() -> None:
    faults = LineFaults(dropout_every_s=0.505, dropout_for_s=0.0731)
    line = Impairment(faults, np.random.default_rng(1))
    silent = _over(line, np.tile(LOUD, 100)) == 0
    starts = np.flatnonzero(np.diff(silent.astype(np.int8)) == 1) + 1
    assert list(starts // 12_120) == [1, 2, 3]
    assert set(starts % 12_120) == {0}
    assert line.lost_s == pytest.approx(3 * 0.0731, abs=1e-3)


def test_losses_and_drop_outs_add_up_once() -> None:
    faults = LineFaults(loss=0.5, burst=4, dropout_every_s=0.2, dropout_for_s=0.1)
    line = Impairment(faults, np.random.default_rng(2))
    for _ in range(10_000):
        line.process(LOUD)
    assert line.lost_s == pytest.approx(200 * 0.75, rel=0.03)


def test_a_g711_line_sounds_like_the_telephone_4_ms_later(voice: Samples) -> None:
    line = Impairment(LineFaults(g711=True), np.random.default_rng(1))
    sent = _whole(voice)
    heard = _over(line, sent).astype(float)
    assert line.delay_s == pytest.approx(0.004)
    delay = round(line.delay_s * 24_000)
    expected = over_the_phone(sent, 24_000).astype(float)[:-delay]
    wrong = heard[delay:] - expected
    assert np.square(wrong).mean() < 0.01 * np.square(expected).mean()


def test_what_is_lost_on_a_g711_line_is_digital_silence() -> None:
    line = Impairment(LineFaults(loss=0.3, burst=2, g711=True), np.random.default_rng(5))
    sent = np.random.default_rng(1).normal(0, 3_000, 200 * FRAME).astype(np.int16)
    heard = _over(line, sent).reshape(-1, FRAME)
    silent = sum(not frame[49:].any() for frame in heard)
    assert silent == round(line.lost_s / 0.02) > 30


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"loss": 1.0}, "share from 0 to below 1, not 1"),
        ({"loss": -0.1}, "not -0.1"),
        ({"burst": 0.5}, "at least 1 frame long, not 0.5"),
        ({"loss": 0.8, "burst": 2.0}, "loss of 0.8 needs bursts of at least 4 frames, not 2"),
        ({"dropout_every_s": 2.0, "dropout_for_s": 2.0}, "shorter than the time"),
        ({"dropout_every_s": 0.0}, "shorter than the time"),
        ({"dropout_every_s": 1.0, "dropout_for_s": -1.0}, "drop-out of -1 s every 1 s"),
        ({"dropout_for_s": 1.0}, "need dropout_every_s"),
    ],
)
def test_faults_that_cannot_be_are_refused(faults: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LineFaults(**faults)  # type: ignore[arg-type]
