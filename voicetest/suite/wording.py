"""Expectations and checks as phrases that people read, such as `has to say “refund”`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voicetest.scenario.checks import Checks
from voicetest.scenario.expectations import Expectations, SpeechExpectations, ToolCall

__all__ = ["call_checks", "expectations", "seconds"]

_BOUNDS = {
    "min": "at least",
    "max": "at most",
    "mean": "on average at most",
    "p50": "half of them at most",
    "p90": "90 % of them at most",
    "p95": "95 % of them at most",
    "equals": "exactly",
}
_COUNTED = frozenset({"false_yields", "talk_overs", "turns", "missed_responses"})
"""Metrics that are counted."""
_IN_SHARES = frozenset({"talk_over", "wer", "pooled_wer"})


def seconds(value: float) -> str:
    """A time as people say it."""
    return f"{value:g} s" if value < 120 else f"{value / 60:g} min"


def expectations(wanted: SpeechExpectations) -> Iterator[str]:
    """What an agent has to do in a step."""
    if isinstance(wanted, Expectations):
        yield from _timed(wanted)
    yield from _spoken(wanted)
    if wanted.matches is not None:
        yield f"has to say something that matches {wanted.matches.pattern}"
    if wanted.similar_to is not None:
        similar = wanted.similar_to
        yield f"has to say about “{similar.text}” ({similar.wer:.0%} of the words may differ)"
    if wanted.calls_tool is not None:
        yield f"has to call {_tool(wanted.calls_tool)}"
    if wanted.never_calls:
        yield f"must not call {_either(wanted.never_calls)}"
    if wanted.severity == "warn":
        yield "(only a warning)"


def _timed(wanted: Expectations) -> Iterator[str]:
    if wanted.stays_silent is not None:
        yield f"has to stay silent for {seconds(wanted.stays_silent)}"
    if wanted.within is not None:
        yield f"has to start within {seconds(wanted.within)}"
    if wanted.patience is not None:
        yield f"is waited for until it has been silent for {seconds(wanted.patience)}"
    if wanted.lasts is not None:
        if wanted.lasts.min is not None:
            yield f"has to speak for at least {seconds(wanted.lasts.min)}"
        if wanted.lasts.max is not None:
            yield f"has to speak for at most {seconds(wanted.lasts.max)}"
    if wanted.presses is not None:
        yield f"has to press {wanted.presses}"
    if wanted.sounds_clean:
        yield "has to sound clean"
    if wanted.ends_call:
        yield "has to end the call"


def _spoken(wanted: SpeechExpectations | Checks) -> Iterator[str]:
    if wanted.says:
        yield f"has to say {' and '.join(map(_quoted, wanted.says))}"
    if isinstance(wanted, SpeechExpectations) and wanted.says_any:
        yield f"has to say {_either([_quoted(words) for words in wanted.says_any])}"
    if wanted.never_says:
        yield f"must not say {_either([_quoted(words) for words in wanted.never_says])}"


def call_checks(wanted: Checks) -> Iterator[str]:
    """What has to be true of the whole call."""
    for limit in wanted.limits():
        value = limit.limit
        if isinstance(value, str):
            yield f"{limit.metric}: {value}"
            continue
        yield f"{limit.metric}: {_BOUNDS[limit.statistic]} {_amount(limit.metric, value)}"
    yield from (f"the agent {phrase}" for phrase in _spoken(wanted))
    for tool in wanted.calls_tool:
        yield f"the agent has to call {_tool(tool)}"
    if wanted.never_calls:
        yield f"the agent must not call {_either(wanted.never_calls)}"


def _amount(metric: str, value: float) -> str:
    if metric in _IN_SHARES:
        return f"{value:.0%}"
    return f"{value:g}" if metric in _COUNTED else seconds(value)


def _tool(tool: ToolCall) -> str:
    with_ = ", ".join(f"{name}={value!r}" for name, value in tool.arguments.items())
    return f"{tool.name} with {with_}" if with_ else tool.name


def _either(words: Sequence[str]) -> str:
    return " or ".join(words)


def _quoted(words: str) -> str:
    return f"“{words}”"
