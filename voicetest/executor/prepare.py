"""Makes everything the user will put on the line, before anyone is called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicetest.adapters.base import World
from voicetest.audio.chunk import AudioChunk
from voicetest.audio.dtmf import tones
from voicetest.audio.edges import clean_edges
from voicetest.audio.effects import Echo, Effect, Gain, Phone, Robotic, amplify, chain, custom
from voicetest.audio.files import read_audio
from voicetest.audio.recorded import NoSpeech, speech_in
from voicetest.audio.segment import Segment
from voicetest.audio.wav import write_wav
from voicetest.call.line import Line, LineKind
from voicetest.errors import ScenarioError
from voicetest.executor.parts import no_speech, user_rate, user_voice
from voicetest.scenario.acoustics import Effect as EffectSection
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import (
    BackchannelStep,
    DtmfStep,
    ImproviseStep,
    InterruptStep,
    NoiseStep,
    PlayStep,
    UserStep,
)
from voicetest.speech.voices.base import UnspeakableText

__all__ = ["LineMaker", "prepare"]

_SAMPLE = "I would like to ask you something about my account."


async def prepare(file: ScenarioFile, world: World, folder: Path) -> dict[int, Line]:
    """The line of each step that makes a sound, by step; their sound is put into `folder`."""
    maker = LineMaker(file, world, folder)
    lines = {}
    for index, step in enumerate(file.scenario.script):
        match step:
            case UserStep():
                lines[index] = await maker.speech(index, "user", step.user, step)
            case InterruptStep():
                lines[index] = await maker.speech(index, "interrupt", step.interrupt, step)
            case BackchannelStep():
                lines[index] = await maker.speech(index, "backchannel", step.backchannel, step)
            case ImproviseStep():
                # Never said: it gets the voice ready, and is as loud as what will be.
                lines[index] = await maker.speech(index, "improvise", _SAMPLE, step)
            case PlayStep():
                lines[index] = await maker.recording(index, step)
            case NoiseStep():
                audio = read_audio(step.noise)
                lines[index] = maker.line(index, "noise", f"[{step.noise.stem}]", audio)
            case DtmfStep():
                keys = AudioChunk.of(tones(step.dtmf))
                text = f"[keys {step.dtmf}]"
                lines[index] = maker.line(index, "dtmf", text, keys, step.dtmf)
            case _:
                pass
    return lines


@dataclass(frozen=True)
class LineMaker:
    """Makes sound into lines; their files are put into `folder`."""

    file: ScenarioFile
    world: World
    folder: Path

    async def speech(
        self,
        index: int,
        kind: LineKind,
        text: str,
        step: UserStep | InterruptStep | BackchannelStep | ImproviseStep,
    ) -> Line:
        """A line in the user's voice."""
        voice = self.world.voice(user_voice(self.file, step))
        rate = user_rate(self.file, step)
        try:
            audio = await voice.synthesise(text, rate)
            said = await voice.said(text, rate)
        except UnspeakableText as error:
            problem = self.file.problem(str(error), "script", index, kind)
            raise ScenarioError([problem]) from error
        return self.line(index, kind, text, audio, said=said if said != text else None)

    async def recording(self, index: int, step: PlayStep) -> Line:
        """A line that was recorded; its edges are those of the speech in it."""
        audio = amplify(read_audio(step.play), step.gain or 0.0)
        text = step.transcript or await self.transcript(audio)
        found = speech_in(step.play)
        if isinstance(found, NoSpeech):
            # It was looked at before; the file was changed since.
            raise ScenarioError(
                [self.file.problem(no_speech(step.play, found), "script", index, "play")]
            )
        return self.line(index, "play", text, audio, speech=found)

    async def transcript(self, audio: AudioChunk) -> str:
        """The words of a recording, by the scenario's transcriber if it names one."""
        transcriber = self.file.scenario.transcriber
        if transcriber is None:
            return ""
        return await self.world.transcriber(transcriber.use, ()).transcribe(audio)

    def line(
        self,
        step: int,
        kind: LineKind,
        text: str,
        audio: AudioChunk,
        keys: str = "",
        said: str | None = None,
        number: int = 0,
        speech: Segment | None = None,
    ) -> Line:
        """Put a line on disk, clean and with effects; its speech edges are those of the clean.

        `number` is for a step with several lines; `speech` is where it is if there is more than
        speech in the sound.
        """
        name = f".step-{step:03}-{number:03}" if number else f".step-{step:03}"
        clean, wire = self.folder / f"{name}.wav", self.folder / f"{name}-wire.wav"
        samples = audio.samples()
        write_wav(clean, samples)
        effects = () if kind == "dtmf" else self.file.scenario.user.effects
        if effects:
            random = np.random.default_rng(
                [self.file.scenario.seed, step, *([number] if number else [])]
            )
            samples = chain([_effect(effect) for effect in effects], samples, random)
            write_wav(wire, samples)
        speech = speech or clean_edges(audio.samples())
        return Line(
            kind=kind,
            text=text,
            clean=clean,
            wire=wire if effects else clean,
            speech_start_s=speech.start,
            speech_end_s=speech.end,
            keys=keys,
            said=said,
        )


def _effect(written: EffectSection) -> Effect:
    match written:
        case EffectSection(phone=True):
            return Phone()
        case EffectSection(robotic=True):
            return Robotic()
        case EffectSection(gain=float(level)):
            return Gain(level)
        case EffectSection(echo=float(delay)):
            return Echo(delay)
        case EffectSection(custom=str(name)):
            return custom(name)
        case _:
            raise ValueError("an effect without a key")
