"""Judges the calls of a run again, from their recordings: what would the checks say now?"""

from __future__ import annotations

import wave
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voicetest.audio.chunk import INTERNAL
from voicetest.audio.recording import UnreadableRecording, extent
from voicetest.call.attendance import Absence
from voicetest.call.event_reading import UnreadableEvent, read_timeline
from voicetest.call.harness import Harness
from voicetest.call.lapses import BOUNDS, Lapse
from voicetest.call.microphone import FRAME_S
from voicetest.call.playout import Slip
from voicetest.call.record import (
    CallError,
    CallRecord,
    agent_formants,
    agent_speech,
    speech_defects,
)
from voicetest.call.timeline import LineSpoken, StepStarted
from voicetest.checks.evaluate import evaluate
from voicetest.checks.judged import JUDGING, judged, unjudged
from voicetest.checks.lateness import lapses_of
from voicetest.checks.result import HarnessFigures, Result, Status, Turn
from voicetest.checks.unheard import AFTERWARDS
from voicetest.errors import ScenarioError, SetupError
from voicetest.executor.plan import load
from voicetest.file_name import named
from voicetest.models.chat import open_chat
from voicetest.report.manifest import Manifest
from voicetest.report.stored import StoredCall, StoredRun, stored_events
from voicetest.scenario.cases import load_cases
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.steps import BackchannelStep, InterruptStep, UserStep
from voicetest.speech.cache import Cache, default_folder
from voicetest.spending import Spending

__all__ = ["Rescored", "rescore", "without_recording"]

_FOUND_ANEW = (JUDGING, AFTERWARDS)
"""Where errors are that did not end the call, but were found when it was judged."""

_FRAMES_OF_TWO = 2
_NOT_ASKED = "it was not asked again: --judge does that"


@dataclass(frozen=True)
class Rescored:
    """A call judged again."""

    folder: str
    name: str
    before: Status
    after: Result


def rescore(
    run: StoredRun,
    scenario: Path | None = None,
    *,
    asks_judge: bool = False,
    tell: Callable[[str], None] = lambda words: None,
) -> Iterator[Rescored]:
    """Evaluate every call that has a recording; nothing of the run is changed.

    `scenario` takes the place of the file that was run, where several were of the one with its
    path. With `asks_judge` the scenario's judge is asked anew, at most for what its `max_cost`
    allows. Raises ScenarioError or SetupError where run and scenario do not belong together, and
    SetupError for what cannot be judged; of a forced run such a call is left out, and told of.
    """
    cache = Cache(default_folder())
    for call in _wanted(run, scenario):
        if call.manifest is None or call.folder is None or call.recording is None:
            continue
        file = _file(call.manifest, scenario)
        try:
            record = _record(call.folder, call.recording, call.manifest, file, cache)
        except UnreadableEvidence as error:
            if not run.forced:
                raise
            tell(f"left out: {error}")
            continue
        result = evaluate(file, record)
        if asks_judge:
            spending = Spending(file.scenario.limits.max_cost)
            result = judged(file, record, result, open_chat, spending)
        else:
            result = unjudged(file, result, _NOT_ASKED)
        turns = tuple(_as_kept(turn, call.manifest) for turn in result.turns)
        result = result.model_copy(update={"turns": turns})
        after = Result.model_validate(file.secrets.mask_value(result.model_dump()))
        yield Rescored(call.folder.name, call.line.name, call.manifest.status, after)


class UnreadableEvidence(SetupError):
    """What a call left behind is not what a call leaves."""


def _as_kept(turn: Turn, manifest: Manifest) -> Turn:
    """A turn found anew with the file in which that part of the call can be heard."""
    before = next((t for t in manifest.turns if (t.index, t.by) == (turn.index, turn.by)), None)
    kept = {"file": manifest.recording, "sound": None}
    if before is not None:
        kept = {"file": before.file, "sound": before.sound}
    return turn.model_copy(update=kept) if turn.file is not None else turn


def without_recording(run: StoredRun, scenario: Path | None = None) -> list[str]:
    """The calls that cannot be judged again, a line each that says why.

    Raises SetupError when that are all that were made.
    """
    made = [call for call in _wanted(run, scenario) if call.manifest is not None]
    lost = [call for call in made if call.recording is None]
    if made and len(lost) == len(made):
        raise SetupError(
            f"no call of {run.folder} can be judged again: their recordings are not there; run "
            "them again without --keep, or with --keep failed"
        )
    return [
        f"left out: {call.line.folder}  {call.line.name}: its recording "
        + ("was not kept (--keep)" if _was_not_kept(call) else "is not there")
        for call in lost
    ]


def _was_not_kept(call: StoredCall) -> bool:
    return call.manifest is not None and call.manifest.recording is None


def _wanted(run: StoredRun, scenario: Path | None) -> Sequence[StoredCall]:
    if scenario is None:
        return run.calls
    same = [call for call in run.calls if named(call.line.file).resolve() == scenario.resolve()]
    if not same and len({call.line.file for call in run.calls}) == 1:
        return run.calls
    if not same:
        ran = ", ".join(sorted({call.line.file for call in run.calls}))
        raise SetupError(f"{scenario} was not run in {run.folder}: that were {ran}")
    return same


def _file(manifest: Manifest, scenario: Path | None) -> ScenarioFile:
    """The scenario with the values that the call had; secrets come from the environment again."""
    path = scenario or named(manifest.scenario.file)
    known = {
        k: v for k, v in manifest.scenario.vars.items() if "${env." not in v and "***" not in v
    }
    first = load_cases(path)[0]
    defined = [*_defined(first.document.root.get("vars")), *first.values]
    overrides = {name: known[name] for name in defined if name in known}
    cases = [case for case in load_cases(path, overrides) if case.name == manifest.scenario.case]
    if not cases:
        message = f"{path} has no case '{manifest.scenario.case}' any more"
        raise SetupError(message)
    return load(cases[0], overrides)


def _defined(written: object) -> Sequence[str]:
    return tuple(written) if isinstance(written, Mapping) else ()


def _record(
    folder: Path, recording: Path, manifest: Manifest, file: ScenarioFile, cache: Cache
) -> CallRecord:
    _check_sound(recording)
    try:
        entries = read_timeline(stored_events(folder))
    except UnreadableEvent as error:
        raise UnreadableEvidence(f"{folder / 'events.jsonl'}: {error}") from error
    for entry in entries:
        match entry.what:
            case StepStarted(step) if step >= len(file.scenario.script):
                raise _other_script(file, folder, step)
            case LineSpoken(step=step, text=text) if not _says(file, step, text):
                raise _other_script(file, folder, step)
            case _:
                pass
    speech = agent_speech(recording, cache)
    fault = next((error for error in manifest.errors if error.where not in _FOUND_ANEW), None)
    return CallRecord(
        entries=entries,
        recording=recording,
        duration_s=manifest.duration_s,
        agent_speech=speech,
        defects=speech_defects(recording, speech),
        formants=agent_formants(recording, speech),
        harness=None if manifest.harness is None else _harness(manifest.harness),
        error=None
        if fault is None
        else CallError(fault.kind, fault.message, fault.where, fault.traceback),
    )


def _check_sound(recording: Path) -> None:
    """Raises UnreadableEvidence for what is no recording of a call."""
    try:
        _, channels, rate = extent(recording)
        if recording.suffix == ".wav":
            with wave.open(str(recording), "rb") as file:
                channels = channels if file.getsampwidth() == 2 else 0
    except (OSError, UnreadableRecording) as error:
        raise UnreadableEvidence(f"{recording} cannot be read: {error}") from error
    if (channels, rate) != (2, INTERNAL.rate):
        raise UnreadableEvidence(
            f"{recording} is no recording of a call, which has two channels of 16 bits at "
            f"{INTERNAL.rate} Hz"
        )


def _says(file: ScenarioFile, step: int, text: str) -> bool:
    match file.scenario.script[step]:
        case (
            UserStep(user=said) | InterruptStep(interrupt=said) | BackchannelStep(backchannel=said)
        ):
            return file.secrets.mask(said) == text or said == text
        case _:
            return True


def _other_script(file: ScenarioFile, folder: Path, step: int) -> ScenarioError:
    at = ("script", min(step, len(file.scenario.script) - 1))
    message = f"step {step + 1} is not what was said in {folder}: only checks may change"
    return ScenarioError([file.problem(message, *at)])


def _harness(figures: HarnessFigures) -> Harness:
    """Frames with these percentiles: the largest lateness is in the first, where it was unknown.

    Where its lapses are known, the frames in them were as late as they say.
    """
    frames = figures.frames_sent
    late = array("f", [figures.lateness_p50_ms / 1000]) * frames
    for index in range(0, frames, _FRAMES_OF_TWO):
        late[index] = figures.lateness_p99_ms / 1000
    if frames:
        late[0] = figures.lateness_max_ms / 1000
    lapses = _lapses(figures)
    if figures.lapses is not None:
        _place(lapses, late)
    lag = array("f", [0.0]) * frames
    slips = [Slip(0.0, -figures.playout_dropped_s), Slip(0.0, figures.playout_inserted_s)]
    return Harness(
        lag=lag,
        lateness=late,
        slips=[slip for slip in slips if slip.seconds],
        jitter_buffer_s=figures.jitter_buffer_s,
        absences=[Absence(a.start_s, a.end_s, a.seconds) for a in lapses if a.end_s <= 0],
        known_lapses=lapses,
        known_gaps=figures.own_gaps_s,
    )


def _lapses(figures: HarnessFigures) -> list[Lapse]:
    """Of a run from before lapses were kept, one of unknown place if it was late enough."""
    if figures.lapses is not None:
        return lapses_of(figures)
    worst = figures.lateness_max_ms / 1000
    whole = figures.frames_sent * FRAME_S
    return [Lapse(0.0, whole, worst, "late")] if worst > BOUNDS.late_s else []


def _place(lapses: Sequence[Lapse], late: array[float]) -> None:
    """Make the frames in lapses late and those outside of them no later than the bound."""
    for index in range(len(late)):
        at = index * FRAME_S
        inside = (lapse.seconds for lapse in lapses if lapse.start_s <= at < lapse.end_s)
        late[index] = max(inside, default=min(late[index], BOUNDS.late_s))
