from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from voicetest.audio.chunk import INTERNAL, AudioChunk
from voicetest.registry import UnknownName
from voicetest.speech.voices.base import UnspeakableText
from voicetest.speech.voices.espeak import EspeakVoice
from voicetest.speech.voices.espeak_library import phonemes, speak
from voicetest.speech.workers import Workers

TEXT = "Yes, the invoice number is four five two one."

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(size=1) as workers:
        yield workers


def _say(workers: Workers, text: str, voice: str = "en-us", rate: float = 1.0) -> AudioChunk:
    return asyncio.run(EspeakVoice(voice, workers).synthesise(text, rate))


def test_the_same_text_is_the_same_bytes_in_any_process_at_any_second(workers: Workers) -> None:
    voices = ("en-us", "en-us+f2", "en-us+whisper", "en-us+klatt2")
    first = [_say(workers, TEXT, voice) for voice in voices]
    # The library would seed its noise with the time of day, in whole seconds.
    time.sleep(1.01)
    assert [_say(workers, TEXT, voice) for voice in voices] == first
    with Workers(size=1) as others:
        assert [_say(others, TEXT, voice) for voice in voices] == first


def test_the_sound_is_whole_and_not_clipped(workers: Workers) -> None:
    sound = _say(workers, TEXT)
    assert sound.format == INTERNAL
    assert 2 < sound.duration < 5
    peak = np.abs(sound.samples().astype(int)).max()
    assert 8_000 < peak < 32_767


def test_speech_begins_and_ends_10_ms_inside_its_sound(workers: Workers) -> None:
    samples = _say(workers, TEXT).samples().astype(int)
    audible = np.flatnonzero(np.abs(samples) > 30)
    assert audible[0] / 24_000 == pytest.approx(0.010, abs=0.005)
    assert (len(samples) - audible[-1]) / 24_000 == pytest.approx(0.010, abs=0.005)


def test_the_rate_is_a_factor_of_the_usual_one(workers: Workers) -> None:
    slow, usual, fast = (_say(workers, TEXT, rate=rate).duration for rate in (0.6, 1.0, 1.8))
    assert slow > 1.3 * usual > 1.3 * 1.3 * fast


@pytest.mark.parametrize("rate", [0.25, 0.47, 2.8])
def test_a_rate_out_of_bounds_is_refused(workers: Workers, rate: float) -> None:
    with pytest.raises(UnspeakableText, match=f"0.48 to 2.73, not {rate}"):
        _say(workers, TEXT, rate=rate)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("press [[b]] now", "press now"),
        ("5 < 6 & 7 > 2", "5 6 7 2"),
    ],
)
def test_what_is_no_tag_is_spoken_as_text(workers: Workers, text: str, plain: str) -> None:
    assert _say(workers, text).duration > 1.2 * _say(workers, plain).duration


@pytest.mark.parametrize(
    ("text", "plain"), [("<speak>yes</speak>", "yes"), ("one <break time='5s'/> two", "one two")]
)
def test_tags_are_not_spoken(workers: Workers, text: str, plain: str) -> None:
    assert _say(workers, text) == _say(workers, plain)


def test_a_number_is_spoken_digit_by_digit(workers: Workers) -> None:
    assert _say(workers, "It is 4521.") == _say(workers, "It is four five two one.")


@pytest.mark.parametrize(
    "text", ["tab\there", "line\nbreak", "bell \x01 5S \x00 end", "half \ud800"]
)
def test_control_characters_are_harmless(workers: Workers, text: str) -> None:
    assert _say(workers, text).duration > 0.3


@pytest.mark.parametrize("text", ["", "   ", "..."])
def test_text_without_sound_is_refused(workers: Workers, text: str) -> None:
    with pytest.raises(UnspeakableText, match="no sound"):
        _say(workers, text)


@pytest.mark.parametrize("voice", ["en", "en-gb", "en-us-nyc", "fr-fr", "de+f3", "EN-US".lower()])
def test_voices_by_any_name_that_espeak_gives_them(workers: Workers, voice: str) -> None:
    assert _say(workers, "one two", voice).duration > 0.3


@pytest.mark.parametrize(
    ("voice", "hint"),
    [
        ("en-uss", "'en-us'"),
        ("en-us+f99", r"no variant '\+f99'"),
        ("", "no language ''"),
        ("en-us+", r"no variant '\+'"),
    ],
)
def test_an_unknown_voice_is_named_with_the_nearest(
    workers: Workers, voice: str, hint: str
) -> None:
    with pytest.raises(UnknownName, match=hint):
        EspeakVoice(voice, workers)


def test_all_voices_are_listed() -> None:
    listed = EspeakVoice.voices()
    assert {"en-us", "en-gb", "de", "+f2", "+m3"} <= set(listed)


def test_words_are_placed_in_the_sound() -> None:
    text = "Hello there, my friend."
    spoken = speak("gmw/en-US", text, 165)
    assert [text[w.start : w.start + w.length] for w in spoken.words] == [
        "Hello", "there", "my", "friend",
    ]  # fmt: skip
    onsets = [word.onset for word in spoken.words]
    assert onsets[0] == pytest.approx(0.010, abs=0.001)
    assert onsets == sorted(onsets)
    assert onsets[-1] < len(spoken.data) / 48_000


def test_words_can_be_had_as_phonemes() -> None:
    assert phonemes("gmw/en-US", ("bird", "no")) == ("b ˈɜː d", "n ˈoʊ")  # noqa: RUF001


def test_copies_of_the_library_do_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    speak("gmw/en-US", "hello", 165)
    assert list(tmp_path.iterdir()) == []
    maps = Path("/proc/self/maps")
    assert not maps.exists() or str(tmp_path) not in maps.read_text()
