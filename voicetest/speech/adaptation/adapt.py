"""Re-estimates the means of the stock model on what espeak says."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path

import numpy as np

from voicetest.speech.adaptation.corpus import Utterance, corpus, spoken
from voicetest.speech.adaptation.evidence import Evidence, gather
from voicetest.speech.adaptation.model_files import Gaussians, read_gaussians, write_gaussians
from voicetest.speech.transcribers.stock_model import stock_file, words_by_frequency
from voicetest.speech.workers import Workers

__all__ = ["SEED", "SIZE", "adapt", "reestimated"]

logger = logging.getLogger(__name__)

SEED = 1
SIZE = 1_600
PASSES = 4
BATCH = 50
PRIOR = 5.0
"""How many frames of new speech weigh as much as the stock model's mean."""


async def adapt(workers: Workers, seed: int = SEED, size: int = SIZE) -> Gaussians:
    """Adapted means; the same seed and size give the same values.

    Each pass aligns all utterances by the means of the pass before it and moves the stock means
    towards what they explain.
    """
    stock = read_gaussians(stock_file("en-us") / "means")
    batches = _batches(list(corpus(seed, size, list(words_by_frequency()))))
    sounds = await asyncio.gather(*(workers.run("espeak", spoken, batch) for batch in batches))
    with tempfile.TemporaryDirectory(prefix="voicetest-") as folder:
        means = Path(folder, "means")
        write_gaussians(means, stock)
        for number in range(1, PASSES + 1):
            parts = (workers.run("alignment", gather, means, batch) for batch in sounds)
            total = Evidence.none(stock.shape)
            for evidence in await asyncio.gather(*parts):
                total.add(evidence)
            write_gaussians(means, reestimated(stock, total))
            logger.info("pass %d of %d: %d not aligned", number, PASSES, total.skipped)
        return read_gaussians(means)


def reestimated(prior: Gaussians, evidence: Evidence) -> Gaussians:
    """Means by maximum a posteriori estimation (Gauvain and Lee 1994, equation 25).

    A density that explained nothing keeps its mean.
    """
    weight = PRIOR + evidence.occupation[..., None]
    return ((PRIOR * prior + evidence.sums) / weight).astype(np.float32)


def _batches(utterances: list[Utterance]) -> list[list[Utterance]]:
    return [utterances[at : at + BATCH] for at in range(0, len(utterances), BATCH)]
