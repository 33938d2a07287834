from __future__ import annotations

from random import Random

import numpy as np
import pytest

from tests.audio.lines import LINES, Line, at_rate, heard, prompts, rate_of, with_gap
from tests.conftest import Speak
from voicetest.audio.chunk import Samples
from voicetest.audio.gaps import dropouts, study

SPEAKERS = ("en_US_f_Allison", "es_MX_f_Allison", "fr_CA_f_June", "it_IT_m_Carlo")
SAYS = (
    "Thank you for calling Acme billing, how can I help you?",
    "I found your invoice and refunded forty two dollars to your card.",
    "Please press one for billing, two for technical support.",
)


def found(sound: Samples) -> list[float]:
    return [lapse.at_s for lapse in dropouts([study(sound)])[0]]


@pytest.fixture(scope="module")
def people() -> list[Samples]:
    spoken = [prompt for speaker in SPEAKERS for prompt in prompts(speaker, 10)]
    if not spoken:
        pytest.skip("needs Debian's asterisk-core-sounds-en-wav")
    return spoken


@pytest.mark.parametrize("line", LINES)
def test_nobody_who_speaks_has_drop_outs(people: list[Samples], line: Line) -> None:
    assert [found(heard(at_rate(sound, 8_000, line), line)) for sound in people] == [[]] * len(
        people
    )


@pytest.mark.parametrize("line", LINES)
def test_lost_sound_is_found_on_every_line(people: list[Samples], line: Line) -> None:
    random, right = Random(5), 0
    for number, sound in enumerate(people):
        length = (0.03, 0.06, 0.1, 0.15)[number % 4]
        lost, at = with_gap(at_rate(sound, 8_000, line), rate_of(line), length, random)
        right += any(abs(one - at) < 0.02 for one in found(heard(lost, line)))
    assert right >= 0.8 * len(people)


@pytest.mark.parametrize("line", LINES)
def test_silence_of_5_ms_at_every_chunk_is_found(people: list[Samples], line: Line) -> None:
    nothing = np.zeros(round(0.00533 * rate_of(line)), dtype=np.int16)
    size = round(0.32 * rate_of(line))
    for sound in people[::6]:
        whole = at_rate(sound, 8_000, line)
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        broken = np.concatenate([part for piece in pieces for part in (piece, nothing)])
        assert found(heard(broken, line))


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("name", ["en-us", "en-us+f2", "en-us+m3", "en-us+f5", "en"])
def test_a_voice_made_of_pieces_has_no_drop_outs(speak: Speak, name: str, line: Line) -> None:
    for text in SAYS:
        assert found(heard(at_rate(speak(text, name), 24_000, line), line)) == []


def test_sound_that_ends_for_good_is_no_drop_out(people: list[Samples]) -> None:
    cut = np.concatenate((people[0][:8_000], np.zeros(8_000, dtype=np.int16), people[1]))
    assert found(heard(cut, "pcm8")) == []


def test_nothing_is_nothing() -> None:
    assert found(np.zeros(0, dtype=np.int16)) == []
    assert found(np.zeros(24_000, dtype=np.int16)) == []
    assert found(np.full(200, 3_000, dtype=np.int16)) == []
