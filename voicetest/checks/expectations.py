"""What the agent said and did, held against what the scenario expects of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from voicetest.checks.view import ToolUse
from voicetest.protocols.json_text import read_json
from voicetest.scenario.expectations import Expectations, Similar, SpeechExpectations, ToolCall
from voicetest.speech.matching import contains, word_error_rate

__all__ = [
    "HANG_UP_S",
    "Spoken",
    "Verdict",
    "expects_words",
    "judge_calls_tool",
    "judge_never_calls",
    "judge_never_says",
    "judge_says",
    "judge_spoken",
    "nothing_left_to_hear",
]

HANG_UP_S = 5.0
"""How long after its speech the agent may take to hang up when `ends_call` is expected."""
_POSITIVE = frozenset(
    {"says", "says_any", "matches", "similar_to", "calls_tool", "presses", "ends_call"}
)
"""Expectations that further listening can still fulfil."""


@dataclass(frozen=True)
class Verdict:
    """One expectation and whether it holds; `key` is where it stands in its mapping."""

    name: str
    key: tuple[str | int, ...]
    expected: str
    actual: str
    passed: bool
    limit: float | None = None
    value: float | None = None


@dataclass(frozen=True)
class Spoken:
    """What an expectation may look at: one text per agent turn, and the tools called."""

    texts: Sequence[str]
    tools: Sequence[ToolUse]
    hung_up: bool = False
    keys: str = ""
    unheard: Sequence[str] = ()
    """What the platform claims was said, and nobody heard."""
    language: str = "en"
    """In which the texts are compared (BCP 47)."""

    @property
    def quoted(self) -> str:
        """All that was said, for people."""
        said = " … ".join(text for text in self.texts if text)
        claimed = self.claimed
        if claimed:
            return f'"{said}"; besides, {claimed}' if said else claimed
        return f'"{said}"' if said else "the agent said nothing"

    @property
    def claimed(self) -> str:
        """What the platform says was said and nobody heard, for people; empty without any."""
        words = " … ".join(text for text in self.unheard if text)
        return f"the platform says '{words}', nothing was heard" if words else ""

    @property
    def text(self) -> str:
        """All that was said, as one text."""
        return " ".join(text for text in self.texts if text)

    def says(self, phrase: str) -> bool:
        """Whether the phrase was said."""
        return contains(self.text, phrase, self.language)


def nothing_left_to_hear(expected: Expectations, spoken: Spoken) -> bool:
    """Whether every expectation that further listening could fulfil holds already."""
    verdicts = judge_spoken(expected, spoken)
    return all(verdict.passed for verdict in verdicts if verdict.name in _POSITIVE)


def expects_words(expected: SpeechExpectations) -> bool:
    """Whether there is any expectation on words or tools."""
    nothing = Spoken((), ())
    return any(True for _ in judge_spoken(expected, nothing))


def judge_spoken(expected: SpeechExpectations, spoken: Spoken) -> Iterator[Verdict]:
    """Every expectation on words, tools and hanging up."""
    yield from judge_says(expected.says, spoken)
    if expected.says_any:
        wanted = " or ".join(f'"{phrase}"' for phrase in expected.says_any)
        passed = any(spoken.says(phrase) for phrase in expected.says_any)
        yield Verdict("says_any", ("says_any",), wanted, spoken.quoted, passed)
    yield from judge_never_says(expected.never_says, spoken)
    if expected.matches is not None:
        found = expected.matches.found_in(spoken.text)
        actual = spoken.quoted if found is not None else f"too slow to tell: {spoken.quoted}"
        wanted = expected.matches.pattern
        yield Verdict("matches", ("matches",), wanted, actual, bool(found))
    if expected.similar_to is not None:
        yield _judge_similar(expected.similar_to, spoken)
    if expected.calls_tool is not None:
        yield judge_calls_tool(expected.calls_tool, ("calls_tool",), spoken)
    yield from judge_never_calls(expected.never_calls, spoken)
    if not isinstance(expected, Expectations):
        return
    if expected.presses is not None:
        wanted = expected.presses.replace("w", "")
        actual = f"the keys {spoken.keys}" if spoken.keys else "no key was pressed"
        yield Verdict("presses", ("presses",), f"the keys {wanted}", actual, wanted in spoken.keys)
    if expected.ends_call:
        actual = "the agent hung up" if spoken.hung_up else "the agent stayed on the line"
        yield Verdict("ends_call", ("ends_call",), "the agent hangs up", actual, spoken.hung_up)


def judge_says(phrases: Sequence[str], spoken: Spoken) -> Iterator[Verdict]:
    """One verdict per phrase that has to be said."""
    for number, phrase in enumerate(phrases):
        yield Verdict("says", ("says", number), f'"{phrase}"', spoken.quoted, spoken.says(phrase))


def judge_never_says(phrases: Sequence[str], spoken: Spoken) -> Iterator[Verdict]:
    """One verdict per phrase that must not be said."""
    for number, phrase in enumerate(phrases):
        yield Verdict(
            "never_says",
            ("never_says", number),
            f'not "{phrase}"',
            spoken.quoted,
            not spoken.says(phrase),
        )


def _judge_similar(wanted: Similar, spoken: Spoken) -> Verdict:
    rate = word_error_rate(wanted.text, spoken.text, spoken.language)
    return Verdict(
        "similar_to",
        ("similar_to",),
        f'"{wanted.text}" with at most {wanted.wer:.0%} of the words wrong',
        f"{spoken.quoted}: {rate:.0%} wrong",
        rate <= wanted.wer,
        limit=wanted.wer,
        value=round(rate, 6),
    )


def judge_calls_tool(wanted: ToolCall, key: tuple[str | int, ...], spoken: Spoken) -> Verdict:
    """Whether a tool was called with at least the arguments that are named."""
    passed = any(
        tool.called.name == wanted.name and _covers(wanted.arguments, tool.called.arguments)
        for tool in spoken.tools
    )
    named = f" with {json.dumps(wanted.arguments)}" if wanted.arguments else ""
    return Verdict("calls_tool", key, f"{wanted.name}{named}", _called(spoken.tools), passed)


def judge_never_calls(names: Sequence[str], spoken: Spoken) -> Iterator[Verdict]:
    """One verdict per tool that must not be called."""
    for number, name in enumerate(names):
        passed = all(tool.called.name != name for tool in spoken.tools)
        yield Verdict(
            "never_calls", ("never_calls", number), f"not {name}", _called(spoken.tools), passed
        )


def _called(tools: Iterable[ToolUse]) -> str:
    calls = ", ".join(f"{tool.called.name} {tool.called.arguments}" for tool in tools)
    return calls or "no tool was called"


def _covers(wanted: Any, sent: str) -> bool:
    if not wanted:
        return True
    try:
        return _subset(wanted, read_json(sent))
    except ValueError:
        return False


def _subset(wanted: Any, actual: Any) -> bool:
    """Mappings match when each wanted key matches; a number is the same as its text.

    A file has no quotes around most of its texts, so it cannot tell `1111` from `"1111"`.
    """
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(
            key in actual and _subset(value, actual[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(actual, list)
            and len(wanted) == len(actual)
            and all(map(_subset, wanted, actual))
        )
    if isinstance(wanted, str) != isinstance(actual, str):
        return _as_text(wanted) == _as_text(actual)
    return bool(wanted == actual)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
