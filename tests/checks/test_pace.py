from __future__ import annotations

import pytest

from tests.audio.lines import prompts
from tests.conftest import Speak
from voicetest.audio.chunk import Samples
from voicetest.audio.formants import formants
from voicetest.audio.resample import resample
from voicetest.checks.pace import wrong_rate

TEXT = "I have found your parcel. It should arrive on Thursday between ten and twelve."
VOICES = ("en-us", "en-us+f2", "en-us+f5", "en-us+m1", "en-us+m7", "en")


def told(sound: Samples, text: str = TEXT) -> str:
    return wrong_rate(formants([sound]), text, len(sound) / 24_000) or ""


@pytest.mark.parametrize("name", VOICES)
def test_a_voice_at_its_own_rate_is_not_told(speak: Speak, name: str) -> None:
    assert told(speak(TEXT, name)) == ""


@pytest.mark.parametrize("name", VOICES)
def test_24_khz_announced_as_16_khz_is_told(speak: Speak, name: str) -> None:
    assert "at a higher rate than is announced" in told(resample(speak(TEXT, name), 16_000, 24_000))


@pytest.mark.parametrize("name", VOICES)
def test_8_khz_announced_as_16_khz_is_told(speak: Speak, name: str) -> None:
    assert "at a lower rate than is announced" in told(resample(speak(TEXT, name), 48_000, 24_000))


@pytest.mark.parametrize(("letters", "seconds"), [(60, 12.0), (120, 4.0)])
def test_people_who_are_slow_or_fast_are_not_told(letters: int, seconds: float) -> None:
    speakers = ("en_US_f_Allison", "es_MX_f_Allison", "fr_CA_f_June", "it_IT_m_Carlo")
    sounds = [sound for speaker in speakers for sound in prompts(speaker, 8)]
    if not sounds:
        pytest.skip("needs Debian's asterisk-core-sounds-en-wav")
    for sound in sounds:
        assert (
            wrong_rate(formants([resample(sound, 8_000, 24_000)]), "x" * letters, seconds) is None
        )


def test_without_enough_text_or_sound_nothing_is_told(speak: Speak) -> None:
    slow = resample(speak(TEXT, "en-us"), 16_000, 24_000)
    assert told(slow, "Parcel.") == ""
    assert told(slow[:2_400]) == ""
    assert told(slow[:0]) == ""
