"""From the record of a call to its result: a pure function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from voicetest.audio.defects import Defect
from voicetest.audio.vad import Segment
from voicetest.call.harness import Harness
from voicetest.call.lapses import BOUNDS, Lapse, described
from voicetest.call.record import CallRecord
from voicetest.call.timeline import Entry
from voicetest.checks.barge import spoken_over
from voicetest.checks.lateness import blamed_on_nobody, heard_since, in_words, lapses_of
from voicetest.checks.messages import chat_messages
from voicetest.checks.metrics import Measured, measure
from voicetest.checks.pace import crammed, rate_of_voice
from voicetest.checks.patterns import slow_patterns
from voicetest.checks.result import (
    BoundFigures,
    Check,
    Fault,
    HarnessFigures,
    LapseFigure,
    Result,
    Termination,
    ToolCallRecord,
    Turn,
)
from voicetest.checks.speech import part, place_turns, responses
from voicetest.checks.steps import judge_steps
from voicetest.checks.turns import numbered_turns
from voicetest.checks.unheard import line_use, mark_unheard, soundless
from voicetest.checks.verdict import ADVICE, verdict
from voicetest.checks.view import AgentTurn, CallView, view
from voicetest.checks.warned import warnings_of
from voicetest.checks.whole_call import CheckPlace, judge_whole_call
from voicetest.events import Warned
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import (
    AgentStep,
    DtmfStep,
    ExpectStep,
    PlayStep,
    SilenceStep,
    TextStep,
    UserStep,
)

__all__ = ["evaluate"]

LATE_MS = 20.0
"""A call whose frames are later than this, by the 99th percentile, has a warning."""
_TOO_BUSY = "this machine was too busy for exact times"
_OF_THE_LINE = ("connection", "protocol")
"""Errors that may follow from our own lateness."""


def evaluate(file: ScenarioFile, record: CallRecord) -> Result:
    """Judge a call; the same record always gives the same result."""
    measured = _measured(file, record)
    own = _own_defects(record)
    figures = None if record.harness is None else _figures(record.harness, own)
    checks = tuple(_checks(file, record, measured, lapses_of(figures)))
    late = in_words(figures)
    faults = _faults(record, late)
    silent = soundless(measured.call, record.entries, checks, record.duration_s)
    if silent is not None and record.error is None:
        faults = (silent,)
    if record.error is None:
        faults = (*faults, *slow_patterns(file, measured))
    broken = faults[0].message if faults else None
    status, reason = verdict(checks, broken, late=late)
    numbered = numbered_turns(file, measured)
    return Result(
        status=status,
        reason=reason,
        errors=faults,
        duration_s=record.duration_s,
        turns=tuple(turn for turn, _ in numbered),
        metrics=measure(measured),
        checks=checks,
        tool_calls=tuple(_tool_calls(numbered)),
        messages=chat_messages(numbered),
        termination=_termination(measured.call),
        harness=figures,
        warnings=warnings_of(file.warnings, (*record.entries, *_heard_oddly(measured))),
    )


def _measured(file: ScenarioFile, record: CallRecord, until: float | None = None) -> Measured:
    """What metrics are computed from, of the whole call or of what was before `until` seconds."""
    end = record.duration_s if until is None else until
    call = view(entry for entry in record.entries if until is None or entry.at <= until)
    heard = (replace(s, end=min(s.end, end)) for s in record.agent_speech if s.start < end)
    delay = record.harness.jitter_buffer_s if record.harness else 0.0
    speech = list(part(heard, call.agent_turns, delay))
    own = _own_defects(record)
    script = file.scenario.script
    placed = place_turns(call, speech, end)
    used = line_use(record.entries)
    audible = {one.turn.index for one in placed if one.speech}
    mark_unheard(call, audible, carries_sound=used is None or used.carries_sound)
    spread = not any(crammed(placed, call.user_turns))
    odd = rate_of_voice(record.formants, placed) if spread else None
    return Measured(
        call=call,
        placed=placed,
        wrong_rate=odd,
        over=spoken_over(call, placed, end, delay),
        defects=[defect for defect in record.defects if defect.at_s < end and defect not in own],
        responses=responses(call, speech, delay),
        agent_speech=speech,
        duration_s=end,
        jitter_buffer_s=delay,
        quiet=[
            Segment(step.started_s, step.ended_s or end)
            for step in call.steps.values()
            if isinstance(script[step.index], SilenceStep | DtmfStep)
        ],
        awaited=_awaited(file),
        language=file.scenario.language,
        references={
            index: step.agent.similar_to.text
            for index, step in enumerate(script)
            if isinstance(step, AgentStep) and step.agent.similar_to is not None
        },
    )


def _heard_oddly(measured: Measured) -> Iterator[Entry]:
    if measured.wrong_rate is not None:
        yield Entry(0.0, "voicetest", Warned(measured.wrong_rate, unclean=True))
    for words in crammed(measured.placed, measured.call.user_turns):
        yield Entry(0.0, "voicetest", Warned(words))


def _awaited(file: ScenarioFile) -> list[int]:
    """The agent steps that follow a line of the user."""
    found = []
    spoken = False
    for index, step in enumerate(file.scenario.script):
        match step:
            case UserStep() | PlayStep() | TextStep() | DtmfStep():
                spoken = True
            case AgentStep():
                if spoken and step.agent.stays_silent is None:
                    found.append(index)
                spoken = False
            case _:
                pass
    return found


def _own_defects(record: CallRecord) -> list[Defect]:
    """What is wrong with the agent's sound because voicetest was late."""
    traces = [] if record.harness is None else record.harness.own_traces()
    return [d for d in record.defects if any(start <= d.at_s <= end for start, end in traces)]


def _checks(
    file: ScenarioFile, record: CallRecord, measured: Measured, lapses: Sequence[Lapse]
) -> Iterator[Check]:
    if record.harness is None:
        return
    for check in judge_steps(file, measured, record.harness):
        yield blamed_on_nobody(check, lapses, heard_since(file, measured, check.step))
    complete = all(response.answer is not None for response in measured.responses)
    for check in _whole_call_checks(file, record, measured):
        yield blamed_on_nobody(check, lapses, complete=complete)
    late = record.harness.lateness_ms(99)
    if late > LATE_MS or lapses:
        yield Check(
            name="on_time",
            where=file.shown,
            step=None,
            expected=f"99 % of the frames are at most {LATE_MS:g} ms late",
            actual=f"{late:.0f} ms: {f'{described(lapses)}, {ADVICE}' if lapses else _TOO_BUSY}",
            limit=LATE_MS / 1000,
            value=round(late / 1000, 6),
            passed=False,
            severity="warn",
        )


def _whole_call_checks(
    file: ScenarioFile, record: CallRecord, measured: Measured
) -> Iterator[Check]:
    for index, step in enumerate(file.scenario.script):
        reached = measured.call.steps.get(index)
        if isinstance(step, ExpectStep) and reached is not None:
            so_far = _measured(file, record, reached.started_s)
            at = CheckPlace(file, ("script", index, "expect"), index)
            yield from judge_whole_call(at, step.expect, so_far, record.harness)
    at = CheckPlace(file, ("checks",), None)
    yield from judge_whole_call(at, file.scenario.checks, measured, record.harness)
    ended = measured.call.ended
    if ended is not None and ended.by == "limit":
        yield Check(
            name="max_duration",
            where=file.where("limits", "max_duration"),
            step=None,
            expected=f"the call ends within {file.scenario.limits.max_duration:g} s",
            actual="it was still going on",
            passed=False,
            severity="fail",
        )


def _faults(record: CallRecord, late: str) -> tuple[Fault, ...]:
    error = record.error
    if error is None:
        return ()
    if late and error.kind in _OF_THE_LINE and late not in error.message:
        error = replace(error, message=f"{error.message} ({late}: {ADVICE})")
    return (
        Fault(
            kind=error.kind,
            message=error.message,
            where=error.where,
            traceback=error.traceback,
            passing=error.passing,
        ),
    )


def _termination(call: CallView) -> Termination:
    if call.ended is None:
        return Termination(by=None)
    return Termination(by=call.ended.by, code=call.ended.code, reason=call.ended.reason)


def _figures(harness: Harness, own: Sequence[Defect]) -> HarnessFigures:
    return HarnessFigures(
        frames_sent=harness.frames,
        lateness_p50_ms=round(harness.lateness_ms(50), 3),
        lateness_p99_ms=round(harness.lateness_ms(99), 3),
        lateness_max_ms=round(harness.lateness_ms(100), 3),
        loop_lag_ms=round(harness.loop_lag_ms, 3),
        playout_dropped_s=round(harness.dropped_s, 6),
        playout_inserted_s=round(harness.inserted_s, 6),
        jitter_buffer_s=harness.jitter_buffer_s,
        bounds=BoundFigures.model_validate(asdict(BOUNDS)),
        lapses=tuple(_lapse(lapse) for lapse in harness.lapses()),
        own_gaps_s=tuple(round(defect.at_s, 6) for defect in own),
    )


def _lapse(lapse: Lapse) -> LapseFigure:
    return LapseFigure(
        start_s=round(lapse.start_s, 6),
        end_s=round(lapse.end_s, 6),
        seconds=round(lapse.seconds, 6),
        kind=lapse.kind,
    )


def _tool_calls(turns: Sequence[tuple[Turn, AgentTurn | None]]) -> Iterator[ToolCallRecord]:
    for turn, spoken in turns:
        for tool in spoken.tools if spoken else ():
            yield ToolCallRecord(
                id=tool.called.id,
                name=tool.called.name,
                arguments=tool.called.arguments,
                at_s=round(tool.at_s, 6),
                turn=turn.index,
                result=None if tool.result is None else tool.result.content,
                failed=tool.result is not None and tool.result.failed,
                answered_at_s=None if tool.answered_at_s is None else round(tool.answered_at_s, 6),
                cancelled_at_s=(
                    None if tool.cancelled_at_s is None else round(tool.cancelled_at_s, 6)
                ),
            )
