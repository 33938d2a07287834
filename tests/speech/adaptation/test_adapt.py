from __future__ import annotations

import asyncio

import numpy as np
import pytest

from voicetest.speech.adaptation.adapt import PRIOR, adapt, reestimated
from voicetest.speech.adaptation.evidence import Evidence
from voicetest.speech.adaptation.model_files import read_gaussians
from voicetest.speech.transcribers.pocketsphinx import ESPEAK_MEANS
from voicetest.speech.transcribers.stock_model import stock_file
from voicetest.speech.workers import Workers


def test_a_mean_moves_by_the_weight_of_what_it_explains() -> None:
    prior = np.array([[[[1.0], [1.0]]]], dtype=np.float32)
    occupation = np.array([[[0.0, PRIOR]]])
    evidence = Evidence(occupation, sums=np.array([[[[0.0], [3 * PRIOR]]]]))
    assert reestimated(prior, evidence).ravel() == pytest.approx([1, 2])


def test_the_shipped_means_fit_the_stock_model_and_differ_from_its_own() -> None:
    stock, ours = read_gaussians(stock_file("en-us") / "means"), read_gaussians(ESPEAK_MEANS)
    assert ours.shape == stock.shape
    assert np.isfinite(ours).all()
    assert np.abs(ours - stock).mean() > 1


@pytest.mark.process
def test_the_same_seed_gives_the_same_means() -> None:
    with Workers(size=2) as workers:
        first, second = (asyncio.run(adapt(workers, seed=7, size=12)) for _ in range(2))
        other = asyncio.run(adapt(workers, seed=8, size=12))
    assert first.tobytes() == second.tobytes()
    assert first.tobytes() != other.tobytes()
