"""`python -m voicetest.speech.adaptation` makes the model anew; some ten minutes on two cores."""

from __future__ import annotations

import asyncio
import logging

from voicetest.speech.adaptation.adapt import adapt
from voicetest.speech.adaptation.model_files import write_gaussians
from voicetest.speech.transcribers.pocketsphinx import ESPEAK_MEANS
from voicetest.speech.workers import Workers

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with Workers() as workers:
        write_gaussians(ESPEAK_MEANS, asyncio.run(adapt(workers)))
