"""What a run says about one call: pure data, written to disk by the reports."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from voicetest.call.lapses import LapseKind
from voicetest.checks.cost import Cost
from voicetest.checks.judgement import Judgement

__all__ = [
    "CHECKS_VERSION",
    "BoundFigures",
    "CallWarning",
    "Check",
    "Fault",
    "HarnessFigures",
    "LapseFigure",
    "Metric",
    "Result",
    "Status",
    "StepPlace",
    "Termination",
    "ToolCallRecord",
    "Turn",
    "Unit",
]

CHECKS_VERSION = 2
"""What checks and metrics measure; raised whenever the same recording could give other values.

1: until turns were made of speech. 2: turns are made of speech, a backchannel is no answer, and
what voicetest's own lateness touched is inconclusive.
"""
Unit = Literal["s", "share", "count", "party"]
Status = Literal["passed", "failed", "error", "inconclusive", "skipped"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StepPlace(_Value):
    """Where in the script something belongs."""

    index: int = Field(description="The step, counted from 0.")
    line: int = Field(description="Its line in the scenario file.")


class Fault(_Value):
    """Something that went wrong outside the agent's behaviour."""

    kind: str = Field(description="Who has to act: scenario, setup, connection, protocol, bug.")
    message: str = Field(description="What went wrong and what to do.")
    where: str = Field(description="The part of the run in which it happened.")
    traceback: str | None = Field(default=None, description="For bugs in voicetest only.")
    passing: bool = Field(
        default=False,
        description="Whether this machine had run out of something that the next call may have.",
    )


class CallWarning(_Value):
    """Something odd that the call survived."""

    message: str = Field(description="What was odd, in words.")
    at_s: float | None = Field(
        default=None, description="When it was said first; null when it was known before the call."
    )
    by: Literal["user", "agent", "platform", "voicetest"] = Field(
        default="voicetest", description="Whose message or doing it is about."
    )
    where: str | None = Field(
        default=None, description="file:line:column of what it is about in a file."
    )
    times: int = Field(default=1, description="How many times it was said.")

    def __str__(self) -> str:
        if self.at_s is None:
            place = "" if self.where is None else f"{self.where}: "
            return f"warning: {place}{self.message}"
        again = f" ({self.times} times)" if self.times > 1 else ""
        return f"warning at {self.at_s:.2f} s: {self.message}{again}"


class Turn(_Value):
    """One turn of one party; times are seconds since the line was ready."""

    index: int = Field(description="Counted from 0 over both parties, in order of start.")
    by: Literal["user", "agent"] = Field(description="Who spoke.")
    kind: str = Field(
        description="agent, or what the user did: user, interrupt, backchannel, play, noise, dtmf, "
        "text, improvise."
    )
    step: StepPlace | None = Field(description="The step that spoke it or listened to it.")
    start_s: float = Field(description="Where speech starts in the recording.")
    end_s: float = Field(description="Where speech ends in the recording, without the tail.")
    truncated: bool = Field(description="Whether the turn was cut off.")
    end_reason: str | None = Field(description="Why an agent turn ended.")
    limit_s: float | None = Field(description="The limit that ended it, in seconds.")
    cause: str = Field(description="What the limit waited for.")
    response_latency_s: float | None = Field(
        description="From the end of the user's speech to the start of this agent turn's speech; "
        "negative when the agent talked over the user."
    )
    time_to_first_audio_s: float | None = Field(
        description="From the end of the user's speech to the first packet with sound."
    )
    file: str | None = Field(
        description="Where the turn's sound is, relative to the manifest: a file of its own "
        "(--segments), or the call's recording, in which it lasts from start_s to end_s; null "
        "without sound, and where the recording was not kept."
    )
    audible: bool = Field(
        default=False, description="Whether the turn had sound; false also in older manifests."
    )
    sound: str | None = Field(
        default=None,
        description="Checksum of a user turn's sound as a WAV file, without effects; null without "
        "sound, and in older manifests.",
    )
    transcript: str = Field(description="The text that expectations use.")
    transcript_source: Literal["script", "platform", "transcriber"] | None = Field(
        description="Where the transcript comes from; null when there is none."
    )
    said: str | None = Field(
        default=None,
        description="A user turn's words; a voice that is a model may depart from the script.",
    )
    understood: str | None = Field(
        default=None, description="What the platform understood of a user turn."
    )
    claimed: str | None = Field(
        default=None, description="The platform's full text of an agent turn."
    )
    heard: str | None = Field(
        default=None, description="What the transcriber heard in an agent turn."
    )

    @property
    def only_claimed(self) -> bool:
        """Whether the platform tells words of this agent turn that nobody heard."""
        silent = not self.audible and self.file is None
        return self.by == "agent" and bool(self.claimed) and not self.transcript and silent


class Check(_Value):
    """One thing that was checked."""

    name: str = Field(description="What was checked.")
    where: str = Field(description="file:line of the expectation.")
    step: int | None = Field(description="The step it belongs to; null for the whole call.")
    expected: str = Field(description="What should have been, for people.")
    actual: str = Field(description="What was, for people.")
    limit: float | None = Field(default=None, description="The limit as a number.")
    value: float | None = Field(default=None, description="The measured value as a number.")
    passed: bool = Field(description="Whether it holds.")
    severity: Literal["fail", "warn"] = Field(description="Whether it decides the verdict.")
    at_s: float | None = Field(default=None, description="When in the call it was decided.")
    from_s: float | None = Field(
        default=None, description="Where in the recording what was judged begins."
    )
    to_s: float | None = Field(default=None, description="Where what was judged ends.")
    inconclusive: bool = Field(
        default=False,
        description="It cannot be told: voicetest itself was late, or a judge has no opinion.",
    )


class Metric(_Value):
    """One number measured over a call."""

    unit: Unit = Field(description="What the values are.")
    n: int = Field(description="How many values there are.")
    values: tuple[float | str, ...] = Field(description="All values, in order.")
    min: float | None = Field(description="The smallest.")
    mean: float | None = Field(description="The arithmetic mean.")
    p50: float | None = Field(description="The median, nearest rank.")
    p90: float | None = Field(description="The 90th percentile, nearest rank.")
    p95: float | None = Field(description="The 95th percentile, nearest rank.")
    max: float | None = Field(description="The largest.")


class ToolCallRecord(_Value):
    """One call of a tool by the agent."""

    id: str = Field(
        description="The platform's name for this call; one of ours where it gives none."
    )
    name: str = Field(description="The tool.")
    arguments: str = Field(description="The JSON text as the agent sent it.")
    at_s: float = Field(description="When it was called.")
    turn: int | None = Field(description="Index of the agent turn it belongs to.")
    result: str | None = Field(description="What the tool gave; null when nothing was answered.")
    failed: bool = Field(description="Whether the answer was an error.")
    answered_at_s: float | None = Field(description="When the answer was sent.")
    cancelled_at_s: float | None = Field(
        default=None, description="When the platform took the call back; it is not answered then."
    )


class Termination(_Value):
    """How the call ended."""

    by: Literal["user", "agent", "platform", "limit"] | None = Field(
        description="Who ended it; null when it never began or voicetest failed."
    )
    code: int | None = Field(default=None, description="The peer's close code.")
    reason: str = Field(default="", description="The peer's own words, or the limit.")


class LapseFigure(_Value):
    """voicetest itself was off by more than its bounds; times in seconds since the line was ready.

    It began before 0 where the line was still being opened.
    """

    start_s: float = Field(description="Where it begins.")
    end_s: float = Field(description="Where it ends.")
    seconds: float = Field(description="By how much voicetest was late, or of how much sound.")
    kind: LapseKind = Field(
        description="stood_still: it did not run; late: it ran late; always_late: often, all "
        "through the call; dropped, inserted: its playout left sound out, or put silence in."
    )


class BoundFigures(_Value):
    """Beyond which own error there is a lapse."""

    late_s: float = Field(description="A frame is later than this.")
    always_late_s: float = Field(description="Too many of the other frames are later than this.")
    always_late_share: float = Field(description="More of all frames than this are too many.")
    playout_s: float = Field(description="Shorter pieces left out or put in are no matter.")
    playout_share: float = Field(
        description="Longer ones that were left out of what the agent sent, or put into its "
        "speech, because voicetest was late, are together more than this share of the call."
    )


class HarnessFigures(_Value):
    """How well voicetest itself kept time."""

    frames_sent: int = Field(description="20 ms frames of the call.")
    lateness_p50_ms: float = Field(description="Median lateness of a frame on the wire.")
    lateness_p99_ms: float = Field(description="99th percentile of the lateness.")
    lateness_max_ms: float = Field(description="Largest lateness.")
    loop_lag_ms: float = Field(description="Latest wake-up of the event loop.")
    playout_dropped_s: float = Field(description="Agent sound left out of playout.")
    playout_inserted_s: float = Field(description="Silence put into agent speech by playout.")
    jitter_buffer_s: float = Field(description="Playout's own delay, subtracted from metrics.")
    bounds: BoundFigures | None = Field(
        default=None,
        description="Beyond them there is a lapse; null in runs before there were any.",
    )
    lapses: tuple[LapseFigure, ...] | None = Field(
        default=None,
        description="Where voicetest was off beyond its bounds: what failed after one, and what "
        "needed time or completeness during one, is inconclusive.",
    )
    own_gaps_s: tuple[float, ...] = Field(
        default=(), description="Where voicetest itself harmed the agent's sound, being late."
    )


class Result(_Value):
    """Everything that was found out about one call."""

    status: Status
    reason: str
    errors: tuple[Fault, ...]
    duration_s: float
    turns: tuple[Turn, ...]
    metrics: dict[str, Metric]
    checks: tuple[Check, ...]
    tool_calls: tuple[ToolCallRecord, ...]
    messages: tuple[dict[str, Any], ...]
    termination: Termination
    harness: HarnessFigures | None
    warnings: tuple[CallWarning, ...] = Field(
        default=(), description="What was odd and no failure, each thing once."
    )
    judge: Judgement | None = Field(
        default=None, description="What a language model said of the call; null without one."
    )
    cost: Cost | None = Field(
        default=None, description="What the call cost; null when no paid service was used."
    )
