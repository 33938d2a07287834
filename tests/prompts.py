"""Recorded human speech, where Debian's prompts for telephone systems are installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicetest.audio.chunk import INTERNAL, Samples
from voicetest.audio.resample import resample
from voicetest.audio.segment import Segment
from voicetest.audio.wav import read_span

__all__ = ["CLEAN_DB", "LANGUAGES", "Prompt", "after_silence", "prompts"]

FOLDER = Path("/usr/share/asterisk/sounds")
"""From the packages asterisk-core-sounds-<language>-wav, CC-BY-SA 3.0; 8 kHz, mono."""
LANGUAGES = {
    "en": "en_US_f_Allison",
    "es": "es_MX_f_Allison",
    "fr": "fr_CA_f_June",
    "it": "it_IT_m_Carlo",
    "ru": "ru_RU_f_IvrvoiceRU",
}
NO_SPEECH = ("beep", "tone", "ring", "silence", "monkeys", "weasels", "confbridge-join", "tt-")
"""Parts of the names of what is no speech."""
SHORTEST_S, LONGEST_S = 0.4, 6.0
CLEAN_DB = 50.0
"""A recording whose noise is so many decibels below its loudest 5 ms is clean."""

RANGE_DB, ABOVE_DB = 45.0, 10.0
"""The independent rule: within 45 dB of the loudest 5 ms and 10 dB above the file's own floor."""


@dataclass(frozen=True)
class Prompt:
    """One recording, int16 of shape (n,) at 8 kHz."""

    name: str
    samples: Samples

    @property
    def _levels(self) -> NDArray[np.float64]:
        wide = self.samples[: len(self.samples) // 40 * 40].astype(np.float64)
        power = np.square(wide.reshape(-1, 40)).mean(axis=1) / 32_768**2
        return np.asarray(10 * np.log10(np.maximum(power, 1e-10)))

    @property
    def noise_db(self) -> float:
        """How far its floor, the quietest twentieth of what is not digital silence, is below."""
        levels = self._levels
        return float(levels.max() - np.percentile(levels[levels > -95], 5))

    @property
    def speech(self) -> Segment:
        """Where the speech is by energy alone, in seconds from the first sample."""
        levels = self._levels
        least = levels.max() - min(RANGE_DB, self.noise_db - ABOVE_DB)
        sounds = np.flatnonzero(levels >= max(least, -70.0))
        return Segment(float(sounds[0]) / 200, float(sounds[-1] + 1) / 200)


def prompts(language: str, most: int) -> Iterator[Prompt]:
    """Some recordings of a language, spread over all; none where they are not installed."""
    found = []
    for path in sorted((FOLDER / LANGUAGES[language]).glob("*.wav")):
        if any(part in path.name for part in NO_SPEECH):
            continue
        if SHORTEST_S <= (path.stat().st_size - 44) / 16_000 <= LONGEST_S:
            found.append(path)
    for path in found[:: max(1, len(found) // most)][:most]:
        yield Prompt(path.stem, _read(path))


def prompt(language: str, name: str) -> Prompt:
    """One recording by its name."""
    return Prompt(name, _read(FOLDER / LANGUAGES[language] / f"{name}.wav"))


def installed(language: str) -> bool:
    """Whether the prompts of a language are there."""
    return (FOLDER / LANGUAGES[language]).is_dir()


def _read(path: Path) -> Samples:
    return read_span(path, 0, -1)[:, 0]


def after_silence(recorded: Prompt, lead_s: float) -> Samples:
    """The recording on a line at 24 kHz: after so much digital silence, and before a second."""
    sound = resample(recorded.samples, 8_000, INTERNAL.rate)
    lead, tail = np.zeros(round(lead_s * INTERNAL.rate)), np.zeros(INTERNAL.rate)
    return np.concatenate((lead, sound, tail)).astype(np.int16)
