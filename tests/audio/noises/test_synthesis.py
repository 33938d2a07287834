from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicetest.audio.chunk import INTERNAL, AudioFormat, Encoding, Samples
from voicetest.audio.dtmf import DtmfDetector
from voicetest.audio.files import read_audio
from voicetest.audio.noises.__main__ import main
from voicetest.audio.noises.library import names, path
from voicetest.audio.noises.synthesis import NOISES, noise
from voicetest.audio.vad import detect

RATE = INTERNAL.rate


def _alone(sound: Samples) -> Samples:
    return np.pad(sound, RATE)


def _centre(sound: Samples) -> float:
    """Mean frequency in hertz, by power."""
    power = np.square(np.abs(np.fft.rfft(sound.astype(float))))
    return float(np.average(np.fft.rfftfreq(len(sound), 1 / RATE), weights=power))


def _bursts(sound: Samples) -> int:
    """How often it rises from 20 dB below its loudest 10 ms to 8 dB below."""
    frames = sound[: len(sound) // 240 * 240].astype(float).reshape(-1, 240)
    level = 10 * np.log10(np.square(frames).mean(axis=1) + 1)
    count, quiet = 0, True
    for frame in level - level.max():
        if quiet and frame > -8:
            count, quiet = count + 1, False
        quiet = quiet or frame < -20
    return count


def test_made_anew_the_files_are_the_shipped_ones(tmp_path: Path) -> None:
    main(tmp_path)
    main(tmp_path)
    assert sorted(file.stem for file in tmp_path.iterdir()) == list(names())
    for name in names():
        assert (tmp_path / f"{name}.wav").read_bytes() == path(name).read_bytes()


@pytest.mark.parametrize("name", NOISES)
def test_a_noise_is_short_loud_and_whole(name: str) -> None:
    chunk = read_audio(path(name))
    assert chunk.format == AudioFormat(Encoding.PCM16, 24_000)
    assert 0.2 <= chunk.duration <= 1.2
    sound = chunk.samples()
    assert (sound == noise(name)).all()
    assert 20 * np.log10(np.abs(sound.astype(int)).max() / 32_768) == pytest.approx(-6, abs=0.01)
    assert abs(int(sound[0])) < 100
    assert abs(int(sound[-1])) < 10
    assert abs(sound.mean()) < 50


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("softer", [1, 4])
def test_no_noise_is_taken_for_speech_or_for_a_key(name: str, softer: int) -> None:
    sound = _alone((noise(name) // softer).astype(np.int16))
    assert detect(sound) == []
    assert DtmfDetector().feed(sound) == []


def test_a_door_is_low_and_keys_are_high() -> None:
    centres = {name: _centre(noise(name)) for name in NOISES}
    assert min(centres, key=lambda name: centres[name]) == "door"
    assert centres["door"] < 400
    assert centres["keyboard"] > 1_500
    assert 500 < centres["dog"] < 2_000


@pytest.mark.parametrize(("name", "bursts"), [("clap", 1), ("cough", 2), ("dog", 2), ("door", 1)])
def test_a_noise_comes_as_often_as_it_should(name: str, bursts: int) -> None:
    assert _bursts(noise(name)) == bursts


def test_a_horn_has_two_notes() -> None:
    sound = noise("horn")[2_400:16_800].astype(float)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), RATE))
    low = spectrum[300:620]
    assert 300 + int(low[:160].argmax()) == pytest.approx(420, abs=2)
    assert 460 + int(low[160:].argmax()) == pytest.approx(505, abs=2)
