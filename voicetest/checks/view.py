"""Who said what in which turn, and what each step covered: the timeline, sorted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from voicetest.call.line import AWAITED, SPOKEN
from voicetest.call.timeline import (
    CallEnded,
    EndReason,
    Entry,
    FirstAudio,
    Improvised,
    LineSpoken,
    SpeechStarted,
    StepEnded,
    StepStarted,
    TurnClosed,
    TurnCut,
    TurnOpened,
    TurnResumed,
    TurnTranscribed,
    UserInterrupt,
)
from voicetest.events import (
    Dtmf,
    Hangup,
    ToolCalled,
    ToolCancelled,
    ToolResult,
    Transcript,
    Warned,
)

__all__ = ["AgentTurn", "CallView", "StepView", "ToolUse", "UserTurn", "view"]

_AT_CUT_S = 0.05
"""How far the detected end of speech may be from where the sound was cut off."""


@dataclass
class ToolUse:
    """A tool call and its answer, or when its answer was no longer wanted."""

    called: ToolCalled
    at_s: float
    result: ToolResult | None = None
    answered_at_s: float | None = None
    cancelled_at_s: float | None = None


@dataclass
class AgentTurn:
    """One turn of the agent; times in seconds on the call clock."""

    index: int
    opened_s: float
    closed_s: float | None = None
    reason: EndReason | None = None
    limit_s: float | None = None
    cause: str = ""
    speech_start_s: float | None = None
    claims: list[str] = field(default_factory=list)
    """The platform's texts as it first gave them."""
    corrected: list[str] = field(default_factory=list)
    """The same with its corrections."""
    heard: str | None = None
    tools: list[ToolUse] = field(default_factory=list)
    keys: str = ""
    """What it pressed."""
    heard_share: float = 1.0
    """How much of what had arrived was heard before the rest was thrown away."""
    resumed_s: list[float] = field(default_factory=list)
    """When it went on although the user had begun to speak in its pause."""
    unheard: bool = False
    """Whether its words are only claimed: there is no speech in it that could be them."""
    written: list[str] = field(default_factory=list)
    """Texts that by the word of the platform nobody speaks."""
    reads: bool = False
    """Whether its user reads: what is written counts."""

    @property
    def claimed(self) -> str | None:
        """The platform's full text."""
        return " ".join([*self.claims, *self.written]) or None

    @property
    def only_claimed(self) -> str:
        """The part of it that nobody heard, or was to read."""
        unheard = [*(self.claims if self.unheard else ()), *(() if self.reads else self.written)]
        return " ".join(unheard)

    @property
    def text(self) -> str:
        """What expectations use: the transcriber's text, else the platform's as far as heard.

        Where the platform corrected what it had not said after all, its correction stands.
        """
        if self.heard is not None:
            return self.heard
        return self.text_heard(self.heard_share)

    def text_heard(self, share: float) -> str:
        """The platform's text up to a share of it, if its words are spread evenly."""
        written = self.written if self.reads else []
        text = " ".join([*(() if self.unheard else self.corrected), *written])
        if self.unheard or written or self.corrected != self.claims or share >= 1:
            return text
        words = text.split()
        return " ".join(words[: round(share * len(words))])

    def claim(self, text: str) -> None:
        """Take in a text of the platform."""
        self.claims.append(text)
        self.corrected.append(text)


@dataclass
class UserTurn:
    """One line of the script as it went out."""

    spoken: LineSpoken
    over: UserInterrupt | None = None
    """How it was to be said over the agent; None where it was not."""
    understood: str | None = None

    @property
    def interrupts(self) -> bool:
        """Whether it was said over the agent, which should stop for it."""
        if self.spoken.kind == "improvise":
            return self.over is not None and self.over.mode != "missed"
        return self.spoken.kind == "interrupt"


@dataclass
class StepView:
    """One step that was reached."""

    index: int
    started_s: float
    ended_s: float | None = None
    ended: StepEnded | None = None

    @property
    def turns(self) -> tuple[int, ...]:
        """The agent turns it listened to, so far as it came to an end."""
        return self.ended.turns if self.ended else ()


@dataclass
class CallView:
    """Everything the timeline says, by what it is about; filled in once, by `view`."""

    agent_turns: list[AgentTurn] = field(default_factory=list)
    user_turns: list[UserTurn] = field(default_factory=list)
    steps: dict[int, StepView] = field(default_factory=dict)
    first_audio_s: list[float] = field(default_factory=list)
    hangup_s: float | None = None
    ended: CallEnded | None = None
    unclean: list[str] = field(default_factory=list)
    """What is odd about the agent's sound all along, in words."""
    cuts_s: list[float] = field(default_factory=list)
    """When the rest of what the agent had sent was thrown away."""
    improvised: dict[int, Improvised] = field(default_factory=dict)
    """How each step ended in which a language model played the user, by step."""
    _announced: dict[int, UserInterrupt] = field(default_factory=dict)
    """What is about to be said over the agent, by step."""
    _early: list[str] = field(default_factory=list)
    """The agent's texts that came before their turn opened."""
    _early_s: list[float] = field(default_factory=list)
    """When each of them came."""
    _stale: list[tuple[float, str]] = field(default_factory=list)
    """Texts whose turn never opened: the user had spoken on when the next one did."""
    _user_starts: int = 0
    _understood: dict[int, str] = field(default_factory=dict)

    @property
    def tools(self) -> list[ToolUse]:
        """Every tool call, in order."""
        return [tool for turn in self.agent_turns for tool in turn.tools]

    def cut_at(self, end_s: float) -> bool:
        """Whether speech that ends there ends because the rest of it was thrown away."""
        return any(abs(end_s - cut) <= _AT_CUT_S for cut in self.cuts_s)

    def take_in(self, entry: Entry) -> None:
        """Sort one entry."""
        match entry.what:
            case Warned(message, unclean=True):
                self.unclean.append(message)
            case TurnOpened(index):
                self.agent_turns.append(AgentTurn(index, entry.at))
                self._place_early()
            case TurnClosed(index, reason, limit_s, cause):
                turn = self.agent_turns[index]
                turn.closed_s, turn.reason = entry.at, reason
                turn.limit_s, turn.cause = limit_s, cause
            case TurnResumed(index):
                self.agent_turns[index].resumed_s.append(entry.at)
            case TurnCut(index, share):
                self.agent_turns[index].heard_share = share
                self.cuts_s.append(entry.at)
            case Dtmf(key) if entry.by == "agent" and self.agent_turns:
                self.agent_turns[-1].keys += key
            case UserInterrupt():
                self._announced[entry.what.step] = entry.what
            case Improvised():
                self.improvised[entry.what.step] = entry.what
            case TurnTranscribed(index, text):
                self.agent_turns[index].heard = text
            case Transcript():
                self._take_in_text(entry.what, entry.at)
            case SpeechStarted("user"):
                self._user_starts += 1
            case SpeechStarted("agent") if self.agent_turns:
                turn = self.agent_turns[-1]
                if turn.speech_start_s is None and turn.closed_s is None:
                    turn.speech_start_s = entry.at
            case LineSpoken():
                over = self._announced.pop(entry.what.step, None)
                self.user_turns.append(UserTurn(entry.what, over))
                if entry.what.kind == "text":
                    self._user_starts += 1
            case ToolCalled():
                self.agent_turns[-1].tools.append(ToolUse(entry.what, entry.at))
            case ToolResult(call):
                for tool in self._still_asked(call):
                    if tool.result is None:
                        tool.result, tool.answered_at_s = entry.what, entry.at
                        break
            case ToolCancelled(call):
                for tool in self._still_asked(call):
                    tool.cancelled_at_s = entry.at
            case StepStarted(step):
                self.steps[step] = StepView(step, entry.at)
            case StepEnded(step):
                self.steps[step].ended_s, self.steps[step].ended = entry.at, entry.what
            case FirstAudio():
                self.first_audio_s.append(entry.at)
            case Hangup():
                self.hangup_s = entry.at
            case CallEnded():
                self.ended = entry.what
            case _:
                pass

    @property
    def unplaced(self) -> Sequence[tuple[float, str]]:
        """When the platform claimed which words of the agent that no turn was to hold."""
        return [*self._stale, *zip(self._early_s, self._early, strict=True)]

    def _place_early(self) -> None:
        """Give the turn that has just opened the texts that came before it, unless they are old."""
        asked = [line.spoken for line in self.user_turns if line.spoken.kind in AWAITED]
        since = max((line.speech_start_s for line in asked), default=float("-inf"))
        for at, text in zip(self._early_s, self._early, strict=True):
            if at >= since:
                self.agent_turns[-1].claim(text)
            else:
                self._stale.append((at, text))
        self._early.clear()
        self._early_s.clear()

    def _take_in_text(self, said: Transcript, at: float) -> None:
        if said.by == "user":
            earlier = self._understood.get(self._user_starts)
            text = said.text if earlier is None or said.replaces else f"{earlier} {said.text}"
            self._understood[self._user_starts] = text
            return
        if said.written and self.agent_turns and self.agent_turns[-1].closed_s is None:
            self.agent_turns[-1].written.append(said.text)
            return
        if said.replaces is not None and self._correct(said.replaces, said.text):
            return
        last = self.agent_turns[-1] if self.agent_turns else None
        if last is None or (last.closed_s is not None and last.claims):
            self._early.append(said.text)
            self._early_s.append(at)
        else:
            last.claim(said.text)

    def _correct(self, old: str, new: str) -> bool:
        """Put a correction in the place of the latest text that it names."""
        for texts in (self._early, *(turn.corrected for turn in reversed(self.agent_turns))):
            if old in texts:
                texts[texts.index(old)] = new
                return True
        return False

    def _still_asked(self, call: str) -> list[ToolUse]:
        """The calls of that id that were not cancelled."""
        return [t for t in self.tools if t.called.id == call and t.cancelled_at_s is None]

    def settle(self) -> None:
        """Give each user turn what the platform understood of it."""
        worded = (turn for turn in self.user_turns if turn.spoken.kind in SPOKEN | {"text"})
        for number, turn in enumerate(worded, start=1):
            turn.understood = self._understood.get(number)


def view(entries: Iterable[Entry]) -> CallView:
    """Sort a timeline; entries must stand in the order in which they became known."""
    sorted_call = CallView()
    for entry in entries:
        sorted_call.take_in(entry)
    sorted_call.settle()
    return sorted_call
