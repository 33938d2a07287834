"""The agents that calibration calls, one for each adapter that can be calibrated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from voicetest.agents.agent import EmbeddedAgent
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.rules import DialogueMind
from voicetest.agents.truth import Spoke
from voicetest.audio.chunk import Encoding
from voicetest.errors import SetupError
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import End
from voicetest.protocols.raw_pcm import RawPcm
from voicetest.registry import nearest
from voicetest.simulators.background import in_background
from voicetest.simulators.websocket import MakeAgent, serve_agent
from voicetest.speech.providers import Speech
from voicetest.suite.calibration import DIALOGUE, REPLY_DELAY, Calibration, calibrate

__all__ = ["bench", "composable", "websocket"]

EARS, VOICE = "pocketsphinx/espeak", "espeak/en-us"


def bench(adapter: str, exchanges: int) -> Calibration:
    """Calibrate an adapter; raises SetupError for one that has no such agent."""
    if adapter not in _BENCHES:
        hint = nearest(adapter, _BENCHES)
        message = f"there is no calibration for '{adapter}'{hint}; there is: {', '.join(_BENCHES)}"
        raise SetupError(message)
    with Speech() as speech:
        return _BENCHES[adapter](speech, exchanges)


def composable(
    speech: Speech,
    exchanges: int,
    line: dict[str, object] | None = None,
    reply_delay: str = REPLY_DELAY,
) -> Calibration:
    """The agent in this process, under virtual time; `line` is that of a scenario."""
    agent: dict[str, object] = {
        "adapter": "composable",
        "stt": EARS,
        "tts": VOICE,
        "dialogue": "agent.yaml",
    }
    return calibrate(speech, agent, exchanges, line=line, reply_delay=reply_delay)


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

    def codec() -> RawPcm:
        return RawPcm(End.SERVER, rate, Encoding(encoding), paced=True)

    # A loop of its own, as a peer would have; both loops read the same clock.
    with in_background(serve_agent(_agent(speech, told.append), codec=codec)) as url:
        return calibrate(speech, agent | {"url": url}, exchanges, spoken=told)


def _agent(speech: Speech, told: Callable[[Spoke], None]) -> MakeAgent:
    dialogue = Dialogue.model_validate(DIALOGUE)

    def make(line: CodecLink[Any]) -> EmbeddedAgent:
        ears, voice = speech.transcriber(EARS), speech.voice(VOICE)
        mind = DialogueMind(dialogue)
        return EmbeddedAgent(ears, mind, voice, dialogue.manners, line, told=told)

    return make


_BENCHES: Mapping[str, Callable[[Speech, int], Calibration]] = {
    "composable": composable,
    "websocket": websocket,
}
