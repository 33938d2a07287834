"""What is known of a call that was not over, from its events and its recording."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from voicetest.audio.recording import UnreadableRecording, extent
from voicetest.audio.vad import DETECTOR
from voicetest.call.event_reading import UnreadableEvent, read_entry
from voicetest.call.line import SPOKEN
from voicetest.call.timeline import Entry
from voicetest.checks.result import CHECKS_VERSION, Fault, Termination, Turn
from voicetest.checks.view import AgentTurn, UserTurn, view
from voicetest.errors import ExitCode
from voicetest.regular_file import open_regular
from voicetest.report.begun import BegunCase
from voicetest.report.manifest import SCHEMA_VERSION, Manifest, ScenarioInfo, Versions
from voicetest.report.summary import ScenarioLine

__all__ = ["ABSENT", "Why", "left_manifest", "recorded_s"]

ABSENT = "(unknown)"
HEADER_BYTES, BYTES = 44, 2
"""Before the sound, and of each sample."""


@dataclass(frozen=True)
class Why:
    """Why a run did not come to its end."""

    words: str
    code: ExitCode

    @property
    def of_call(self) -> str:
        """What is said of a call that was not over."""
        return f"{self.words} before this call was over"


def recorded_s(folder: Path) -> float:
    """Seconds of its recording that can be played; 0 where there is none."""
    path = folder / "recording.wav"
    try:
        if not path.exists():  # it was kept as FLAC, and nothing came after
            frames, _, rate = extent(folder / "recording.flac")
            return frames / rate
        with open_regular(path) as file, wave.open(file, "rb") as sound:
            most = (path.stat().st_size - HEADER_BYTES) // (sound.getnchannels() * BYTES)
            return min(sound.getnframes(), most) / sound.getframerate()
    except (OSError, EOFError, wave.Error, UnreadableRecording, ZeroDivisionError):
        return 0.0


def left_manifest(
    folder: Path, line: ScenarioLine, case: BegunCase | None, events: Iterable[dict[str, Any]]
) -> Manifest:
    """What the manifest of a call would say that was not over, as far as it can be known.

    Nothing in it was measured: that is for `rescore`, with the scenario at hand.
    """
    duration = recorded_s(folder)
    entries = list(_entries(events))
    kind = "killed" if line.exit_code == ExitCode.KILLED else "interrupted"
    clock: Literal["real", "virtual"] = "real" if case is None else case.clock
    return Manifest(
        status="error",
        reason=line.reason,
        errors=(Fault(kind=kind, message=line.reason, where="calling"),),
        duration_s=duration,
        turns=tuple(_turns(entries, duration)),
        metrics={},
        checks=(),
        tool_calls=(),
        messages=(),
        termination=Termination(by=None),
        harness=None,
        schema_version=SCHEMA_VERSION,
        voicetest=Versions(),
        scenario=_scenario(line, case),
        adapter=None,
        started_at=line.started_at or "",
        clock=clock,
        files=(),
        detector=dict(DETECTOR),
        checks_version=CHECKS_VERSION,
    )


def _entries(events: Iterable[dict[str, Any]]) -> Iterator[Entry]:
    """The events up to the first that is not whole."""
    for event in events:
        try:
            yield read_entry(event)
        except UnreadableEvent:
            return


def _scenario(line: ScenarioLine, case: BegunCase | None) -> ScenarioInfo:
    info = None if case is None else case.scenario
    if info is None:
        info = ScenarioInfo(
            name=line.name,
            file=line.file,
            sha256="",
            tags=line.tags,
            case=line.case,
            vars={},
            seed=0,
        )
    return info.model_copy(update={"seed": info.seed + (line.repeat or 1) - 1})


def _turns(entries: list[Entry], duration: float) -> Iterator[Turn]:
    call = view(entries)
    both: list[tuple[float, UserTurn | AgentTurn]] = [
        (turn.spoken.speech_start_s, turn) for turn in call.user_turns
    ]
    both += [
        (turn.speech_start_s, turn) for turn in call.agent_turns if turn.speech_start_s is not None
    ]
    for index, (start, turn) in enumerate(sorted(both, key=lambda found: found[0])):
        match turn:
            case UserTurn():
                yield _user_turn(index, turn)
            case AgentTurn():
                end = duration if turn.closed_s is None else min(turn.closed_s, duration)
                yield _agent_turn(index, turn, start, max(start, end))


def _user_turn(index: int, turn: UserTurn) -> Turn:
    line = turn.spoken
    return Turn(
        index=index,
        by="user",
        kind=line.kind,
        step=None,
        start_s=line.speech_start_s,
        end_s=line.speech_end_s,
        truncated=line.truncated,
        end_reason=None,
        limit_s=None,
        cause="",
        response_latency_s=None,
        time_to_first_audio_s=None,
        file=None,
        transcript=line.text,
        transcript_source="script" if line.text else None,
        said=(line.said or line.text) if line.kind in SPOKEN | {"text"} else None,
        understood=turn.understood,
    )


def _agent_turn(index: int, turn: AgentTurn, start: float, end: float) -> Turn:
    return Turn(
        index=index,
        by="agent",
        kind="agent",
        step=None,
        start_s=start,
        end_s=end,
        truncated=turn.closed_s is None,
        end_reason=turn.reason,
        limit_s=turn.limit_s,
        cause=turn.cause,
        response_latency_s=None,
        time_to_first_audio_s=None,
        file=None,
        transcript=turn.text,
        transcript_source="transcriber" if turn.heard is not None else "platform",
        claimed=turn.claimed,
        heard=turn.heard,
    )
