"""The voices and transcribers a call needs, and which parts of it leave this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from voicetest import registry
from voicetest.adapters.base import Adapter, World
from voicetest.audio.noises.library import FOLDER
from voicetest.errors import Problem, SetupError
from voicetest.registry import NotInstalled, UnknownName
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.messages import find
from voicetest.scenario.steps import (
    BackchannelStep,
    ImproviseStep,
    InterruptStep,
    NoiseStep,
    PlayStep,
    UserStep,
)
from voicetest.speech.transcribers.base import Transcriber
from voicetest.speech.voices.base import Voice, VoiceProvider
from voicetest.speech.voices.espeak import offline_voice

if TYPE_CHECKING:
    from voicetest.audio.recorded import NoSpeech

__all__ = [
    "no_speech",
    "parts_outside",
    "spoken_language",
    "unknown_names",
    "unreadable_recordings",
    "user_outside",
    "user_rate",
    "user_voice",
]

_SPEAKING = (UserStep, InterruptStep, BackchannelStep)


def user_voice(
    file: ScenarioFile, step: UserStep | InterruptStep | BackchannelStep | ImproviseStep
) -> str:
    """The voice of a step that speaks: its own, else the scenario's, else an offline one."""
    own = None if isinstance(step, ImproviseStep) else step.voice
    return own or file.scenario.user.voice or offline_voice(spoken_language(file, step))


def spoken_language(
    file: ScenarioFile, step: UserStep | InterruptStep | BackchannelStep | ImproviseStep
) -> str:
    """The language of a step that speaks: its own, else the scenario's."""
    own = None if isinstance(step, ImproviseStep) else step.language
    return own or file.scenario.language


def user_rate(
    file: ScenarioFile, step: UserStep | InterruptStep | BackchannelStep | ImproviseStep
) -> float:
    """The speaking rate of a step that speaks: its own, else the scenario's, else the usual one."""
    own = None if isinstance(step, ImproviseStep) else step.rate
    return own or file.scenario.user.rate or 1.0


@dataclass(frozen=True)
class _Part:
    """A voice or transcriber and where its name stands in the file."""

    make: Callable[[], Voice | Transcriber]
    at: tuple[str | int, ...]


def unknown_names(file: ScenarioFile, adapter: Adapter, world: World) -> list[Problem]:
    """One problem per voice, transcriber or effect that does not exist.

    Raises SetupError for one whose package is not installed.
    """
    problems = []
    parts = (*_voices(file, adapter, world), *_transcribers(file, adapter, world))
    named: list[tuple[Callable[[], object], tuple[str | int, ...]]] = [
        *((part.make, part.at) for part in parts),
        *_effects(file),
    ]
    for make, at in named:
        try:
            make()
        except UnknownName as error:
            problems.append(file.problem(f"{error}{_with_provider(file, at)}", *at))
        except NotInstalled as error:
            raise SetupError(str(error)) from error
    return problems


def _with_provider(file: ScenarioFile, at: tuple[str | int, ...]) -> str:
    """` (did you mean 'x/name'?)` for a voice that is written without who has it."""
    written = find(file.document.root, at).node
    if at[-1] != "voice" or not isinstance(written, str) or "/" in written:
        return ""
    for provider in registry.names(registry.VOICES):
        try:
            kind: VoiceProvider = registry.load(registry.VOICES, provider)
        except NotInstalled:
            continue
        if written in kind.voices():
            return f" (did you mean '{provider}/{written}'?)"
    return ""


def _voices(file: ScenarioFile, adapter: Adapter, world: World) -> Iterator[_Part]:
    def part(name: str, *at: str | int) -> _Part:
        return _Part(lambda: world.voice(name), at)

    if file.scenario.user.voice is not None:
        yield part(file.scenario.user.voice, "user", "voice")
    for index, step in enumerate(file.scenario.script):
        if isinstance(step, _SPEAKING) and step.voice is not None:
            yield part(step.voice, "script", index, "voice")
    for setting, name in adapter.voices.items():
        yield part(name, "agent", setting)


def _effects(
    file: ScenarioFile,
) -> Iterator[tuple[Callable[[], object], tuple[str | int, ...]]]:
    for index, effect in enumerate(file.scenario.user.effects):
        if effect.custom is not None:
            load = partial(registry.load, registry.EFFECTS, effect.custom)
            yield load, ("user", "effects", index, "custom")


def _transcribers(file: ScenarioFile, adapter: Adapter, world: World) -> Iterator[_Part]:
    def part(name: str, *at: str | int) -> _Part:
        return _Part(lambda: world.transcriber(name, ()), at)

    if file.scenario.transcriber is not None:
        yield part(file.scenario.transcriber.use, "transcriber")
    for setting, name in adapter.transcribers.items():
        yield part(name, "agent", setting)


def unreadable_recordings(file: ScenarioFile) -> list[Problem]:
    """One problem per recording that holds no sound, and per `play:` of one that holds no speech.

    Raises SetupError for one that only ffmpeg could read, where that is not installed.
    """
    spoken: list[tuple[Path, tuple[str | int, ...]]] = []
    played: list[tuple[Path, tuple[str | int, ...]]] = []
    for index, step in enumerate(file.scenario.script):
        match step:
            case PlayStep():
                spoken.append((step.play, ("script", index, "play")))
            case NoiseStep() if step.noise.parent != FOLDER:
                played.append((step.noise, ("script", index, "noise")))
            case _:
                pass
    behind = file.scenario.user.background
    if behind is not None and isinstance(behind.sound, Path):
        played.append((behind.sound, ("user", "background", "sound")))
    found = [
        *(_unreadable(file, path, at, speaks=True) for path, at in spoken),
        *(_unreadable(file, path, at) for path, at in played),
    ]
    return [problem for problem in found if problem is not None]


def _unreadable(
    file: ScenarioFile, path: Path, at: tuple[str | int, ...], *, speaks: bool = False
) -> Problem | None:
    # Slow to import, and few scenarios play recordings.
    from voicetest.audio.files import NeedsFfmpeg, UnreadableAudio, read_audio
    from voicetest.audio.recorded import NoSpeech, speech_in

    try:
        held = speech_in(path) if speaks else read_audio(path)
    except NeedsFfmpeg as error:
        raise SetupError(str(file.problem(str(error), *at))) from error
    except UnreadableAudio as error:
        return file.problem(str(error), *at)
    return file.problem(no_speech(path, held), *at) if isinstance(held, NoSpeech) else None


def no_speech(path: Path, held: NoSpeech) -> str:
    """What is wrong with a `play:` of such a recording, and what to write instead."""
    instead = "'silence: 3s'" if held.silent else f"'noise: {path.name}'"
    return (
        f"no speech is found in '{path.name}': it holds {held.holds}; "
        f"'play:' is for recorded words, write {instead} for what is none"
    )


def parts_outside(file: ScenarioFile, adapter: Adapter, world: World) -> tuple[str, ...]:
    """What acts during the call and is not local, by its place in the file.

    The user does not count: its lines are made before the call, but for `user_outside`.
    """
    during = (
        *(part for part in _voices(file, adapter, world) if part.at[0] == "agent"),
        *_transcribers(file, adapter, world),
    )
    remote = [".".join(map(str, part.at)) for part in during if not part.make().local]
    return (*(adapter.sockets if world.offline else adapter.outside), *remote)


def user_outside(file: ScenarioFile, world: World) -> tuple[str, ...]:
    """What of a user who makes up the lines of the call leaves this process, by its place."""
    steps = (step for step in file.scenario.script if isinstance(step, ImproviseStep))
    step, model = next(steps, None), file.scenario.user.model
    if step is None or model is None:
        return ()
    voice = user_voice(file, step)
    far = () if world.voice(voice).local else (f"user.voice ({voice})",)
    return (f"user.model ({model.use})", *far)
