"""How far measured times are from the truth that the agent logged."""

from __future__ import annotations

import pytest

from voicetest.speech.providers import Speech
from voicetest.suite.calibration import Calibration, calibrate

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

EXCHANGES = 150
"""Two hundred turns of the agent."""
IN_PROCESS: dict[str, object] = {
    "adapter": "composable",
    "stt": "pocketsphinx/espeak",
    "tts": "espeak/en-us",
    "dialogue": "agent.yaml",
}


def _print(name: str, found: Calibration) -> None:
    print(f"\n{name}: {found.duration_s:.0f} s of call, {found.clock} time")
    for error in found.errors:
        print(
            f"  {error.metric:18} n={error.n:4} median {1000 * error.median:6.1f}"
            f" 95 % {1000 * error.p95:6.1f} worst {1000 * error.worst:6.1f} (ms or per mille)"
        )
    for name in found.unmatched:
        print(f"  not comparable: {name}")


def _p95(found: Calibration, metric: str) -> float:
    return next(error.p95 for error in found.errors if error.metric == metric)


def test_times_in_process_are_true_to_10_ms_clean_and_25_ms_by_phone(speech: Speech) -> None:
    clean = calibrate(speech, IN_PROCESS, EXCHANGES)
    _print("in process, clean", clean)
    by_phone = calibrate(speech, IN_PROCESS, EXCHANGES, line={"downlink": {"codec": "g711"}})
    _print("in process, agent through µ-law", by_phone)
    for metric in ("response_latency", "stop_time"):
        assert _p95(clean, metric) <= 0.010
        assert _p95(by_phone, metric) <= 0.025
