from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Speak
from voicetest.adapters.base import World
from voicetest.audio.chunk import Samples
from voicetest.audio.dtmf import tones
from voicetest.audio.wav import write_wav
from voicetest.errors import SetupError
from voicetest.executor.parts import parts_outside, unknown_names, unreadable_recordings
from voicetest.executor.plan import resolve
from voicetest.scenario.load import ScenarioFile, load_scenario
from voicetest.speech.providers import Speech

HEAD = "version: 1\nagent: {adapter: composable, stt: pocketsphinx, tts: espeak/en-us, llm: a/b}\n"


def _load(folder: Path, text: str) -> ScenarioFile:
    file = folder / "scenario.yaml"
    file.write_text(HEAD + text)
    return load_scenario(file)


@pytest.fixture
def world(speech: Speech) -> World:
    return World(speech.voice, speech.transcriber, speech.cache)


def test_every_unknown_voice_and_transcriber_is_told_at_its_place(
    tmp_path: Path, world: World
) -> None:
    file = _load(
        tmp_path,
        "user: {voice: espeak/en-uk}\n"
        "transcriber: pocketsfinx\n"
        "script:\n  - user: Hello.\n    voice: espaek/en-us\n",
    )
    problems = unknown_names(file, resolve(file.scenario.agent, file.document), world)
    assert [(problem.line, problem.column) for problem in problems] == [(3, 15), (7, 12), (4, 14)]
    assert "did you mean 'espeak'" in problems[1].message
    assert "did you mean 'pocketsphinx'" in problems[2].message


def test_names_that_exist_are_no_problem(tmp_path: Path, world: World) -> None:
    file = _load(tmp_path, "user: {voice: espeak/en-us+f2}\nscript: [agent]\n")
    assert unknown_names(file, resolve(file.scenario.agent, file.document), world) == []


def test_a_language_model_is_outside_and_offline_speech_is_not(
    tmp_path: Path, world: World
) -> None:
    file = _load(tmp_path, "transcriber: pocketsphinx\nscript: [agent]\n")
    assert parts_outside(file, resolve(file.scenario.agent, file.document), world) == (
        "agent.llm (a/b)",
    )


def test_a_recording_without_sound_is_told_at_its_place(tmp_path: Path, speak: Speak) -> None:
    write_wav(tmp_path / "good.wav", speak("Hello there.", "en-us"))
    write_wav(tmp_path / "empty.wav", np.ones(0, np.int16))
    file = _load(tmp_path, "script:\n  - play: good.wav\n  - play: empty.wav\n")
    (problem,) = unreadable_recordings(file)
    assert (problem.line, problem.column) == (5, 11)
    assert "no sound" in problem.message


@pytest.mark.parametrize(
    ("sound", "says"),
    [
        (np.zeros(24_000, np.int16), "holds silence, nothing louder than -60 dBFS; 'play:' is for"),
        (tones("123"), "holds tones; 'play:' is for recorded words, write 'noise: odd.wav'"),
        (
            np.random.default_rng(1).normal(0, 900, 48_000).astype(np.int16),
            "holds noise or music; 'play:' is for recorded words, write 'noise: odd.wav'",
        ),
    ],
)
def test_a_recording_in_which_nobody_speaks_is_refused_as_words_and_taken_as_noise(
    tmp_path: Path, sound: Samples, says: str
) -> None:
    write_wav(tmp_path / "odd.wav", sound)
    (problem,) = unreadable_recordings(_load(tmp_path, "script:\n  - play: odd.wav\n"))
    assert (problem.line, problem.column) == (4, 11)
    assert "no speech is found in 'odd.wav'" in problem.message
    assert says in problem.message
    assert unreadable_recordings(_load(tmp_path, "script:\n  - noise: odd.wav\n")) == []


def test_a_recording_that_needs_ffmpeg_says_so_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hello.mp3").write_bytes(b"ID3 whatever")
    file = _load(tmp_path, "script:\n  - play: hello.mp3\n")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SetupError, match=r"scenario.yaml:4:11: .*install ffmpeg"):
        unreadable_recordings(file)


def test_an_effect_that_nobody_provides_is_a_problem_at_its_line(
    tmp_path: Path, world: World
) -> None:
    file = _load(tmp_path, "user:\n  effects: [phone, {custom: growl}]\nscript: [agent]\n")
    problems = unknown_names(file, resolve(file.scenario.agent, file.document), world)
    (found,) = [p for p in problems if "growl" in p.message]
    assert found.line == 4
