"""What the page shows of one call: texts and numbers, no markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from voicetest.checks.result import Check, HarnessFigures, Metric, ToolCallRecord, Turn
from voicetest.report.manifest import Manifest
from voicetest.report.outcome import outcome, with_one_end
from voicetest.report.page_wave import Drawing, draw
from voicetest.report.stored import StoredCall, stored_events

__all__ = ["CallView", "call_view", "seconds"]

_LONGEST = 2000
"""Characters of one text; what a tool gives may be a whole file."""
_MOST_EVENTS = 200
_SHOWN_EVENTS = frozenset(
    {
        "agent_interrupted",
        "dtmf_received",
        "dtmf_sent",
        "error",
        "hangup",
        "mark",
        "status",
        "tool_call",
        "tool_cancelled",
        "user_interrupt",
        "warning",
    }
)
_LATEST_S = 1e6
_OF_EVERY_EVENT = ("at", "type", "by")


@dataclass(frozen=True)
class CallView:
    """One call; `status` is also a class of the style sheet."""

    id: str
    status: str
    open: bool
    name: str
    which: str
    where: str
    reason: str
    about: str
    length: str
    made: bool
    sound: str | None
    silent: str
    drawn: Drawing | None
    errors: tuple[Any, ...]
    warnings: tuple[str, ...]
    turns: tuple[dict[str, Any], ...]
    checks: tuple[dict[str, Any], ...]
    metrics: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...]
    events: tuple[dict[str, Any], ...]
    health: tuple[tuple[str, str], ...]


def call_view(call: StoredCall, name: str, sound: str | None, *, few: bool) -> CallView:
    """What is shown of a call whose sound is at `sound`."""
    line, found = call.line, call.manifest
    events = tuple(_events(call))
    drawn = None
    if call.recording is not None and found is not None:
        drawn = draw(
            call.recording,
            found,
            [(event["at_s"], event["kind"], event["label"]) for event in events],
        )
    return CallView(
        id=name,
        status=outcome(call),
        open=few or line.status not in ("passed", "skipped"),
        name=line.name,
        which=_which(call),
        where=line.where,
        reason=line.reason,
        about=_about(call),
        length=seconds(line.duration_s),
        made=found is not None,
        sound=sound,
        silent=_silent(found),
        drawn=drawn,
        errors=() if found is None else found.errors,
        warnings=() if found is None else tuple(map(str, found.warnings)),
        turns=() if found is None else tuple(map(_turn, found.turns)),
        checks=() if found is None else tuple(map(_check, with_one_end(found.checks))),
        metrics=() if found is None else tuple(_metrics(found)),
        tools=() if found is None else tuple(map(_tool, found.tool_calls)),
        events=events,
        health=() if found is None or found.harness is None else tuple(_health(found.harness)),
    )


def _silent(found: Manifest | None) -> str:
    """Why there is nothing to play."""
    if found is not None and found.recording is None:
        return "the recording of this call was not kept (--keep)"
    return "there is no recording of this call"


def seconds(value: float | None, digits: int = 2) -> str:
    """A time as it is shown."""
    return "" if value is None else f"{value:.{digits}f}"


def _which(call: StoredCall) -> str:
    line = call.line
    told = [] if line.case is None else [line.case]
    told += [] if line.repeat is None else [f"#{line.repeat}"]
    told += [] if line.attempt == 1 else [f"attempt {line.attempt}"]
    return " ".join(told)


def _about(call: StoredCall) -> str:
    found = call.manifest
    if found is None:
        return call.line.adapter
    simulated = " (simulated)" if found.adapter is not None and found.adapter.simulated else ""
    ended = found.termination
    told = [f"{call.line.adapter}{simulated}", f"{found.clock} time", f"seed {found.scenario.seed}"]
    if ended.by is not None:
        told.append(f"ended by {ended.by}" + (f": {_clip(ended.reason)}" if ended.reason else ""))
    return " · ".join([*told, f"folder {call.line.folder}"])


def _turn(turn: Turn) -> dict[str, Any]:
    notes = []
    if turn.kind not in ("user", "agent"):
        notes.append(turn.kind)
    if turn.response_latency_s is not None:
        notes.append(f"after {turn.response_latency_s:.2f} s")
    if turn.truncated:
        notes.append("cut off")
    if turn.only_claimed:
        notes.append(f"nothing was heard; the platform says: {turn.claimed}")
    if turn.understood is not None:
        notes.append(f"understood: {turn.understood}")
    return {
        "by": turn.by,
        "start": seconds(turn.start_s),
        "end": seconds(turn.end_s),
        "text": turn.transcript,
        "notes": notes,
    }


def _check(check: Check) -> dict[str, Any]:
    if check.inconclusive:
        verdict = "inconclusive"
    elif check.passed:
        verdict = "passed"
    else:
        verdict = "failed" if check.severity == "fail" else "warning"
    return {
        "verdict": verdict,
        "name": check.name,
        "expected": _clip(check.expected),
        "actual": _clip(check.actual),
        "where": check.where,
        "at": seconds(begins) if (begins := _begins(check)) is not None else None,
        "until": None if check.to_s is None else seconds(check.to_s),
    }


def _begins(check: Check) -> float | None:
    """Where what was judged begins; None for the whole call, of which no moment says more."""
    if check.from_s is not None:
        return check.from_s
    return None if check.step is None else check.at_s


def _metrics(found: Manifest) -> Iterator[dict[str, Any]]:
    for name, metric in found.metrics.items():
        if metric.n:
            figures = (metric.min, metric.mean, metric.p50, metric.p95, metric.max)
            cells = [_figure(metric, value) for value in figures]
            if metric.unit == "party":
                cells = [", ".join(map(str, metric.values)), "", "", "", ""]
            yield {"name": name, "n": metric.n, "cells": cells}


def _figure(metric: Metric, value: float | None) -> str:
    if value is None:
        return ""
    match metric.unit:
        case "s":
            return f"{value:.3f} s"
        case "share":
            return f"{value:.1%}"
        case _:
            return f"{value:g}"


def _tool(tool: ToolCallRecord) -> dict[str, Any]:
    return {
        "at": seconds(tool.at_s),
        "name": tool.name,
        "arguments": _clip(tool.arguments),
        "result": "(no answer)" if tool.result is None else _clip(tool.result),
        "failed": tool.failed,
    }


def _events(call: StoredCall) -> Iterator[dict[str, Any]]:
    """What happened beside speech, in order, and the checks that do not hold."""
    if call.folder is None:
        return
    shown = 0
    for event in stored_events(call.folder):
        at, kind = event.get("at"), event.get("type")
        if not isinstance(kind, str) or kind not in _SHOWN_EVENTS:
            continue
        if not isinstance(at, int | float) or not abs(at) <= _LATEST_S:
            continue
        shown += 1
        if shown > _MOST_EVENTS:
            return
        yield {"at_s": float(at), "at": seconds(at), "kind": kind, "label": _label(kind, event)}


def _label(kind: str, event: Mapping[str, Any]) -> str:
    told = [
        f"{name}: {value}"
        for name, value in event.items()
        if name not in _OF_EVERY_EVENT and value not in (None, "", [], {})
    ]
    return _clip(f"{kind.replace('_', ' ')} ({', '.join(told)})" if told else kind)


def _health(figures: HarnessFigures) -> Iterator[tuple[str, str]]:
    yield "frames sent", str(figures.frames_sent)
    yield "frames late: median", f"{figures.lateness_p50_ms:.1f} ms"
    yield "frames late: 99 %", f"{figures.lateness_p99_ms:.1f} ms"
    yield "frames late: most", f"{figures.lateness_max_ms:.1f} ms"
    yield "event loop late", f"{figures.loop_lag_ms:.1f} ms"
    yield "agent sound dropped", f"{figures.playout_dropped_s:.3f} s"
    yield "silence inserted", f"{figures.playout_inserted_s:.3f} s"
    for lapse in figures.lapses or ():
        span = f"{lapse.start_s:.1f} to {lapse.end_s:.1f} s"
        yield f"lapse: {lapse.kind.replace('_', ' ')}", f"{lapse.seconds:.1f} s, {span}"
    yield "jitter buffer", f"{figures.jitter_buffer_s:.3f} s"


def _clip(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
