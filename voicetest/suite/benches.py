"""The agents that calibration calls, one for each adapter that can be calibrated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.agents.truth import Spoke
from voicetest.errors import SetupError
from voicetest.protocols.base import End
from voicetest.protocols.raw_pcm import RawPcmSettings
from voicetest.registry import nearest
from voicetest.simulators.background import in_background
from voicetest.simulators.websocket import WebSocketSimulator
from voicetest.speech.providers import Speech
from voicetest.suite.calibration import DIALOGUE, REPLY_DELAY, Calibration, calibrate

__all__ = ["bench", "composable", "simulated", "websocket"]

EARS, VOICE = "pocketsphinx/espeak", "espeak/en-us"


def bench(adapter: str, exchanges: int) -> Calibration:
    """Calibrate an adapter; raises SetupError for one that has no such agent."""
    with Speech() as speech:
        if adapter in _BENCHES:
            return _BENCHES[adapter](speech, exchanges)
        if adapter in _SIMULATED:
            name = adapter.partition(":")[0]
            return simulated(speech, exchanges, {"adapter": name, **_SIMULATED[adapter]})
    known = (*_BENCHES, *_SIMULATED)
    hint = nearest(adapter, known)
    raise SetupError(f"there is no calibration for '{adapter}'{hint}; there is: {', '.join(known)}")


def simulated(speech: Speech, exchanges: int, agent: dict[str, object]) -> Calibration:
    """The agent behind a simulated platform, in memory and in virtual time where it can be."""
    with_agent = {**agent, "simulator": "agent.yaml"}
    return calibrate(speech, with_agent, exchanges, offline=True)


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
    settings: dict[str, object] = {"rate": str(rate), "encoding": encoding, "paced": "true"}
    spoken = RawPcmSettings.model_validate(settings)
    dialogue = Dialogue.model_validate(DIALOGUE)
    ears, voice = speech.transcriber(EARS), speech.voice(VOICE)
    recipe = AgentRecipe.follows(dialogue, ears, voice, told.append)
    simulator = WebSocketSimulator(recipe, partial(spoken.codec, End.SERVER))
    agent: dict[str, object] = {
        "adapter": "websocket",
        "protocol": {"preset": "raw_pcm", **settings},
    }
    # A loop of its own, as a peer would have; both loops read the same clock.
    with in_background(simulator.listen("127.0.0.1", 0)) as url:
        return calibrate(speech, agent | {"url": url}, exchanges, spoken=told)


_BENCHES: Mapping[str, Callable[[Speech, int], Calibration]] = {
    "composable": composable,
    "websocket": websocket,
}
_SIMULATED: Mapping[str, Mapping[str, object]] = {
    "elevenlabs": {"agent_id": "simulated"},
    "gemini_live": {},
    "livekit": {},
    "openai_realtime": {},
    "pipecat": {"url": "ws://simulated.invalid/ws"},
    "twilio": {"phone_number": "+15550100001", "to": "+15550100123"},
    "pipecat:webrtc": {
        "transport": "webrtc",
        "signaling_url": "http://simulated.invalid/api/offer",
    },
    "vapi": {"assistant_id": "simulated"},
    "webrtc": {"signaling_url": "http://simulated.invalid/offer"},
}
"""Platforms with the settings that a call to them needs at least."""
