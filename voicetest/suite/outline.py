"""A scenario in plain English with who speaks when, before anybody is called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from voicetest.audio.files import read_audio
from voicetest.executor.plan import Plan
from voicetest.scenario.steps import (
    AgentStep,
    BackchannelStep,
    DtmfStep,
    ExpectStep,
    HangupStep,
    ImproviseStep,
    InterruptStep,
    JudgeStep,
    NoiseStep,
    PlayStep,
    SilenceStep,
    Step,
    TextStep,
    UserStep,
)
from voicetest.suite.wording import call_checks, expectations, seconds

__all__ = ["Outline", "Stretch", "lanes", "outline"]

_WORDS_A_SECOND = 2.5
"""Of speech at its normal rate."""
_ANSWER_S = 4.0
"""What an answer of the agent is taken to last when nothing says it."""
_PAUSE_S = 0.8
"""What the agent is taken to think before it answers."""
_GOES_ON_S = 1.0
"""How long an answer goes on after something was said into it."""
_STOP_S = 0.7
"""What an agent takes to stop when it is interrupted."""
_KEY_S = 0.2
_GAP_S = 0.3
"""Between two things that the user does in a row."""


@dataclass(frozen=True)
class Stretch:
    """Somebody makes a sound from `start_s` to `end_s`, as far as can be told before the call."""

    by: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Outline:
    """What will happen; the agent's part in the times is a guess."""

    steps: tuple[str, ...]
    checks: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    duration_s: float


def outline(planned: Plan) -> Outline:
    """Go through the script once, with the agent as it is expected to be."""
    clock = _Clock(planned.file.scenario.user.rate or 1.0)
    steps = tuple(clock.take(step) for step in planned.file.scenario.script)
    judge = planned.file.scenario.judge
    judged = () if judge is None else (f"by the judge: {text}" for text in judge.criteria)
    checks = (*call_checks(planned.file.scenario.checks), *judged)
    return Outline(steps, checks, tuple(clock.stretches), clock.now)


class _Clock:
    """Where in the call the script is; each step moves it on."""

    def __init__(self, rate: float) -> None:
        self.now = 0.0
        self.stretches: list[Stretch] = []
        self._rate = rate
        self._last = ""
        """Who made the last sound."""
        self._answer: int | None = None
        """Which stretch is the agent's answer to what the user said last; None before it."""

    def take(self, step: Step) -> str:
        """The step in plain English."""
        match step:
            case AgentStep():
                return self._agent(step)
            case UserStep():
                self._speak(self._spoken(step.user, step.rate))
                return f"The user says: “{step.user}”"
            case InterruptStep() | BackchannelStep():
                return self._over(step)
            case NoiseStep():
                self._noise(step)
                return f"A sound is made ({step.noise.stem}){_goes_on(step.keeps_talking)}."
            case PlayStep():
                self._speak(read_audio(step.play).duration)
                words = f": “{step.transcript}”" if step.transcript else ""
                return f"The user plays {step.play.name}{words}."
            case ImproviseStep():
                return self._improvise(step)
            case _:
                return self._quiet(step)

    def _quiet(self, step: Step) -> str:
        match step:
            case DtmfStep():
                self._speak(_KEY_S * len(step.dtmf))
                return f"The user presses {step.dtmf}."
            case SilenceStep():
                self.now += step.silence
                told = "; ".join(expectations(step))
                return f"The user is silent for {seconds(step.silence)}{_and(told)}."
            case ExpectStep():
                return f"By now {'; '.join(call_checks(step.expect))}."
            case JudgeStep():
                return f"The judge is asked about the call so far: {' '.join(step.judge)}"
            case TextStep():
                return f"The user types: “{step.text}”"
            case HangupStep():
                return "The user hangs up."
            case _:
                raise ValueError(f"a step of an unknown kind: {step}")

    def _agent(self, step: AgentStep) -> str:
        wanted = step.agent
        told = "; ".join(expectations(wanted))
        if wanted.stays_silent is not None:
            self.now += wanted.stays_silent
            return f"The agent {told}."
        start = self.now + (_PAUSE_S if self._last else _GAP_S)
        lasts = wanted.lasts
        known = [] if lasts is None else [s for s in (lasts.min, lasts.max) if s is not None]
        self._sound("agent", start, start + (sum(known) / len(known) if known else _ANSWER_S))
        opens = "The agent speaks first" if len(self.stretches) == 1 else "The agent answers"
        return f"{opens}{_and(told)}."

    def _improvise(self, step: ImproviseStep) -> str:
        wanted = step.improvise
        for _ in range(wanted.turns):
            self._speak(_ANSWER_S)
            start = self.now + _PAUSE_S
            self._sound("agent", start, start + _ANSWER_S)
        until = "" if wanted.until is None else f", until: {wanted.until}"
        return f"The user makes up at most {wanted.turns} lines{until}"

    def _over(self, step: InterruptStep | BackchannelStep) -> str:
        spoken = step.interrupt if isinstance(step, InterruptStep) else step.backchannel
        start = self._under(step.after)
        self._sound("user", start, start + self._spoken(spoken, step.rate))
        when = f"once the agent has spoken for {seconds(step.after)}"
        if isinstance(step, BackchannelStep):
            return f"The user says “{spoken}” {when}{_goes_on(step.keeps_talking)}."
        self._cut(start + _STOP_S)
        if step.after_words is not None:
            when = f"once {step.after_words} words of the agent were heard"
        stop = step.stops_within
        told = f"; it has to stop within {seconds(stop)}" if stop is not None else ""
        return f"The user interrupts {when}: “{spoken}”{told}"

    def _noise(self, step: NoiseStep) -> None:
        start = self.now if step.after is None else self._under(step.after)
        self._sound("user", start, start + read_audio(step.noise).duration)

    def _under(self, after: float) -> float:
        """When the agent has spoken for `after`, in an answer that goes on under the user."""
        if self._answer is None:
            self._sound("agent", self.now + _PAUSE_S, self.now + _PAUSE_S + _ANSWER_S)
        index = self._answer or 0
        answer = self.stretches[index]
        start = answer.start_s + after
        self.stretches[index] = replace(answer, end_s=max(answer.end_s, start + _GOES_ON_S))
        self.now = max(self.now, self.stretches[index].end_s)
        return start

    def _cut(self, at: float) -> None:
        """The agent stops: what the user says ends the step."""
        index = self._answer or 0
        self.stretches[index] = replace(self.stretches[index], end_s=at)
        self.now = max(at, self.stretches[-1].end_s)
        self._answer = None

    def _speak(self, length_s: float) -> None:
        start = self.now + (_GAP_S if self._last == "user" else 0.05)
        self._sound("user", start, start + length_s)
        self._answer = None

    def _sound(self, by: str, start: float, end: float) -> None:
        self.stretches.append(Stretch(by, start, end))
        if by == "agent":
            self._answer = len(self.stretches) - 1
        self.now = max(self.now, end)
        self._last = by

    def _spoken(self, text: str, rate: float | None) -> float:
        words = max(len(text.split()), 1)
        return words / _WORDS_A_SECOND / (rate or self._rate)


def _and(told: str) -> str:
    return f": it {told}" if told else ""


def _goes_on(keeps_talking: bool) -> str:
    return "; an agent that is speaking has to go on" if keeps_talking else ""


def lanes(found: Outline, columns: int) -> Iterator[str]:
    """Who speaks when, in ASCII: a scale, then a line for each party."""
    total = max(found.duration_s, 1.0)
    yield from _scale(total, columns)
    for by, mark in (("user", "="), ("agent", "#")):
        line = ["."] * columns
        for stretch in found.stretches:
            if stretch.by == by:
                first = int(stretch.start_s / total * columns)
                last = max(int(stretch.end_s / total * columns), first + 1)
                line[first:last] = mark * (min(last, columns) - first)
        yield f"{by:6} {''.join(line)[:columns]}"


def _scale(total: float, columns: int) -> Iterator[str]:
    step = next((s for s in (5, 10, 30, 60, 300, 600) if total / s <= columns / 8), 3600)
    line = [" "] * (columns + 6)
    for at in range(0, int(total) + 1, step):
        place = int(at / total * columns)
        text = f"{at // 60}:{at % 60:02}"
        line[place : place + len(text)] = text
    yield f"{'':6} {''.join(line).rstrip()}"
