"""What takes the place of everything that would leave this machine: `--offline`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from voicetest import registry
from voicetest.adapters.base import OFFLINE_EARS, OFFLINE_VOICE, Adapter, Serve, World
from voicetest.agents.dialogue import Dialogue, DialogueFile
from voicetest.clock import Clock
from voicetest.errors import Problem, ScenarioError, SetupError
from voicetest.executor.kept_voices import KeptVoice, kept_voices
from voicetest.executor.parts import parts_outside
from voicetest.scenario.load import ScenarioFile, build
from voicetest.scenario.nodes import Mapping
from voicetest.scenario.section import Section
from voicetest.speech.cache import CachedVoice
from voicetest.speech.transcribers.base import Transcriber
from voicetest.speech.voices.base import Voice
from voicetest.speech.voices.espeak import offline_voice

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from voicetest.simulators.base import Simulator

__all__ = ["offline_adapter", "offline_world", "simulated", "simulator_dialogue"]

_EARS_FOR_ANY_VOICE = "pocketsphinx"


class _Simulated(Section):
    simulator: DialogueFile | None = None


def simulator_dialogue(file: ScenarioFile) -> Dialogue | None:
    """The dialogue that a scenario names for `--offline`; raises ScenarioError for its mistakes."""
    written = file.scenario.agent.simulator
    if written is None:
        return None
    return build(_Simulated, Mapping([("simulator", written)]), file.document).simulator


def offline_world(world: World, file: ScenarioFile) -> tuple[World, tuple[Problem, ...]]:
    """A world in which voices and transcribers that would leave this machine are replaced.

    A voice that has said all its lines before says them again, from the cache; ears that know
    nothing but espeak then give way to those for any voice. Also gives what the user should know.
    """
    kept, warnings = kept_voices(file, world)

    def voice(name: str) -> Voice:
        wanted = world.voice(name)
        if wanted.local:
            return wanted
        instead = world.voice(OFFLINE_VOICE)
        return KeptVoice(CachedVoice(wanted, world.cache), instead) if name in kept else instead

    def transcriber(name: str, phrases: tuple[str, ...]) -> Transcriber:
        wanted = world.transcriber(name, phrases)
        chosen = name if wanted.local else OFFLINE_EARS
        # Only who listens to the user knows phrases.
        if kept and phrases and chosen == OFFLINE_EARS:
            chosen = _EARS_FOR_ANY_VOICE
        return world.transcriber(chosen, phrases)

    return replace(world, voice=voice, transcriber=transcriber, offline=True), warnings


def offline_adapter(
    file: ScenarioFile, adapter: Adapter, world: World, dialogue: Dialogue | None
) -> Adapter:
    """The adapter to use; one whose platform a simulator can play is used as it is.

    Raises ScenarioError where a dialogue is needed and there is none, or nothing can play it.
    """
    instead = adapter.offline(dialogue, local=not parts_outside(file, adapter, world))
    if instead is not None:
        return instead
    if dialogue is None:
        raise ScenarioError([_unsimulated(file)])
    name = file.scenario.agent.adapter
    if name not in registry.names(registry.SIMULATORS):
        problem = f"--offline: there is no simulator for '{name}'"
        raise ScenarioError([file.problem(problem, "agent", "adapter")])
    return adapter


def _unsimulated(file: ScenarioFile) -> Problem:
    message = (
        "--offline needs an agent to call instead: add 'simulator:' here, with a dialogue or the "
        "name of its file"
    )
    return file.problem(message, "agent")


def simulated(
    file: ScenarioFile, adapter: Adapter, world: World, dialogue: Dialogue | None, clock: Clock
) -> World:
    """A world whose dialling leads to a simulator, over a socket if time is real.

    Requests to the platform are answered in this process.
    """
    name = file.scenario.agent.adapter
    if dialogue is None or name not in registry.names(registry.SIMULATORS):
        return world
    # Not needed to validate a scenario, and slow to import.
    from voicetest.agents.recipe import AgentRecipe
    from voicetest.simulators.offline import addressed, in_memory, in_process, on_loopback

    try:
        kind = registry.load(registry.SIMULATORS, name)
        ears = world.transcriber(OFFLINE_EARS, dialogue.phrases)
        language = dialogue.language or file.scenario.language
        dialogue = dialogue.model_copy(update={"language": language})
        mouth = world.voice(offline_voice(language))
        recipe = AgentRecipe.follows(dialogue, ears, mouth, world.told)
        simulator = kind.behind(adapter, recipe)
    except registry.NotInstalled as error:
        raise SetupError(str(error)) from error
    except ValueError as error:
        raise ScenarioError([file.problem(str(error), "agent", "simulator")]) from error
    dial = on_loopback(simulator) if clock is Clock.REAL else in_memory(simulator)
    world = replace(world, address=addressed(simulator))
    if simulator.web is None:
        return replace(world, dial=dial)
    http = in_process(simulator.web, simulator.taking_calls)
    return replace(world, dial=dial, http=http, serve=_called_back_by(simulator))


def _called_back_by(simulator: Simulator) -> Serve:
    """Serves applications for a simulator without a socket; it works while it has one to call."""
    from voicetest.transports.local_web import LocalWeb

    web = LocalWeb()

    @asynccontextmanager
    async def serve(app: ASGIApp, host: str, port: int) -> AsyncIterator[int]:
        async with web.serve(app, host, port) as found, simulator.working(web.http, web.dial):
            yield found

    return serve
