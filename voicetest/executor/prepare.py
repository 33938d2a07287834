"""Makes every scripted line before anyone is called."""

from __future__ import annotations

from pathlib import Path

from voicetest.adapters.base import World
from voicetest.audio.chunk import AudioChunk
from voicetest.audio.edges import clean_edges
from voicetest.audio.effects import amplify
from voicetest.audio.files import read_audio
from voicetest.audio.wav import write_wav
from voicetest.call.microphone import Line
from voicetest.errors import ScenarioError
from voicetest.executor.parts import user_voice
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import PlayStep, UserStep
from voicetest.speech.voices.base import UnspeakableText

__all__ = ["prepare"]


async def prepare(file: ScenarioFile, world: World, folder: Path) -> dict[int, Line]:
    """The line of each step that speaks, by step; their sound is put into `folder`."""
    lines = {}
    for index, step in enumerate(file.scenario.script):
        match step:
            case UserStep():
                voice = world.voice(user_voice(file, step))
                rate = step.rate or file.scenario.user.rate or 1.0
                try:
                    audio = await voice.synthesise(step.user, rate)
                except UnspeakableText as error:
                    problem = file.problem(str(error), "script", index, "user")
                    raise ScenarioError([problem]) from error
                lines[index] = _line(folder, index, "user", step.user, audio)
            case PlayStep():
                audio = amplify(read_audio(step.play), step.gain or 0.0)
                lines[index] = _line(folder, index, "play", step.transcript or "", audio)
            case _:
                pass
    return lines


def _line(folder: Path, step: int, kind: str, text: str, audio: AudioChunk) -> Line:
    """Put a line on disk; its speech edges are found on the clean sound."""
    path = folder / f".step-{step:03}.wav"
    write_wav(path, audio.samples())
    speech = clean_edges(audio.samples())
    return Line(kind, text, path, speech.start, speech.end)
