"""Serves a platform's wire with an embedded agent behind it, until it is interrupted."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from voicetest import registry
from voicetest.adapters.base import OFFLINE_EARS, OFFLINE_VOICE
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.clock import Clock, run
from voicetest.errors import ExitCode, SetupError
from voicetest.registry import NotInstalled, UnknownName
from voicetest.scenario.load import load_model
from voicetest.simulators.base import Simulator
from voicetest.speech.cache import Cache, default_folder
from voicetest.speech.providers import Speech
from voicetest.transports.base import is_this_machine

__all__ = ["simulate"]

_ENDS = {
    signal.SIGINT: ExitCode.PASSED,
    signal.SIGTERM: ExitCode.TERMINATED,
    **({} if sys.platform == "win32" else {signal.SIGHUP: ExitCode.HUNG_UP}),
}


def simulate(
    target: str,
    agent: Path,
    host: str,
    port: int,
    tell: Callable[[str], None],
    stt: str = OFFLINE_EARS,
    tts: str = OFFLINE_VOICE,
) -> ExitCode:
    """Answer calls to `<adapter>[:<preset>]` until a signal comes; `tell` gets lines to print.

    What to exit with: Ctrl-C is how it is meant to end. Raises ScenarioError for a dialogue with
    mistakes and SetupError for all else that keeps it from listening.
    """
    dialogue = load_model(Dialogue, agent)
    with Speech(Cache(default_folder())) as speech:
        try:
            ears, voice = speech.transcriber(stt, dialogue.phrases), speech.voice(tts)
            simulator = _simulator(target, AgentRecipe.follows(dialogue, ears, voice))
        except (UnknownName, NotInstalled, ValueError) as error:
            raise SetupError(str(error)) from error
        return run(_serve(simulator, host, port, tell), Clock.REAL)


def _simulator(target: str, agent: AgentRecipe) -> Simulator:
    name, _, preset = target.partition(":")
    kind: type[Simulator] = registry.load(registry.SIMULATORS, name)
    if preset and preset not in kind.presets:
        hint = registry.nearest(preset, kind.presets)
        known = ", ".join(kind.presets) or "none"
        raise UnknownName(f"'{name}' has no preset '{preset}'{hint}; there is: {known}")
    return kind.of_preset(preset or None, agent)


async def _serve(
    simulator: Simulator, host: str, port: int, tell: Callable[[str], None]
) -> ExitCode:
    ended: asyncio.Future[ExitCode] = asyncio.get_running_loop().create_future()

    def end(code: ExitCode) -> None:
        if not ended.done():
            ended.set_result(code)

    for number, code in _ENDS.items():
        if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, end, code)
    try:
        async with simulator.listen(host, port) as url:
            if not is_this_machine(host):
                tell(f"anybody who can reach {host} can call this agent")
            for address in simulator.addresses(url):
                tell(address)
            tell("Ctrl-C ends it")
            return await ended
    except OSError as error:
        message = f"cannot listen on {host}:{port}: {error.strerror or error}"
        raise SetupError(f"{message}; choose another with --host and --port") from error
