"""What somebody probably meant by a key that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from functools import lru_cache

from voicetest.registry import nearest

__all__ = ["suggestion"]

LONGEST_WORD = 60

_SYNONYMS = {
    **dict.fromkeys(("caller", "customer", "human", "say", "speak", "client", "me"), "user"),
    **dict.fromkeys(("bot", "assistant", "ai", "listen", "hear", "system"), "agent"),
    **dict.fromkeys(("wait", "pause", "sleep", "delay"), "silence"),
    **dict.fromkeys(("end", "quit", "bye", "hang_up", "disconnect", "stop"), "hangup"),
    **dict.fromkeys(("check", "assert", "verify"), "expect"),
    **dict.fromkeys(("barge_in", "bargein", "interruption"), "interrupt"),
    **dict.fromkeys(("keys", "press", "keypad", "digits", "touchtone"), "dtmf"),
    **dict.fromkeys(("type", "types", "chat", "message"), "text"),
    **dict.fromkeys(("sound",), "noise"),
    **dict.fromkeys(("audio", "file", "recording"), "play"),
    **dict.fromkeys(("steps", "turns", "dialog", "conversation"), "script"),
    **dict.fromkeys(("variables", "env"), "vars"),
    **dict.fromkeys(("contains", "said"), "says"),
    **dict.fromkeys(("regex", "pattern"), "matches"),
    **dict.fromkeys(
        ("latency", "max_latency", "response_latency", "response_time", "timeout", "max"), "within"
    ),
    **dict.fromkeys(("tool", "calls", "function"), "calls_tool"),
}


def suggestion(word: str, names: Collection[str]) -> str:
    """` (did you mean 'x'?)` for one of the names, or an empty text."""
    return _suggestion(word, tuple(names)) if len(word) <= LONGEST_WORD else ""


@lru_cache(maxsize=256)
def _suggestion(word: str, names: tuple[str, ...]) -> str:
    word = word.lower()
    if _SYNONYMS.get(word) in names:
        return f" (did you mean '{_SYNONYMS[word]}'?)"
    near = nearest(word, names)
    if near:
        return near
    known = [other for other, meant in _SYNONYMS.items() if meant in names]
    like = difflib.get_close_matches(word, known, n=1, cutoff=0.8)
    return f" (did you mean '{_SYNONYMS[like[0]]}'?)" if like else ""
