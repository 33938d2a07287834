"""Judges every step of the script on the record of the call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicetest.call.harness import Harness
from voicetest.call.microphone import FRAME_S
from voicetest.call.timeline import EndReason, LineSpoken, StepEnded
from voicetest.checks.expectations import HANG_UP_S, Spoken, expects_words, judge_spoken
from voicetest.checks.improvised import judge_improvised
from voicetest.checks.metrics import Measured
from voicetest.checks.over import judge_over
from voicetest.checks.result import Check
from voicetest.checks.speech import PlacedTurn, answer_to
from voicetest.checks.timing import timing_check
from voicetest.checks.unheard import unheard_between
from voicetest.checks.view import StepView
from voicetest.scenario.expectations import Expectations, Lasts, SpeechExpectations
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import (
    AgentStep,
    BackchannelStep,
    DtmfStep,
    HangupStep,
    ImproviseStep,
    InterruptStep,
    NoiseStep,
    PlayStep,
    SilenceStep,
    Step,
    TextStep,
    UserStep,
)

__all__ = ["judge_steps"]

_ACTED = (UserStep, PlayStep, InterruptStep, BackchannelStep, NoiseStep, DtmfStep, TextStep)
"""Steps in which the user does something."""
_ASKED = UserStep | PlayStep | InterruptStep | DtmfStep | TextStep
"""Steps that the agent answers."""


def judge_steps(file: ScenarioFile, measured: Measured, harness: Harness | None) -> Iterator[Check]:
    """Every check of every step, in script order, steps that were not reached included."""
    agent_may_leave = False
    for index, step in enumerate(file.scenario.script):
        reached = _reached(measured, index, step)
        if reached is None:
            if not agent_may_leave and not isinstance(step, HangupStep):
                yield _not_reached(file, measured, index)
            continue
        match step:
            case AgentStep():
                listening = _Listening(file, measured, harness, index, reached, step.agent)
                yield from listening.checks(step.agent)
                agent_may_leave = step.agent.ends_call
            case SilenceStep():
                listening = _Listening(file, measured, harness, index, reached, step)
                yield from listening.silence_checks(step)
            case ImproviseStep():
                yield from judge_improvised(file, measured, index, step, reached)
                agent_may_leave = False
            case InterruptStep() | BackchannelStep() | NoiseStep():
                yield from judge_over(file, measured, harness, index, step, reached)
                agent_may_leave = False
            case _:
                pass


def _reached(measured: Measured, index: int, step: Step) -> StepView | None:
    """A step that did what it is for; what the end of the call cut off counts as far as it got."""
    view = measured.call.steps.get(index)
    if view is None:
        return None
    if isinstance(step, _ACTED) and (view.ended is None or view.ended.reason is None):
        spoken = any(turn.spoken.step == index for turn in measured.call.user_turns)
        return view if spoken else None
    if view.ended is None:
        known = {turn for other in measured.call.steps.values() for turn in other.turns}
        rest = tuple(p.turn.index for p in measured.placed if p.turn.index not in known)
        return StepView(index, view.started_s, measured.duration_s, StepEnded(index, turns=rest))
    return view


def _not_reached(file: ScenarioFile, measured: Measured, index: int) -> Check:
    ended, hung_up = measured.call.ended, measured.call.hangup_s
    why = ""
    if ended is not None and ended.by == "agent" and hung_up is not None:
        why = f", as the agent hung up at {hung_up:.1f} s"
    return Check(
        name="reached",
        where=file.where("script", index),
        step=index,
        expected="the call gets to this step",
        actual=f"not_reached: the call was over before it{why}",
        passed=False,
        severity="fail",
    )


@dataclass(frozen=True)
class _Listening:
    """One step that listened, with what it heard."""

    file: ScenarioFile
    measured: Measured
    harness: Harness | None
    index: int
    step: StepView
    expected: SpeechExpectations

    def checks(self, expected: Expectations) -> Iterator[Check]:
        """All checks of an `agent:` step."""
        if expected.stays_silent is not None:
            yield self._stays_silent(expected.stays_silent)
            return
        found = [*self._limits(expected), *self._spoken_checks()]
        if expected.within is not None:
            found.append(self._within(expected.within))
        if expected.lasts is not None:
            found.append(self._lasts(expected.lasts))
        yield from found
        acts = expected.calls_tool is not None or bool(expected.presses) or expected.ends_call
        if not acts and all(check.passed for check in found):
            yield from self._answers_aloud()

    def _answers_aloud(self) -> Iterator[Check]:
        """An agent that only has written what its user waited to hear has not answered."""
        claimed = self._spoken().claimed
        if claimed and not any(placed.speech for placed in self._turns):
            yield self._check("answers", (), "the agent answers", claimed, False)

    def silence_checks(self, silence: SilenceStep) -> Iterator[Check]:
        """All checks of a `silence:` step."""
        if silence.stays_silent:
            yield self._stays_silent(silence.silence)
        elif expects_words(silence):
            yield from self._spoken_checks()

    def _spoken_checks(self) -> Iterator[Check]:
        if isinstance(self.expected, Expectations) and self.expected.sounds_clean:
            yield self._sounds_clean()
        for verdict in judge_spoken(self.expected, self._spoken()):
            check = self._check(
                verdict.name, verdict.key, verdict.expected, verdict.actual, verdict.passed
            )
            yield check.model_copy(update={"limit": verdict.limit, "value": verdict.value})

    @property
    def _turns(self) -> Sequence[PlacedTurn]:
        covered = self.step.ended.turns if self.step.ended else ()
        return [placed for placed in self.measured.placed if placed.turn.index in covered]

    def _spoken(self) -> Spoken:
        return Spoken(
            [placed.turn.text for placed in self._turns],
            [tool for placed in self._turns for tool in placed.turn.tools],
            self._hung_up(),
            "".join(placed.turn.keys for placed in self._turns),
            unheard_between(
                self.measured.call,
                [placed.turn for placed in self._turns],
                self.step.started_s,
                self.measured.duration_s if self.step.ended_s is None else self.step.ended_s,
            ),
            self.expected.language or self.file.scenario.language,
        )

    def _sounds_clean(self) -> Check:
        spans = [(placed.start_s, placed.end_s) for placed in self._turns if placed.speech]
        found = [
            defect
            for defect in self.measured.defects
            if any(start <= defect.at_s <= end for start, end in spans)
        ]
        odd = [*self.measured.call.unclean, *filter(None, [self.measured.wrong_rate])]
        shown = [
            *(odd if spans else []),
            *(f"{defect.kind} at {defect.at_s:.2f} s" for defect in found[:5]),
        ]
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        wrong = f"{', '.join(shown)}{more}"
        return self._check(
            "sounds_clean",
            ("sounds_clean",),
            "no clipping, drop-outs or loops",
            wrong or ("nothing wrong was found" if spans else "never spoke"),
            bool(spans) and not wrong,
        )

    def _hung_up(self) -> bool:
        at = self.measured.call.hangup_s
        if at is None:
            return False
        spoken = [placed.end_s for placed in self._turns]
        return at <= max(spoken, default=self.step.started_s) + HANG_UP_S

    def _check(
        self, name: str, key: tuple[str | int, ...], expected: str, actual: str, passed: bool
    ) -> Check:
        return Check(
            name=name,
            where=self._where(key),
            step=self.index,
            expected=expected,
            actual=actual,
            passed=passed,
            severity=self.expected.severity,
            at_s=self.step.ended_s,
            **_span(*self._heard_between()),
        )

    def _heard_between(self) -> tuple[float, float]:
        """Where the agent's turns of this step are; the whole step where there are none."""
        turns = self._turns
        if turns:
            return turns[0].start_s, max(placed.end_s for placed in turns)
        return self.step.started_s, self.step.ended_s or self.measured.duration_s

    def _where(self, key: tuple[str | int, ...]) -> str:
        section = () if isinstance(self.expected, SilenceStep) else ("agent",)
        return self.file.where("script", self.index, *section, *key)

    def _limits(self, expected: Expectations) -> Iterator[Check]:
        """An agent that did not answer, or did not come to an end, fails its step."""
        ended = self.step.ended
        if ended is None or ended.reason is None:
            return
        limit = "" if ended.limit_s is None else f" within {ended.limit_s:g} s"
        match ended.reason:
            case (
                EndReason.FIRST_CHUNK_TIMEOUT
                | EndReason.IDLE_TIMEOUT
                | EndReason.TURN_TIMEOUT
                | EndReason.EMPTY_ANSWER
            ):
                yield self._check(
                    "answers",
                    (),
                    f"the agent answers{limit}",
                    f"{ended.reason}: {ended.cause}",
                    False,
                )
            case EndReason.HUNG_UP if not ended.turns and not expected.ends_call:
                yield self._check(
                    "answers", (), "the agent answers", "hung_up: the agent hung up", False
                )
            case _:
                pass

    def _stays_silent(self, wanted: float) -> Check:
        start, end = self.step.started_s, self.step.ended_s or self.measured.duration_s
        spoken = [s.start for s in self.measured.agent_speech if start <= s.start <= end]
        whole = end - start >= wanted - FRAME_S
        actual = "no speech started"
        if spoken:
            actual = f"spoke at {spoken[0]:.2f} s"
        elif not whole:
            actual = f"the call was over after {end - start:.1f} s"
        expected = f"no agent speech for {wanted:g} s"
        passed = whole and not spoken
        check = self._check("stays_silent", ("stays_silent",), expected, actual, passed)
        return check.model_copy(update=_span(start, end))

    def _within(self, limit: float) -> Check:
        delay = self.measured.jitter_buffer_s
        speech = [segment for placed in self._turns for segment in placed.speech]
        line = self._asked()
        if line is not None:
            since = line.speech_end_s
            answer = answer_to(line, speech, line.speech_start_s, delay)
        else:
            since, earliest = self._after_agent()
            answer = next((segment for segment in speech if segment.start > earliest), None)
        start = None if answer is None else answer.start
        value = None if start is None else start - delay - since
        early = value is not None and value < 0
        unmeasured = self._check(
            "within", ("within",), f"speaks within {limit:g} s", "never spoke", False
        )
        until = start if start is not None else self._heard_between()[1]
        check = timing_check(
            unmeasured.model_copy(update=_span(min(since, until), max(since, until))),
            value=value,
            lower=0.0 if early else None,
            upper=None if early else limit,
            window=(min(since, start or since), start and max(since, start)),
            harness=self.harness,
        )
        if not early:
            return check
        actual = f"{check.actual}: it began before the user had finished"
        return check.model_copy(update={"actual": actual, "limit": limit})

    def _asked(self) -> LineSpoken | None:
        """The line of the user that the step is to answer, if there is one."""
        script = self.file.scenario.script
        for earlier in range(self.index - 1, -1, -1):
            lines = [t.spoken for t in self.measured.call.user_turns if t.spoken.step == earlier]
            if isinstance(script[earlier], _ASKED) and lines:
                return lines[0]
            if isinstance(script[earlier], AgentStep | ImproviseStep):
                # A user who makes up the lines hears every answer but that to a parting line.
                parting = bool(lines) and lines[-1].speech_end_s > self._end_of_turns_before()
                return lines[-1] if parting else None
        return None

    def _after_agent(self) -> tuple[float, float]:
        """Where the turn before ended, and the earliest time at which what comes next may start."""
        script = self.file.scenario.script[: self.index]
        if any(isinstance(step, AgentStep | ImproviseStep) for step in script):
            end = self._end_of_turns_before()
            return end, end
        return 0.0, -1.0

    def _end_of_turns_before(self) -> float:
        covered = self.step.ended.turns if self.step.ended else ()
        first = min(covered, default=len(self.measured.placed))
        before = [placed.end_s for placed in self.measured.placed if placed.turn.index < first]
        return before[-1] if before else 0.0

    def _lasts(self, lasts: Lasts) -> Check:
        first = next((placed for placed in self._turns if placed.speech), None)
        bounds = (("at least", lasts.min), ("at most", lasts.max))
        words = " and ".join(f"{word} {bound:g} s" for word, bound in bounds if bound is not None)
        unmeasured = self._check("lasts", ("lasts",), f"speaks for {words}", "never spoke", False)
        if first is not None:
            unmeasured = unmeasured.model_copy(update=_span(first.start_s, first.end_s))
        return timing_check(
            unmeasured,
            value=None if first is None else first.end_s - first.start_s,
            lower=lasts.min,
            upper=lasts.max,
            window=(first.start_s, first.end_s) if first else (0.0, None),
            harness=self.harness,
        )


def _span(start: float, end: float) -> dict[str, float]:
    """Where in the recording what a check judged is, as its fields."""
    return {"from_s": round(start, 6), "to_s": round(end, 6)}
