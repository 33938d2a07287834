"""What a judge is shown of a call: what was said, when, and which tools were called."""

from __future__ import annotations

import json
from typing import Any

from voicetest.checks.result import Metric, Result, ToolCallRecord, Turn
from voicetest.scenario.masking import Secrets

__all__ = ["evidence"]

LONGEST_TEXT = 4000
"""Characters of one text, such as the result of a tool, that a judge is shown."""


def evidence(result: Result, secrets: Secrets, until_s: float | None = None) -> str:
    """The call, or what was before `until_s`, as JSON in which every text is data.

    `<`, `>` and `&` are escaped, and so is what cannot be seen: no text in it can look like the
    end of the place that it stands in.
    """
    end = result.duration_s if until_s is None else until_s
    happened = [
        *(_turn(turn) for turn in result.turns if turn.start_s <= end and _sounded(turn)),
        *(_tool_call(call, end) for call in result.tool_calls if call.at_s <= end),
    ]
    happened.sort(key=lambda item: float(item["at_s"]))
    shown: dict[str, Any] = {"length_s": round(end, 2), "events": happened}
    if until_s is None:
        shown["ended_by"] = result.termination.by
        shown["metrics"] = {
            name: _metric(metric) for name, metric in result.metrics.items() if metric.n
        }
    masked = secrets.mask_value({"content": shown})["content"]
    return _escaped(json.dumps(masked, indent=1, ensure_ascii=False))


def _sounded(turn: Turn) -> bool:
    """Whether anybody could hear or read it: an agent's turn may be nothing but a tool call."""
    return turn.by == "user" or turn.audible or bool(turn.transcript)


def _turn(turn: Turn) -> dict[str, Any]:
    told: dict[str, Any] = {
        "at_s": round(turn.start_s, 2),
        "until_s": round(turn.end_s, 2),
        "by": turn.by,
        "kind": turn.kind,
        "text": _cut(turn.transcript) or "(no words)",
    }
    if turn.by == "user" and turn.understood is not None:
        told["understood_as"] = _cut(turn.understood)
    if turn.response_latency_s is not None:
        told["response_latency_s"] = round(turn.response_latency_s, 2)
    if turn.truncated:
        told["cut_off"] = True
    return told


def _tool_call(call: ToolCallRecord, end_s: float) -> dict[str, Any]:
    told: dict[str, Any] = {
        "at_s": round(call.at_s, 2),
        "by": "agent",
        "kind": "tool call",
        "tool": call.name,
        "arguments": _cut(call.arguments),
    }
    if call.answered_at_s is not None and call.answered_at_s <= end_s:
        told["answered_at_s"] = round(call.answered_at_s, 2)
        told["error" if call.failed else "result"] = _cut(call.result or "")
    return told


def _metric(metric: Metric) -> dict[str, Any]:
    if metric.p50 is None:
        return {"value": metric.values[0]}
    return {"unit": metric.unit, "n": metric.n, "p50": metric.p50, "max": metric.max}


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} … (cut)"


def _escaped(text: str) -> str:
    """JSON whose letters can be read, with all escaped that marks up or is not seen."""
    return "".join(_sign(sign) for sign in text)


def _sign(sign: str) -> str:
    if sign in "<>&":
        return f"\\u{ord(sign):04x}"
    return sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1]
