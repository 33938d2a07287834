from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicetest.speech.adaptation.corpus import Utterance, spoken
from voicetest.speech.adaptation.evidence import Evidence, features, gather
from voicetest.speech.adaptation.model_files import read_gaussians
from voicetest.speech.transcribers.stock_model import stock_file

STOCK = stock_file("en-us") / "means"


def test_features_are_cepstra_without_their_mean_and_their_changes() -> None:
    ramp = np.arange(20, dtype=np.float32)[:, None] * np.ones((1, 13), dtype=np.float32)
    found = features(ramp)
    assert found.shape == (20, 3, 13)
    assert found[:, 0, 0] == pytest.approx(np.arange(20) - 9.5)
    assert (found[3:-3, 1] == 4).all()  # over four frames
    assert (found[3:-3, 2] == 0).all()


def test_frames_without_energy_are_no_part_of_the_mean() -> None:
    cepstra = np.full((10, 13), 2, dtype=np.float32)
    cepstra[:5] = -1
    assert (features(cepstra)[5:, 0] == 0).all()


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    said = spoken([Utterance("seven sheep", "gmw/en-US", 165, by_phone=False)])
    return gather(Path(STOCK), (*said, ("seven sheep", bytes(3_200))))


def test_every_frame_of_an_aligned_text_counts_once_in_each_stream(evidence: Evidence) -> None:
    in_streams = evidence.occupation.sum(axis=(0, 2))
    assert in_streams == pytest.approx(np.full(3, in_streams[0]))
    assert 60 < in_streams[0] < 200  # frames of 10 ms


def test_only_the_phones_of_the_words_explain_anything(evidence: Evidence) -> None:
    from voicetest.speech.adaptation.model_files import read_model

    phones = read_model(stock_file("en-us")).phones
    used = {phones[book] for book in np.flatnonzero(evidence.occupation.sum(axis=(1, 2)))}
    assert {"S", "EH", "V", "N", "SH", "IY", "P"} <= used
    assert used.isdisjoint({"AY", "OY", "ZH", "TH", "M"})


def test_the_sums_are_those_of_the_frames(evidence: Evidence) -> None:
    occupied = evidence.occupation > 5
    centres = evidence.sums[occupied] / evidence.occupation[occupied][:, None]
    # Cepstra of speech stay within some tens, and centres within what they are centres of.
    assert np.abs(centres).max() < 100
    assert evidence.sums.shape == read_gaussians(STOCK).shape


def test_sound_too_short_for_its_words_is_skipped(evidence: Evidence) -> None:
    assert evidence.skipped == 1


def test_evidence_adds_up(evidence: Evidence) -> None:
    total = Evidence.none(evidence.sums.shape)
    total.add(evidence)
    total.add(evidence)
    assert total.occupation == pytest.approx(2 * evidence.occupation)
    assert total.sums == pytest.approx(2 * evidence.sums)
    assert total.skipped == 2
