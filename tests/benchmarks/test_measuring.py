"""How far measured times are from the truth that the agent logged."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from voicetest.speech.providers import Speech
from voicetest.suite.benches import composable, websocket
from voicetest.suite.calibration import METRICS, Calibration, MetricError

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

EXCHANGES = 150
"""Two hundred turns of the agent."""
CALLS = 5
"""Calls in real time that share them."""


def _pooled(calls: Sequence[Calibration]) -> dict[str, MetricError]:
    pooled = {}
    for name in METRICS:
        errors = (error for call in calls for error in call.errors if error.metric == name)
        sizes = sorted(size for error in errors for size in error.sizes)
        if sizes:
            pooled[name] = MetricError(name, tuple(sizes))
    return pooled


def _print(title: str, calls: Sequence[Calibration]) -> dict[str, MetricError]:
    errors = _pooled(calls)
    print(f"\n{title}; |error| median, 95 %, worst in ms (talk_over: per mille)")
    for error in errors.values():
        figures = "".join(f"{1000 * v:8.1f}" for v in (error.median, error.p95, error.worst))
        print(f"  {error.metric:18} n={error.n:4}{figures}")
    for name in [name for call in calls for name in call.unmatched]:
        print(f"  not comparable: {name}")
    return errors


def test_times_in_process_are_true(speech: Speech) -> None:
    # Nine places of the 10 ms grid on which speech is detected.
    delays = [f"{150 + 1.1 * place:.1f}ms" for place in range(9)]
    count = -(-EXCHANGES // len(delays))
    clean = _print(
        "in process, clean", [composable(speech, count, None, delay) for delay in delays]
    )
    line: dict[str, object] = {"downlink": {"codec": "g711"}}
    phone = _print(
        "in process, agent through µ-law",
        [composable(speech, count, line, delay) for delay in delays],
    )
    for metric in ("response_latency", "stop_time"):
        assert clean[metric].p95 <= 0.010
        assert phone[metric].p95 <= 0.025


@pytest.mark.parametrize(("encoding", "rate"), [("pcm16", 24_000), ("mulaw", 8_000)])
def test_times_over_a_websocket_are_true(speech: Speech, encoding: str, rate: int) -> None:
    with ThreadPoolExecutor(CALLS) as threads:
        jobs = [
            threads.submit(websocket, speech, EXCHANGES // CALLS, encoding, rate)
            for _ in range(CALLS)
        ]
        calls = [job.result() for job in jobs]
    _print(f"over a WebSocket, {encoding} at {rate} Hz, {CALLS} calls at once", calls)
