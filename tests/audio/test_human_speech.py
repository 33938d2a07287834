"""The detector on human recordings, against energy alone."""

from __future__ import annotations

import numpy as np
import pytest

from tests.prompts import CLEAN_DB, LANGUAGES, Prompt, after_silence, installed, prompt, prompts
from voicetest.audio.chunk import Samples
from voicetest.audio.g711 import over_the_phone
from voicetest.audio.vad import detect

pytestmark = pytest.mark.skipif(
    not installed("en"), reason="install asterisk-core-sounds-en-wav for human speech"
)


def _noise(length: int, dbfs: float, seed: int) -> Samples:
    random = np.random.default_rng(seed)
    return random.normal(0, 32_768 * 10 ** (dbfs / 20), length).astype(np.int16)


def _clean(most: int) -> list[Prompt]:
    return [found for found in prompts("en", most) if found.noise_db >= CLEAN_DB]


@pytest.mark.parametrize("phase", range(8))
@pytest.mark.parametrize("phone", [False, True])
def test_a_word_that_begins_at_once_after_digital_silence_is_found_from_its_beginning(
    phase: int, phone: bool
) -> None:
    word = prompt("en", "vm-and")
    lead = 1.2 + 0.004 * phase
    line = after_silence(word, lead)
    (found,) = detect(over_the_phone(line, 24_000) if phone else line)
    assert found.start - lead == pytest.approx(word.speech.start, abs=0.010)
    assert found.end - lead == pytest.approx(word.speech.end, abs=0.010)


@pytest.mark.parametrize("phone", [False, True])
def test_edges_of_clean_prompts_are_found_within_10_ms(phone: bool) -> None:
    onsets, ends = [], []
    for number, recorded in enumerate(_clean(40)):
        lead = 1 + 0.013 * number
        line = after_silence(recorded, lead)
        found = detect(over_the_phone(line, 24_000) if phone else line)
        onsets.append(abs(found[0].start - lead - recorded.speech.start))
        ends.append(abs(found[-1].end - lead - recorded.speech.end))
    assert len(onsets) >= 30
    assert np.median(onsets) <= 0.005
    assert np.median(ends) <= 0.005
    assert np.mean(np.array(onsets) <= 0.0101) >= 0.9
    assert np.mean(np.array(ends) <= 0.0101) >= 0.85
    assert np.percentile(onsets, 95) <= 0.025


@pytest.mark.parametrize(
    "name", ["vm-and", "hours", "minutes", "seconds", "vm-goodbye", "activated", "invalid"]
)
def test_a_click_near_a_word_does_not_lengthen_it(name: str) -> None:
    word = prompt("en", name)
    line = after_silence(word, 1.0)
    for at in (word.speech.start - 0.06, word.speech.end + 0.06):
        line[round((1.0 + at) * 24_000) :][:24] = 12_000
    found = detect(line)
    assert found[0].start - 1.0 == pytest.approx(word.speech.start, abs=0.015)
    assert found[-1].end - 1.0 == pytest.approx(word.speech.end, abs=0.015)


@pytest.mark.parametrize("dbfs", [-80.0, -70.0, -65.0])
def test_a_quiet_line_noise_moves_no_edge_by_more_than_25_ms(dbfs: float) -> None:
    errors = []
    for number, recorded in enumerate(_clean(16)):
        line = after_silence(recorded, 1.0)
        found = detect(line + _noise(len(line), dbfs, number))
        errors.append(abs(found[0].start - 1.0 - recorded.speech.start))
        errors.append(abs(found[-1].end - 1.0 - recorded.speech.end))
    assert np.percentile(errors, 90) <= 0.025


def test_the_noise_of_a_recording_itself_is_no_speech() -> None:
    """Cut out with 0.3 s of its own noise on either side, between digital silence."""
    errors = []
    for number, recorded in enumerate(_clean(12)):
        line = after_silence(recorded, 1.3)
        start, end = round(1.0 * 24_000), len(line) - round(0.7 * 24_000)
        line[start:end] += _noise(end - start, -60.0, number)
        found = detect(line)
        errors.append(found[0].start - 1.3 - recorded.speech.start)
        errors.append(found[-1].end - 1.3 - recorded.speech.end)
    assert np.percentile(np.abs(errors), 75) <= 0.040


def test_breath_before_and_after_a_word_is_not_part_of_it() -> None:
    errors = []
    for number, recorded in enumerate(_clean(12)):
        line = after_silence(recorded, 1.0)
        start, end = 1.0 + recorded.speech.start, 1.0 + recorded.speech.end
        for since, until in ((start - 0.45, start - 0.15), (end + 0.15, end + 0.45)):
            span = slice(round(since * 24_000), round(until * 24_000))
            line[span] += _noise(span.stop - span.start, -50.0, number)
        found = detect(line)
        errors.append(abs(found[0].start - start))
        errors.append(abs(found[-1].end - end))
    assert np.percentile(errors, 90) <= 0.050


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_other_languages_are_found_as_well(language: str) -> None:
    if not installed(language):
        pytest.skip(f"asterisk-core-sounds-{language}-wav is not installed")
    clean = [found for found in prompts(language, 20) if found.noise_db >= CLEAN_DB]
    for number, recorded in enumerate(clean):
        lead = 1 + 0.013 * number
        found = detect(after_silence(recorded, lead))
        assert found, recorded.name
        assert abs(found[0].start - lead - recorded.speech.start) <= 0.080, recorded.name
