"""Recordings as telephone teams have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import Speak
from voicetest.audio.chunk import Samples
from voicetest.audio.dtmf import tones
from voicetest.audio.files import UnreadableAudio
from voicetest.audio.recorded import NoSpeech, looked_at, speech_in, speech_of, take_over
from voicetest.audio.segment import Segment
from voicetest.audio.wav import write_wav

RATE = 24_000
PAD_S = 1.5
Wave = NDArray[np.float64]


def _padded(line: Samples) -> Wave:
    pad = np.zeros(round(PAD_S * RATE))
    return np.concatenate((pad, line.astype(np.float64), pad))


def _noise(length: int, level: float) -> Wave:
    return np.random.default_rng(1).normal(0, level, length)


def _loudest(wave: Wave) -> float:
    return float(np.sqrt(np.square(wave[: len(wave) // 240 * 240].reshape(-1, 240)).mean(1).max()))


def _floor(wave: Wave, below_db: float) -> Wave:
    return wave + _noise(len(wave), _loudest(wave) * 10 ** (-below_db / 20))


def _hum(wave: Wave) -> Wave:
    times = np.arange(len(wave)) / RATE
    return np.asarray(
        wave + 300 * np.sin(2 * np.pi * 50 * times) + 150 * np.sin(2 * np.pi * 150 * times)
    )


def _click(wave: Wave) -> Wave:
    clicked = wave.copy()
    clicked[len(wave) - 200 :][:24] = 12_000
    return clicked


SPOILT: dict[str, Callable[[Wave], Wave]] = {
    "as it is": lambda wave: wave,
    "an offset": lambda wave: wave + 328,
    "a click behind": _click,
    "hum": _hum,
    "noise 50 dB below": lambda wave: _floor(wave, 50),
    "noise 40 dB below": lambda wave: _floor(wave, 40),
    "noise 30 dB below": lambda wave: _floor(wave, 30),
}


def _pcm(wave: Wave) -> Samples:
    return np.clip(np.rint(wave), -32_768, 32_767).astype(np.int16)


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("voice", ["en-us", "en-us+f2", "en+f4"])
def test_what_is_around_the_words_of_a_recording_does_not_move_their_edges(
    speak: Speak, voice: str, how: str
) -> None:
    line = speak("I was charged twice for my March invoice.", voice)
    found = speech_of(_pcm(SPOILT[how](_padded(line))))
    assert isinstance(found, Segment)
    assert found.start == pytest.approx(PAD_S + 0.01, abs=0.030)
    # Its last consonant is soft: in noise it ends where it drowns.
    assert found.end == pytest.approx(PAD_S + len(line) / RATE - 0.01, abs=0.100)


def test_a_word_of_one_sound_that_is_cut_out_tightly_is_speech(speak: Speak) -> None:
    for text in ("No.", "Oh.", "A.", "Hm, no."):
        assert isinstance(speech_of(speak(text, "en-us")), Segment), text


def _square(seconds: float, *hertz: float) -> Samples:
    times = np.arange(round(seconds * RATE)) / RATE
    return _pcm(np.asarray(sum(5_000 * np.sin(2 * np.pi * f * times) for f in hertz)))


@pytest.mark.parametrize(
    ("sound", "holds"),
    [
        (np.zeros(RATE, np.int16), "silence"),
        (np.full(RATE, 900, np.int16), "silence"),
        (np.zeros(0, np.int16), "silence"),
        (_pcm(_noise(RATE * 2, 8)), "silence"),
        (_pcm(_noise(RATE * 3, 900)), "noise or music"),
        (_square(3, 440, 480), "tones"),
        (_square(0.3, 1_000), "tones"),
        (tones("1"), "tones"),
    ],
)
def test_what_holds_no_speech_is_called_what_it_is(sound: Samples, holds: str) -> None:
    found = speech_of(sound)
    assert isinstance(found, NoSpeech)
    assert found.holds.startswith(holds)
    assert found.silent == (holds == "silence")


def test_a_file_that_was_changed_is_looked_at_anew(tmp_path: Path, speak: Speak) -> None:
    path = tmp_path / "line.wav"
    write_wav(path, np.zeros(RATE, np.int16))
    assert isinstance(speech_in(path), NoSpeech)
    path.unlink()
    write_wav(path, speak("Hello, is anyone there?", "en-us"))
    assert isinstance(speech_in(path), Segment)


def test_a_file_that_is_not_there_is_told_as_any_other(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudio, match="cannot be read"):
        speech_in(tmp_path / "none.wav")


def test_what_one_process_has_found_another_need_not_look_for(tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    write_wav(path, np.zeros(24_000, dtype=np.int16))
    assert isinstance(speech_in(path), NoSpeech)
    (key,) = [key for key in looked_at() if key[0] == path]
    take_over({key: Segment(0.25, 0.5)})
    assert speech_in(path) == Segment(0.25, 0.5)
    path.unlink()
    write_wav(path, np.zeros(12_000, dtype=np.int16))
    assert isinstance(speech_in(path), NoSpeech)
