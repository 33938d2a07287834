"""What voices and ears do not know of a scenario's languages, told before the call."""

from __future__ import annotations

from collections.abc import Iterator

from voicetest.adapters.base import OFFLINE_EARS, Adapter, World
from voicetest.errors import Problem
from voicetest.executor.parts import spoken_language, user_voice
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import BackchannelStep, InterruptStep, UserStep
from voicetest.speech.voices.espeak import offline_voice, spoken_by
from voicetest.speech.words.languages import FOLDED

__all__ = ["language_warnings"]

_SPEAKING = (UserStep, InterruptStep, BackchannelStep)


def language_warnings(
    file: ScenarioFile, adapter: Adapter, world: World, *, simulated: bool
) -> tuple[Problem, ...]:
    """One warning for each thing that does not know the language it has to deal with.

    `simulated` says that an embedded agent with the offline ears takes the agent's place.
    """
    return (
        *_unfolded(file),
        *_voiceless(file),
        *_deaf(file, adapter, world, simulated=simulated),
        *_transcribed(file, world),
    )


def _unfolded(file: ScenarioFile) -> Iterator[Problem]:
    language = file.scenario.language
    if _base(language) not in FOLDED:
        known = ", ".join(sorted(FOLDED))
        message = (
            f"numbers are not folded in '{language}': write them as the agent's words have them "
            f"(folded in {known})"
        )
        yield file.problem(message, "language")


def _voiceless(file: ScenarioFile) -> Iterator[Problem]:
    scenario = file.scenario
    if scenario.user.voice is None and _base(scenario.language) != "en":
        voice = offline_voice(scenario.language)
        if spoken_by(voice.removeprefix("espeak/")) == "en":
            message = f"there is no offline voice for '{scenario.language}': set user.voice"
            yield file.problem(message, "language")


def _deaf(
    file: ScenarioFile, adapter: Adapter, world: World, *, simulated: bool
) -> Iterator[Problem]:
    """Ears that hear a language they do not know."""
    spoken, at = _foreign(file)
    if not spoken:
        return
    ears = dict.fromkeys(adapter.transcribers.values())
    if simulated:
        ears[OFFLINE_EARS] = None
    for name in ears:
        known = world.transcriber(name, ()).languages
        if known is not None and spoken not in known:
            message = (
                f"{name} knows no language but {', '.join(sorted(known))}: what the user says in "
                f"'{spoken}' will not be understood by this agent"
            )
            yield file.problem(message, *at)


def _transcribed(file: ScenarioFile, world: World) -> Iterator[Problem]:
    """A transcriber of the agent's words that does not know their language."""
    wanted, language = file.scenario.transcriber, _base(file.scenario.language)
    if wanted is None:
        return
    known = world.transcriber(wanted.use, ()).languages
    if known is not None and language not in known:
        message = (
            f"{wanted.use} knows no language but {', '.join(sorted(known))}: what the agent "
            f"says in '{language}' will be misheard"
        )
        yield file.problem(message, "transcriber")


def _foreign(file: ScenarioFile) -> tuple[str, tuple[str | int, ...]]:
    """The first language of the user that is not English, and where it stands; empty for none."""
    for index, step in enumerate(file.scenario.script):
        if not isinstance(step, _SPEAKING):
            continue
        voice = user_voice(file, step)
        tongues = [spoken_language(file, step)]
        if voice.startswith("espeak/"):
            tongues.append(spoken_by(voice.removeprefix("espeak/")))
        for language in map(_base, tongues):
            if language != "en":
                return language, ("script", index)
    return "", ()


def _base(language: str) -> str:
    return language.casefold().partition("-")[0]
