"""The turns of both parties as the manifest lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voicetest.call.line import SPOKEN
from voicetest.call.timeline import EndReason
from voicetest.checks.metrics import Measured
from voicetest.checks.result import StepPlace, Turn
from voicetest.checks.speech import PlacedTurn
from voicetest.checks.view import AgentTurn, CallView, UserTurn
from voicetest.scenario.load import ScenarioFile

__all__ = ["numbered_turns"]

_MID_WORD_S = 0.05
"""Speech that ends this close to the end of the call was cut off by it."""
_CUT_OFF = frozenset({EndReason.INTERRUPTED, EndReason.ERROR, EndReason.MAX_DURATION})


@dataclass(frozen=True)
class _Timing:
    """What a manifest says of the answer to a line of the user."""

    latency_s: float | None = None
    first_audio_s: float | None = None


def numbered_turns(file: ScenarioFile, measured: Measured) -> list[tuple[Turn, AgentTurn | None]]:
    """The turns of both parties in order of their start; user turns have no AgentTurn."""
    timings = {
        response.answer: _Timing(response.latency_s, response.first_audio_s)
        for response in measured.responses
        if response.answer is not None
    }
    both: list[tuple[float, UserTurn | PlacedTurn]] = [
        *((turn.spoken.speech_start_s, turn) for turn in measured.call.user_turns),
        *((placed.start_s, placed) for placed in measured.placed),
    ]
    numbered: list[tuple[Turn, AgentTurn | None]] = []
    for index, (_, turn) in enumerate(sorted(both, key=lambda item: item[0])):
        if isinstance(turn, UserTurn):
            numbered.append((_user_turn(file, index, turn), None))
        else:
            timing = next((timings[s] for s in turn.speech if s in timings), _Timing())
            step = _listening_step(measured.call, turn.turn.index)
            told = _agent_turn(file, index, turn, timing, step)
            if _cut_by_hang_up(measured, turn):
                told = told.model_copy(update={"truncated": True})
            numbered.append((told, turn.turn))
    return numbered


def _cut_by_hang_up(measured: Measured, placed: PlacedTurn) -> bool:
    """Whether the agent was still speaking when the user ended the call."""
    ended = measured.call.ended
    if ended is None or ended.by != "user" or placed.turn.reason is not EndReason.HUNG_UP:
        return False
    return bool(placed.speech) and measured.duration_s - placed.end_s < _MID_WORD_S


def _user_turn(file: ScenarioFile, index: int, turn: UserTurn) -> Turn:
    line = turn.spoken
    return Turn(
        index=index,
        by="user",
        kind=line.kind,
        step=_place(file, line.step),
        start_s=round(line.speech_start_s, 6),
        end_s=round(line.speech_end_s, 6),
        truncated=line.truncated,
        end_reason=None,
        limit_s=None,
        cause="",
        response_latency_s=None,
        time_to_first_audio_s=None,
        file=f"segments/{index:02}-user.wav" if line.clean else None,
        audible=bool(line.clean),
        transcript=line.text,
        transcript_source="script" if line.text else None,
        said=(line.said or line.text) if line.kind in SPOKEN | {"text"} else None,
        understood=turn.understood,
    )


def _agent_turn(
    file: ScenarioFile, index: int, placed: PlacedTurn, timing: _Timing, step: int | None
) -> Turn:
    turn = placed.turn
    return Turn(
        index=index,
        by="agent",
        kind="agent",
        step=None if step is None else _place(file, step),
        start_s=round(placed.start_s, 6),
        end_s=round(placed.end_s, 6),
        truncated=turn.reason in _CUT_OFF,
        end_reason=turn.reason,
        limit_s=turn.limit_s,
        cause=turn.cause,
        response_latency_s=_rounded(timing.latency_s),
        time_to_first_audio_s=_rounded(timing.first_audio_s),
        file=f"segments/{index:02}-agent.wav" if placed.speech else None,
        audible=bool(placed.speech),
        transcript=turn.text,
        transcript_source=_source(turn),
        claimed=turn.claimed,
        heard=turn.heard,
    )


def _source(turn: AgentTurn) -> Literal["platform", "transcriber"] | None:
    if turn.heard is not None:
        return "transcriber"
    return None if turn.claimed is None or turn.only_claimed == turn.claimed else "platform"


def _listening_step(call: CallView, turn: int) -> int | None:
    for step in call.steps.values():
        if step.ended is not None and turn in step.ended.turns:
            return step.index
    return None


def _place(file: ScenarioFile, step: int) -> StepPlace:
    return StepPlace(index=step, line=file.line("script", step))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
