"""Where the agent's turns and answers are on the recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from voicetest.audio.vad import Segment
from voicetest.call.line import AWAITED
from voicetest.call.timeline import LineSpoken
from voicetest.call.turns import PAUSE_S
from voicetest.call.users_line import BACKCHANNEL_S, GOES_ON_S
from voicetest.checks.view import AgentTurn, CallView, UserTurn

__all__ = ["PlacedTurn", "Response", "answer_to", "part", "place_turns", "responses"]

_EDGE_S = 0.2
"""How far speech may lie outside the span in which its turn was open."""


@dataclass(frozen=True)
class PlacedTurn:
    """One agent turn and the speech in it; times in seconds on the recording."""

    turn: AgentTurn
    speech: tuple[Segment, ...] = field(default=())

    @property
    def start_s(self) -> float:
        """Where its speech starts; where it opened if nothing was said in it."""
        return self.speech[0].start if self.speech else self.turn.opened_s

    @property
    def end_s(self) -> float:
        """Where its speech ends."""
        if self.speech:
            return self.speech[-1].end
        return self.turn.closed_s if self.turn.closed_s is not None else self.turn.opened_s


@dataclass(frozen=True)
class Response:
    """What followed one line of the user."""

    user: UserTurn
    latency_s: float | None
    """To the start of the next agent speech; None when the agent said nothing before the user
    spoke again."""
    first_audio_s: float | None
    """To the arrival of the first packet with sound."""
    answer: Segment | None
    talked_over: bool = False
    """Whether the agent began to speak during the line, and not only to show that it listens."""


def place_turns(
    call: CallView, agent_speech: Sequence[Segment], duration_s: float
) -> list[PlacedTurn]:
    """Give each agent turn the speech that lies in it."""
    speech: dict[int, list[Segment]] = {turn.index: [] for turn in call.agent_turns}
    for segment in agent_speech:
        spans = {
            turn.index: _overlap(
                segment, turn.opened_s - _EDGE_S, (turn.closed_s or duration_s) + _EDGE_S
            )
            for turn in call.agent_turns
        }
        best = max(spans, key=lambda index: spans[index], default=None)
        if best is not None and spans[best] > 0:
            speech[best].append(segment)
    return [PlacedTurn(turn, tuple(speech[turn.index])) for turn in call.agent_turns]


def part(
    segments: Iterable[Segment], turns: Sequence[AgentTurn], delay_s: float = 0.0
) -> Iterator[Segment]:
    """Part speech that runs on from one turn into the next half-way between the two.

    `delay_s` is by how much playout made it later than what was told of the turns: an answer that
    comes so soon that no pause is heard before it did not begin before it was asked for.
    """
    for segment in segments:
        start = segment.start
        for first, second in pairwise(turns):
            if first.closed_s is None or start > first.closed_s - _EDGE_S:
                continue
            if segment.end >= second.opened_s + _EDGE_S:
                border = (first.closed_s + second.opened_s) / 2
                border += delay_s if border + delay_s < segment.end else 0.0
                yield Segment(start, border)
                start = border
        yield Segment(start, segment.end)


def _overlap(segment: Segment, start: float, end: float) -> float:
    return min(segment.end, end) - max(segment.start, start)


def responses(
    call: CallView, agent_speech: Sequence[Segment], jitter_buffer_s: float
) -> list[Response]:
    """What followed each line of the user, in order."""
    found = []
    new = [s for s in agent_speech if not _resumed(call, s.start)]
    asked = [turn for turn in call.user_turns if turn.spoken.kind in AWAITED]
    lines = [turn.spoken for turn in asked]
    for number, turn in enumerate(asked):
        line = turn.spoken
        until = lines[number + 1].speech_start_s if number + 1 < len(lines) else float("inf")
        since = line.speech_start_s
        if turn.interrupts:
            # What the agent was saying may go on for a while; the answer comes after the words.
            since = line.speech_end_s
        answer = answer_to(line, new, since, jitter_buffer_s)
        if answer is not None and answer.start >= until:
            answer = None
        last = until if answer is None else answer.start
        audio = next((at for at in call.first_audio_s if line.speech_end_s <= at <= last), None)
        found.append(
            Response(
                user=turn,
                latency_s=(
                    None if answer is None else answer.start - jitter_buffer_s - line.speech_end_s
                ),
                first_audio_s=None if audio is None else audio - line.speech_end_s,
                answer=answer,
                talked_over=any(
                    _talks_over(line, stretch, jitter_buffer_s) for stretch in _stretches(new)
                ),
            )
        )
    return found


def answer_to(
    line: LineSpoken, agent_speech: Sequence[Segment], since_s: float, delay_s: float
) -> Segment | None:
    """The beginning of the first speech after `since_s` that goes on, or begins, after the line.

    What ended before the line did answers nothing. `delay_s` is by how much playout itself made
    the agent later.
    """
    for stretch in _stretches(agent_speech):
        if stretch[0].start > since_s and stretch[-1].end - delay_s > line.speech_end_s:
            return stretch[0]
    return None


def _talks_over(line: LineSpoken, stretch: Sequence[Segment], delay_s: float) -> bool:
    """Whether speech begins within a line and is longer, or ends later, than a backchannel."""
    start, end = stretch[0].start - delay_s, stretch[-1].end - delay_s
    if not line.speech_start_s < start < line.speech_end_s:
        return False
    return end - start > BACKCHANNEL_S or end > line.speech_end_s - GOES_ON_S


def _stretches(speech: Sequence[Segment]) -> Iterator[Sequence[Segment]]:
    """What is said without a pause, but for those between words."""
    stretch: list[Segment] = []
    for segment in speech:
        if stretch and segment.start - stretch[-1].end >= PAUSE_S:
            yield stretch
            stretch = []
        stretch.append(segment)
    if stretch:
        yield stretch


def _resumed(call: CallView, start_s: float) -> bool:
    """Whether speech that starts there goes on with what the user had cut into."""
    return any(
        turn.resumed_s
        and turn.resumed_s[0] - _EDGE_S <= start_s <= (turn.closed_s or start_s) + _EDGE_S
        for turn in call.agent_turns
    )
