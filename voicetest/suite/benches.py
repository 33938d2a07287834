"""The agents that calibration calls, one for each adapter that can be calibrated."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from voicetest.errors import SetupError
from voicetest.registry import nearest
from voicetest.speech.providers import Speech
from voicetest.suite.calibration import Calibration, calibrate

__all__ = ["bench"]


def bench(adapter: str, exchanges: int) -> Calibration:
    """Calibrate an adapter; raises SetupError for one that has no such agent."""
    if adapter not in _BENCHES:
        hint = nearest(adapter, _BENCHES)
        message = f"there is no calibration for '{adapter}'{hint}; there is: {', '.join(_BENCHES)}"
        raise SetupError(message)
    with Speech() as speech:
        return _BENCHES[adapter](speech, exchanges)


def _composable(speech: Speech, exchanges: int) -> Calibration:
    agent: dict[str, object] = {
        "adapter": "composable",
        "stt": "pocketsphinx/espeak",
        "tts": "espeak/en-us",
        "dialogue": "agent.yaml",
    }
    return calibrate(speech, agent, exchanges)


_BENCHES: Mapping[str, Callable[[Speech, int], Calibration]] = {"composable": _composable}
