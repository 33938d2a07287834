from __future__ import annotations

import pytest

from tests.audio.lines import prompts
from tests.conftest import Speak
from voicetest.audio.chunk import AudioFormat, Encoding, Samples
from voicetest.audio.g711 import compress, expand
from voicetest.audio.readings import Reading
from voicetest.audio.resample import resample

MULAW = AudioFormat(Encoding.MULAW, 8_000)
ALAW = AudioFormat(Encoding.ALAW, 8_000)
PCM8 = AudioFormat(Encoding.PCM16, 8_000)
PCM24 = AudioFormat(Encoding.PCM16, 24_000)
LAWS = (Encoding.MULAW, Encoding.ALAW)
VOICES = ("en-us", "en-us+f2", "en+whisper", "de", "en-us+f5")


def told(data: bytes, announced: AudioFormat, piece: int = 331) -> list[str]:
    """Everything that is told of these bytes, in pieces of any size."""
    reading = Reading()
    pieces = (data[at : at + piece] for at in range(0, len(data), piece))
    return [words for one in pieces if (words := reading.feed(one, announced)) is not None]


def pcm(samples: Samples) -> bytes:
    return samples.astype("<i2").tobytes()


@pytest.mark.parametrize("name", ["en-us", "en-us+f2", "de"])
def test_what_is_read_by_the_wrong_rule_is_told_once(speak: Speak, name: str) -> None:
    sound = resample(speak("Parcel service, how can I help you today?", name), 24_000, 8_000)
    for data, announced, seems in (
        (compress(sound, Encoding.ALAW), MULAW, "A-law"),
        (compress(sound, Encoding.MULAW), ALAW, "µ-law"),
        (pcm(sound), MULAW, "pcm16"),
        (pcm(sound), ALAW, "pcm16"),
        (compress(sound, Encoding.MULAW), PCM8, "µ-law"),
        (sound.astype(">i2").tobytes(), PCM8, "big-endian pcm16"),
    ):
        (words,) = told(data, announced)
        assert words.endswith(f"a voice when it is read as {seems}")


@pytest.mark.parametrize("name", VOICES)
def test_a_voice_that_is_what_it_is_said_to_be_is_not_told(speak: Speak, name: str) -> None:
    sound = speak("Parcel service, how can I help you? Seven six six, six seven.", name)
    narrow = resample(sound, 24_000, 8_000)
    assert told(pcm(sound), PCM24) == []
    assert told(pcm(narrow), PCM8) == []
    assert told(compress(narrow, Encoding.MULAW), MULAW) == []
    assert told(compress(narrow, Encoding.ALAW), ALAW) == []


def test_people_are_not_told_of() -> None:
    speakers = ("en_US_f_Allison", "es_MX_f_Allison", "fr_CA_f_June", "it_IT_m_Carlo")
    sounds = [sound for speaker in speakers for sound in prompts(speaker, 12)]
    if not sounds:
        pytest.skip("needs Debian's asterisk-core-sounds-en-wav")
    for sound in sounds:
        assert told(pcm(sound), PCM8) == []
        assert told(compress(sound, Encoding.MULAW), MULAW) == []
        assert told(compress(sound, Encoding.ALAW), ALAW) == []


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 22_050])
def test_people_who_are_read_by_the_wrong_rule_are_told_of_at_any_rate(rate: int) -> None:
    sounds = [s for s in prompts("en_US_f_Allison", 60) if len(s) >= 24_000][:12]
    if not sounds:
        pytest.skip("needs Debian's asterisk-core-sounds-en-wav")
    mulaw, alaw, plain = (AudioFormat(encoding, rate) for encoding in (*LAWS, Encoding.PCM16))
    for sound in (resample(narrow, 8_000, rate) for narrow in sounds):
        floats = (sound.astype("<f4") / 32_768).tobytes()
        for data, announced, seems in (
            (compress(sound, Encoding.ALAW), mulaw, "A-law"),
            (compress(sound, Encoding.MULAW), alaw, "µ-law"),
            (pcm(sound), mulaw, "pcm16"),
            (compress(sound, Encoding.MULAW), plain, "µ-law"),
            (compress(sound, Encoding.ALAW), plain, "A-law"),
            (floats, plain, "32-bit floats"),
            (floats, mulaw, "32-bit floats"),
        ):
            (words,) = told(data, announced)
            assert words.endswith(f"a voice when it is read as {seems}")
        assert told(pcm(sound), plain) == []
        assert told(compress(sound, Encoding.MULAW), mulaw) == []
        assert told(compress(sound, Encoding.ALAW), alaw) == []


def test_samples_of_few_bits_are_no_pairs_of_samples(speak: Speak) -> None:
    sound = resample(speak("Parcel service, how can I help you today?", "en-us"), 24_000, 8_000)
    assert told(pcm((sound >> 8) << 8), PCM8) == []
    assert told(pcm(expand(compress(sound, Encoding.MULAW), Encoding.MULAW)), PCM8) == []
    assert told(pcm(sound // 30), PCM8) == []


def test_silence_and_two_channels_say_nothing() -> None:
    assert told(b"\xff" * 16_000, MULAW) == []
    assert told(bytes(16_000), PCM8) == []
    assert told(bytes(range(256)) * 200, AudioFormat(Encoding.PCM16, 8_000, 2)) == []
