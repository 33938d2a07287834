"""How far the numbers of a call are from the truth that its agent logged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from voicetest.agents.truth import Spoke
from voicetest.audio.vad import Segment
from voicetest.call.record import CallRecord
from voicetest.call.timeline import Entry
from voicetest.checks.evaluate import evaluate
from voicetest.clock import Clock
from voicetest.errors import ConnectionFailed
from voicetest.executor.execute import execute
from voicetest.run import Plan, plan
from voicetest.scenario.load import ScenarioFile
from voicetest.speech.providers import Speech

__all__ = [
    "DIALOGUE",
    "METRICS",
    "REPLY_DELAY",
    "Calibration",
    "MetricError",
    "calibrate",
    "errors_against_truth",
]

METRICS = (
    "response_latency",
    "greeting_latency",
    "stop_time",
    "talk_over",
    "overlap",
    "dead_air",
)
"""What can be computed from the true edges of the agent's speech."""

LINES = (
    "I was charged twice for my March invoice.",
    "Yes please.",
    "Could you tell me when my package will arrive?",
    "No.",
    "The number is four five two one.",
)
REPLY_DELAY = "153.7ms"
"""Puts the agent's speech off the 10 ms grid on which speech is detected."""
REPLY = (
    "I have looked at your account and I can see the payment that you mean so I will send it back"
    " to you within three days"
)
DIALOGUE: Mapping[str, str] = {
    "greeting": REPLY,
    "reply_delay": REPLY_DELAY,
    "fallback": REPLY,
}
"""What the agent says, whatever it hears."""


@dataclass(frozen=True)
class MetricError:
    """How far one metric was off: absolute errors in its own unit, smallest first."""

    metric: str
    sizes: tuple[float, ...]

    @property
    def n(self) -> int:
        """Number of values."""
        return len(self.sizes)

    @property
    def median(self) -> float:
        """By nearest rank."""
        return self._rank(0.5)

    @property
    def p95(self) -> float:
        """By nearest rank."""
        return self._rank(0.95)

    @property
    def worst(self) -> float:
        """The largest."""
        return self.sizes[-1]

    def _rank(self, share: float) -> float:
        return self.sizes[math.ceil(share * len(self.sizes)) - 1]


@dataclass(frozen=True)
class Calibration:
    """The errors of one call, and what was not measured at all."""

    duration_s: float
    clock: str
    errors: tuple[MetricError, ...]
    unmatched: tuple[str, ...]
    """Metrics that have another number of values than the truth."""


class _Silent:
    def phase(self, phase: str) -> None:
        """Not shown."""

    def entry(self, entry: Entry) -> None:
        """Not shown."""


def calibrate(
    speech: Speech,
    agent: dict[str, object],
    exchanges: int,
    spoken: list[Spoke] | None = None,
    line: dict[str, object] | None = None,
    reply_delay: str = REPLY_DELAY,
    *,
    offline: bool = False,
) -> Calibration:
    """Hold a call of so many exchanges, every third with an interruption, and compare.

    `agent` is the scenario's agent section; its agent tells `spoken`, or the world's `told`, when
    it really spoke. With `offline` a simulator of its platform is called. In virtual time all
    answers begin at one place of the 10 ms grid on which speech is detected; `reply_delay` moves
    it. Raises ConnectionFailed when the call breaks.
    """
    told: list[Spoke] = [] if spoken is None else spoken
    with TemporaryDirectory(prefix="voicetest-") as name:
        folder = Path(name)
        dialogue = {**DIALOGUE, "reply_delay": reply_delay}
        file = _written(folder, agent, dialogue, exchanges, line or {})
        planned = plan(file, {}, speech, offline=offline, told=told.append)
        return _compared(planned, _held(planned, folder / "call"), told)


def _written(
    folder: Path,
    agent: dict[str, object],
    dialogue: dict[str, str],
    exchanges: int,
    line: dict[str, object],
) -> Path:
    (folder / "call" / "segments").mkdir(parents=True)
    (folder / "agent.yaml").write_text(yaml.safe_dump(dialogue))
    script: list[dict[str, object] | str] = ["agent"]
    for number in range(exchanges):
        script.append({"user": LINES[number % len(LINES)]})
        if number % 3 == 2:
            after = f"{500 + 370 * (number % 7)}ms"
            script.append({"interrupt": "Wait a moment please.", "after": after})
        script.append("agent")
    scenario = {
        "version": 1,
        "agent": agent,
        "user": {"voice": "espeak/en-us+f2"},
        "script": script,
        "limits": {"max_duration": "2h"},
    }
    path = folder / "calibration.yaml"
    path.write_text(yaml.safe_dump(scenario | ({"line": line} if line else {}), sort_keys=False))
    return path


def _held(planned: Plan, folder: Path) -> CallRecord:
    record = execute(planned, folder, _Silent())
    if record.error is not None or record.harness is None:
        message = record.error.message if record.error else "the line never opened"
        raise ConnectionFailed(f"the calibration call broke: {message}")
    return record


def _compared(planned: Plan, record: CallRecord, told: Sequence[Spoke]) -> Calibration:
    errors, unmatched = errors_against_truth(planned.file, record, told)
    clock = "virtual" if planned.clock is Clock.VIRTUAL else "real"
    return Calibration(record.duration_s, clock, errors, unmatched)


def errors_against_truth(
    file: ScenarioFile, record: CallRecord, told: Sequence[Spoke]
) -> tuple[tuple[MetricError, ...], tuple[str, ...]]:
    """The error of each metric, and those with another number of values than the truth.

    Both sides come from the same definitions: once from what was detected on the recording, once
    from when the agent says that its speech was to be heard.
    """
    harness = record.harness
    if harness is None:
        return (), METRICS
    truth = tuple(
        Segment(spoke.start_s - harness.epoch, spoke.end_s - harness.epoch) for spoke in told
    )
    without_delay = replace(harness, jitter_buffer_s=0.0)
    measured = evaluate(file, record).metrics
    true = evaluate(file, replace(record, agent_speech=truth, harness=without_delay)).metrics
    errors, unmatched = [], []
    for name in METRICS:
        values, truths = _numbers(measured[name].values), _numbers(true[name].values)
        if len(values) != len(truths):
            unmatched.append(f"{name} ({len(values)} measured, {len(truths)} true)")
        elif values:
            sizes = sorted(abs(a - b) for a, b in zip(values, truths, strict=True))
            errors.append(MetricError(name, tuple(sizes)))
    return tuple(errors), tuple(unmatched)


def _numbers(values: Sequence[float | str]) -> list[float]:
    return [float(value) for value in values]
