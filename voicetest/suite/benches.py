"""The agents that calibration calls, one for each adapter that can be calibrated."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from voicetest.adapters.websocket import WebSocketAgentAdapter
from voicetest.agents.agent import EmbeddedAgent
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.rules import DialogueMind
from voicetest.agents.truth import Spoke
from voicetest.errors import SetupError
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.raw_pcm import RawPcm
from voicetest.registry import nearest
from voicetest.simulators.websocket import serve_agent
from voicetest.speech.providers import Speech
from voicetest.suite.calibration import DIALOGUE, Calibration, calibrate

__all__ = ["bench", "composable", "websocket"]

EARS, VOICE = "pocketsphinx/espeak", "espeak/en-us"
START_LIMIT_S = 60.0


def bench(adapter: str, exchanges: int) -> Calibration:
    """Calibrate an adapter; raises SetupError for one that has no such agent."""
    if adapter not in _BENCHES:
        hint = nearest(adapter, _BENCHES)
        message = f"there is no calibration for '{adapter}'{hint}; there is: {', '.join(_BENCHES)}"
        raise SetupError(message)
    with Speech() as speech:
        return _BENCHES[adapter](speech, exchanges)


def composable(
    speech: Speech, exchanges: int, line: dict[str, object] | None = None
) -> Calibration:
    """The agent in this process, under virtual time; `line` is that of a scenario."""
    agent: dict[str, object] = {
        "adapter": "composable",
        "stt": EARS,
        "tts": VOICE,
        "dialogue": "agent.yaml",
    }
    return calibrate(speech, agent, exchanges, line=line)


def websocket(
    speech: Speech, exchanges: int, encoding: str = "pcm16", rate: int = 24_000
) -> Calibration:
    """The agent behind a WebSocket on this machine, in real time, in the format given."""
    told: list[Spoke] = []
    agent: dict[str, object] = {
        "adapter": "websocket",
        "rate": str(rate),
        "encoding": encoding,
        "paced": "true",
    }
    settings = WebSocketAgentAdapter(url="ws://localhost", rate=rate, encoding=encoding, paced=True)
    with _served(speech, settings, told.append) as url:
        return calibrate(speech, agent | {"url": url}, exchanges, spoken=told)


@contextmanager
def _served(
    speech: Speech, settings: WebSocketAgentAdapter, told: Callable[[Spoke], None]
) -> Iterator[str]:
    """An agent on a loop of its own, as a peer would be; both loops have the same clock."""
    dialogue = Dialogue.model_validate(DIALOGUE)

    def agent(line: CodecLink[Any]) -> EmbeddedAgent:
        ears, voice = speech.transcriber(EARS), speech.voice(VOICE)
        mind = DialogueMind(dialogue)
        return EmbeddedAgent(ears, mind, voice, dialogue.manners, line, told=told)

    def codec() -> RawPcm:
        return RawPcm(End.SERVER, settings.rate, settings.encoding, paced=True)

    stopped = threading.Event()
    found: list[str] = []
    started = threading.Event()

    async def serve() -> None:
        await speech.transcriber(EARS).prepare()
        async with serve_agent(agent, codec=codec) as url:
            found.append(url)
            started.set()
            await asyncio.get_running_loop().run_in_executor(None, stopped.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        if not started.wait(START_LIMIT_S):
            raise SetupError(f"the agent to calibrate with did not start within {START_LIMIT_S:g} s")
        yield found[0]
    finally:
        stopped.set()
        thread.join(START_LIMIT_S)


_BENCHES: Mapping[str, Callable[[Speech, int], Calibration]] = {
    "composable": composable,
    "websocket": websocket,
}
