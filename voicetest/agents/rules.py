"""The rules of a dialogue as the embedded agent's mind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from voicetest.agents.dialogue import Dialogue, Rule
from voicetest.agents.mind import CallTool, More, Reply
from voicetest.events import ToolResult
from voicetest.protocols.json_text import read_json
from voicetest.speech.matching import contains

__all__ = ["DialogueMind"]

_RESULT = re.compile(r"\$\{result(?:\.([^}]*))?\}")


class DialogueMind:
    """Follows the rules of a dialogue through one conversation."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._state: str | None = None
        """Set by each rule that names what follows."""
        self._used: set[int] = set()
        """The rules that have spoken, by their place."""

    def greeting(self) -> str:
        """What the agent opens the call with."""
        return self._dialogue.greeting or ""

    async def answer(self, heard: str, call_tool: CallTool) -> Reply:
        """What the first matching rule says, after its tool was called; else the fallback."""
        language = self._dialogue.language or "en"
        return await self._first(lambda rule: _hears(rule, heard, language), call_tool)

    async def answer_keys(self, keys: str, call_tool: CallTool) -> Reply:
        """What the first rule for exactly these keys says; else the fallback."""
        return await self._first(lambda rule: rule.keys == keys, call_tool)

    def cut_short(self, heard_share: float) -> None:
        """Nothing: rules do not look back at what was said."""

    async def _first(self, matches: Callable[[Rule], bool], call_tool: CallTool) -> Reply:
        for place, rule in enumerate(self._dialogue.rules):
            if self._counts(place, rule) and matches(rule):
                self._used.add(place)
                return await self._follow(rule, call_tool)
        return Reply(self._dialogue.fallback)

    def _counts(self, place: int, rule: Rule) -> bool:
        if rule.once and place in self._used:
            return False
        return rule.state is None or rule.state == self._state

    async def _follow(self, rule: Rule, call_tool: CallTool) -> Reply:
        said, later = rule.say or "", rule.says_more
        more = None if later is None else More(later.after, later.say)
        if rule.tool is not None:
            result = await call_tool(rule.tool.name, rule.tool.arguments, rule.tool.returns)
            said = _filled(said, result)
            more = None if more is None else More(more.after, _filled(more.text, result))
        if rule.then is not None:
            self._state = rule.then
        return Reply(said, rule.ends_call, more, rule.presses or "")


def _hears(rule: Rule, heard: str, language: str) -> bool:
    return any(all(contains(heard, phrase, language) for phrase in all_of) for all_of in rule.when)


def _filled(text: str, result: ToolResult) -> str:
    """A text with each `${result}` replaced by what the tool gave."""
    return _RESULT.sub(lambda found: _look_up(result, found.group(1) or ""), text)


def _look_up(result: ToolResult, path: str) -> str:
    """The part of a tool's answer at a path such as `customer.name`; empty if there is none."""
    try:
        value = read_json(result.content)
    except ValueError:
        value = result.content
    for name in filter(None, path.split(".")):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
