"""The numbers of a call, each with one definition, measured on the recording."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from voicetest.audio.defects import Defect
from voicetest.audio.vad import Segment
from voicetest.call.line import SPOKEN, LineKind
from voicetest.checks.barge import SpokenOver
from voicetest.checks.result import Metric, Unit
from voicetest.checks.speech import PlacedTurn, Response
from voicetest.checks.view import CallView, UserTurn
from voicetest.speech.matching import word_error_rate, word_errors

__all__ = ["UNITS", "Measured", "measure", "summarise", "windows"]

_UNDISTURBED: frozenset[LineKind] = frozenset({"user", "play", "improvise"})
"""Lines during which the agent should not begin to speak, unless they interrupt it."""
_INTERRUPTING: frozenset[LineKind] = frozenset({"interrupt", "improvise"})

UNITS: dict[str, Unit] = {
    "response_latency": "s",
    "greeting_latency": "s",
    "time_to_first_audio": "s",
    "stop_time": "s",
    "false_yields": "count",
    "talk_over": "share",
    "talk_overs": "count",
    "overlap": "s",
    "dead_air": "s",
    "duration": "s",
    "turns": "count",
    "missed_responses": "count",
    "wer": "share",
    "pooled_wer": "share",
    "hung_up_by": "party",
}


@dataclass(frozen=True)
class Measured:
    """What metrics are computed from; times in seconds on the recording."""

    call: CallView
    placed: Sequence[PlacedTurn]
    responses: Sequence[Response]
    agent_speech: Sequence[Segment]
    duration_s: float
    jitter_buffer_s: float
    quiet: Sequence[Segment]
    """Where the script stays silent on purpose."""
    awaited: Sequence[int]
    """Agent steps that follow a line of the user."""
    over: Sequence[SpokenOver] = ()
    """Every sound that the user made over the agent, or meant to."""
    defects: Sequence[Defect] = ()
    """What is wrong with the agent's sound."""
    wrong_rate: str | None = None
    """Why its voice seems to be played at another rate than it has, in words."""
    language: str = "en"
    """In which texts are compared (BCP 47)."""
    references: Mapping[int, str] = field(default_factory=dict)
    """What the agent should say in a step, where the script has the whole text."""

    @property
    def agent_speech_on_time(self) -> list[Segment]:
        """Where the agent would be heard if playout itself took no time.

        What playout cut off when it was told to ends there, however late it was.
        """
        delay = self.jitter_buffer_s
        return [
            Segment(s.start - delay, s.end if self.call.cut_at(s.end) else s.end - delay)
            for s in self.agent_speech
        ]

    @property
    def user_speech(self) -> list[Segment]:
        """Where the user speaks."""
        return [_segment(turn) for turn in self.call.user_turns if turn.spoken.kind in SPOKEN]


def measure(call: Measured) -> dict[str, Metric]:
    """Every metric of one call; a metric without values has n = 0."""
    found = {name: summarise(name, compute(call)) for name, compute in _METRICS.items()}
    by = call.call.ended.by if call.call.ended else None
    found["hung_up_by"] = summarise("hung_up_by", [] if by is None else [by])
    return found


def summarise(name: str, values: Sequence[float | str]) -> Metric:
    """Statistics of the values of a metric; percentiles are by nearest rank."""
    numbers = sorted(value for value in values if not isinstance(value, str))

    def rank(share: float) -> float | None:
        return round(numbers[math.ceil(share * len(numbers)) - 1], 6) if numbers else None

    return Metric(
        unit=UNITS[name],
        n=len(values),
        values=tuple(value if isinstance(value, str) else round(value, 6) for value in values),
        min=round(numbers[0], 6) if numbers else None,
        mean=round(sum(numbers) / len(numbers), 6) if numbers else None,
        p50=rank(0.5),
        p90=rank(0.9),
        p95=rank(0.95),
        max=round(numbers[-1], 6) if numbers else None,
    )


def windows(call: Measured, metric: str) -> list[tuple[float, float]]:
    """Start and end of each time that a metric measures; empty for what is no single time."""
    match metric:
        case "response_latency":
            return [
                (response.user.spoken.speech_end_s, response.answer.start)
                for response in call.responses
                if response.answer is not None and (response.latency_s or 0.0) >= 0
            ]
        case "time_to_first_audio":
            ends = [(r.user.spoken.speech_end_s, r.first_audio_s) for r in call.responses]
            return [(end, end + audio) for end, audio in ends if audio is not None]
        case "stop_time":
            return [
                (over.line.speech_start_s, over.stopped_s)
                for over in _interrupted(call)
                if over.stopped_s is not None
            ]
        case "greeting_latency" if call.agent_speech:
            return [(0.0, call.agent_speech[0].start)]
        case _:
            return []


def _response_latency(call: Measured) -> list[float]:
    latencies = [response.latency_s for response in call.responses]
    return [latency for latency in latencies if latency is not None and latency >= 0]


def _interrupted(call: Measured) -> list[SpokenOver]:
    meant = (over for over in call.over if over.line.kind in _INTERRUPTING)
    return [over for over in meant if over.mode == "voice"]


def _undisturbed(turn: UserTurn) -> bool:
    return turn.spoken.kind in _UNDISTURBED and not turn.interrupts


def _segment(turn: UserTurn) -> Segment:
    return Segment(turn.spoken.speech_start_s, turn.spoken.speech_end_s)


def _stop_time(call: Measured) -> list[float]:
    times = [over.stop_time_s for over in _interrupted(call)]
    return [time for time in times if time is not None]


def _false_yields(call: Measured) -> list[float]:
    quiet = [over for over in call.over if over.line.kind in ("backchannel", "noise")]
    return [sum(over.yielded for over in quiet)]


def _talk_overs(call: Measured) -> list[float]:
    return [sum(response.talked_over for response in call.responses if _undisturbed(response.user))]


def _greeting_latency(call: Measured) -> list[float]:
    first_user = min((segment.start for segment in call.user_speech), default=math.inf)
    if call.agent_speech and call.agent_speech[0].start < first_user:
        return [call.agent_speech[0].start - call.jitter_buffer_s]
    return []


def _time_to_first_audio(call: Measured) -> list[float]:
    times = [response.first_audio_s for response in call.responses]
    return [time for time in times if time is not None]


def _talk_over(call: Measured) -> list[float]:
    lines = [_segment(turn) for turn in call.call.user_turns if _undisturbed(turn)]
    total = sum(user.end - user.start for user in lines)
    covered = sum(
        _shared(user, agent)
        for user in lines
        for agent in call.agent_speech_on_time
        if agent.start > user.start
    )
    return [covered / total] if total else []


def _overlap(call: Measured) -> list[float]:
    both = ((user, agent) for user in call.user_speech for agent in call.agent_speech_on_time)
    return [sum(_shared(user, agent) for user, agent in both)]


def _shared(one: Segment, other: Segment) -> float:
    return max(min(one.end, other.end) - max(one.start, other.start), 0.0)


def _dead_air(call: Measured) -> list[float]:
    speech = [*call.user_speech, *call.agent_speech_on_time]
    if not speech:
        return []
    last = max(segment.end for segment in speech)
    filled = sorted([*speech, *call.quiet], key=lambda segment: segment.start)
    longest = 0.0
    until = min(segment.start for segment in speech)
    for segment in filled:
        longest = max(longest, min(segment.start, last) - until)
        until = max(until, segment.end)
    return [longest]


def _duration(call: Measured) -> list[float]:
    return [call.duration_s]


def _turns(call: Measured) -> list[float]:
    return [len(call.placed)]


def _missed_responses(call: Measured) -> list[float]:
    spoke = {placed.turn.index for placed in call.placed if placed.speech}
    missed = 0
    for index in call.awaited:
        step = call.call.steps.get(index)
        if step is not None and step.ended is not None and not spoke & set(step.ended.turns):
            missed += 1
    return [missed]


def _texts(call: Measured) -> list[tuple[str, str]]:
    """What was said or should have been, and what was understood of it or said."""
    of_user = [
        (turn.spoken.text, turn.understood)
        for turn in call.call.user_turns
        if turn.understood is not None and turn.spoken.kind in SPOKEN and turn.spoken.text
    ]
    texts = {placed.turn.index: placed.turn.text for placed in call.placed}
    of_agent = [
        (text, " ".join(texts[turn] for turn in step.turns if turn in texts))
        for index, text in call.references.items()
        if (step := call.call.steps.get(index)) is not None and step.ended is not None
    ]
    return of_user + of_agent


def _wer(call: Measured) -> list[float]:
    return [word_error_rate(*texts, call.language) for texts in _texts(call)]


def _pooled_wer(call: Measured) -> list[float]:
    counted = [word_errors(*texts, call.language) for texts in _texts(call)]
    words = sum(of_reference for _, of_reference in counted)
    return [sum(errors for errors, _ in counted) / words] if words else []


_METRICS: dict[str, Callable[[Measured], list[float]]] = {
    "response_latency": _response_latency,
    "greeting_latency": _greeting_latency,
    "time_to_first_audio": _time_to_first_audio,
    "stop_time": _stop_time,
    "false_yields": _false_yields,
    "talk_over": _talk_over,
    "talk_overs": _talk_overs,
    "overlap": _overlap,
    "dead_air": _dead_air,
    "duration": _duration,
    "turns": _turns,
    "missed_responses": _missed_responses,
    "wer": _wer,
    "pooled_wer": _pooled_wer,
}
