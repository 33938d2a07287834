"""Runs as values, made without calling anyone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from voicetest.checks.result import CallWarning, Check, Fault, Status, Termination, Turn
from voicetest.report.manifest import AdapterInfo, Manifest, ScenarioInfo, Versions
from voicetest.report.stored import StoredCall, StoredRun
from voicetest.report.summary import CaseLine, ScenarioLine, summarise

__all__ = ["ODD", "broken", "call", "case_of", "manifest", "run_of", "turn", "unmet_check"]

NOON = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)

ODD = CallWarning(message="the map has <no> use for 'a|b'", at_s=3.25, by="agent", times=2)
"""What a call of the agent's odd messages warned of."""


def unmet_check(**changes: Any) -> Check:
    """A check that does not hold."""
    values: dict[str, Any] = {
        "name": "says",
        "where": "billing.yaml:22",
        "step": 2,
        "expected": '"refund"',
        "actual": '"no"',
        "passed": False,
        "severity": "fail",
        "at_s": 4.0,
    }
    return Check(**{**values, **changes})


def turn(index: int, by: str, text: str, **changes: Any) -> Turn:
    """A turn of two seconds."""
    values: dict[str, Any] = {
        "index": index,
        "by": by,
        "kind": by,
        "step": None,
        "start_s": 2.5 * index,
        "end_s": 2.5 * index + 2,
        "truncated": False,
        "end_reason": "turn_ended" if by == "agent" else None,
        "limit_s": None,
        "cause": "",
        "response_latency_s": None,
        "time_to_first_audio_s": None,
        "file": None,
        "transcript": text,
        "transcript_source": "script",
    }
    return Turn(**{**values, **changes})


def manifest(status: Status, name: str, **changes: Any) -> Manifest:
    """What manifest.json holds of a call of five seconds."""
    adapter = AdapterInfo(
        name="websocket",
        settings={"url": "wss://voice.example.com", "api_key": "***"},
        sends=(),
        receives=(),
        speaks="pcm16 24000",
        hears="pcm16 24000",
        continuous=False,
        sdk={},
        simulated=True,
        user_audio_sent=True,
    )
    values: dict[str, Any] = {
        "status": status,
        "reason": "why",
        "errors": (),
        "duration_s": 5.0,
        "turns": (turn(0, "agent", "Hello."), turn(1, "user", "Hi.")),
        "metrics": {},
        "checks": (),
        "tool_calls": (),
        "messages": (),
        "termination": Termination(by="user"),
        "harness": None,
        "schema_version": 1,
        "voicetest": Versions(),
        "scenario": ScenarioInfo(
            name=name, file="billing.yaml", sha256="0" * 64, tags=(), case=None, vars={}, seed=0
        ),
        "adapter": adapter,
        "started_at": NOON.isoformat(),
        "clock": "virtual",
        "files": (),
        "detector": {},
    }
    return Manifest(**{**values, **changes})


def call(
    status: Status = "passed",
    *,
    name: str = "Billing",
    found: Manifest | None = None,
    folder: Path | None = None,
    **changes: Any,
) -> StoredCall:
    """One call, of a case that has the same verdict unless it is given another."""
    values: dict[str, Any] = {
        "name": name,
        "file": "scenarios/billing.yaml",
        "where": "scenarios/billing.yaml:3",
        "adapter": "websocket",
        "status": status,
        "reason": "why",
        "exit_code": 0,
        "started_at": NOON.isoformat(),
        "duration_s": 5.0,
        "wall_s": 1.25,
        "folder": "billing",
    }
    line = ScenarioLine(**{**values, **changes})
    if status == "skipped":
        return StoredCall(line.model_copy(update={"folder": None}), case_of(line), None, None)
    default = manifest(status, name, checks=(unmet_check(),) if status == "failed" else ())
    where = Path("runs/now/billing") if folder is None else folder
    return StoredCall(line, case_of(line), where, found or default)


def case_of(line: ScenarioLine, **changes: Any) -> CaseLine:
    """The case of a call."""
    values: dict[str, Any] = {
        "name": line.name,
        "file": line.file,
        "where": line.where,
        "case": line.case,
        "adapter": line.adapter,
        "status": line.status,
        "reason": line.reason,
        "exit_code": line.exit_code,
        "repeat": 1,
    }
    return CaseLine(**{**values, **changes})


def run_of(*calls: StoredCall, folder: Path = Path("runs/now")) -> StoredRun:
    """A run of these calls."""
    cases: Sequence[CaseLine] = [found.case for found in calls if found.case is not None]
    summary = summarise(
        [found.line for found in calls],
        cases,
        command=["voicetest", "run", "scenarios"],
        started=NOON,
        finished=NOON,
        folder=str(folder),
    )
    return StoredRun(folder, summary, calls)


def broken(kind: str = "connection") -> Fault:
    """An error that ended a call."""
    return Fault(kind=kind, message="closed with code 1011", where="calling")
