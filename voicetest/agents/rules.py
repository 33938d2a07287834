"""The rules of a dialogue as the embedded agent's mind."""

from __future__ import annotations

import json
import re

from voicetest.agents.dialogue import Dialogue, Rule
from voicetest.agents.mind import CallTool, Reply
from voicetest.events import ToolResult
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
        for place, rule in enumerate(self._dialogue.rules):
            if self._matches(place, rule, heard):
                self._used.add(place)
                return await self._follow(rule, call_tool)
        return Reply(self._dialogue.fallback)

    def _matches(self, place: int, rule: Rule, heard: str) -> bool:
        if rule.once and place in self._used:
            return False
        if rule.state is not None and rule.state != self._state:
            return False
        return any(all(contains(heard, phrase) for phrase in all_of) for all_of in rule.when)

    async def _follow(self, rule: Rule, call_tool: CallTool) -> Reply:
        said = rule.say or ""
        if rule.tool is not None:
            result = await call_tool(rule.tool.name, rule.tool.arguments)
            said = _RESULT.sub(lambda found: _look_up(result, found.group(1) or ""), said)
        if rule.then is not None:
            self._state = rule.then
        return Reply(said, rule.ends_call)


def _look_up(result: ToolResult, path: str) -> str:
    """The part of a tool's answer at a path such as `customer.name`; empty if there is none."""
    try:
        value = json.loads(result.content)
    except ValueError:
        value = result.content
    for name in filter(None, path.split(".")):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
