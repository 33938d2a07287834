"""What an `agent` step still waits for, in words for people."""

from __future__ import annotations

from voicetest.checks.expectations import Spoken
from voicetest.scenario.expectations import Expectations

__all__ = ["still_wanted"]

_LONGEST = 60
"""Characters of one phrase."""


def still_wanted(expected: Expectations, spoken: Spoken) -> str:
    """What further listening could fulfil and what was heard does not; "to speak" without any."""
    wanted = [f"to say {_quoted(phrase)}" for phrase in expected.says if not spoken.says(phrase)]
    if expected.says_any and not any(map(spoken.says, expected.says_any)):
        wanted.append(f"to say {' or '.join(map(_quoted, expected.says_any))}")
    if expected.matches is not None and not expected.matches.found_in(spoken.text):
        wanted.append(f"to say what fits {_quoted(expected.matches.pattern)}")
    if expected.similar_to is not None and not spoken.text:
        wanted.append(f"to say {_quoted(expected.similar_to.text)}")
    if expected.calls_tool is not None:
        called = {tool.called.name for tool in spoken.tools}
        if expected.calls_tool.name not in called:
            wanted.append(f"to call {expected.calls_tool.name}")
    if expected.presses is not None and expected.presses.replace("w", "") not in spoken.keys:
        wanted.append(f"to press {expected.presses}")
    if expected.ends_call and not spoken.hung_up:
        wanted.append("to hang up")
    return f"the agent {' and '.join(wanted) or 'to speak'}"


def _quoted(phrase: str) -> str:
    return f"'{phrase if len(phrase) <= _LONGEST else phrase[:_LONGEST] + '…'}'"
