"""Writes the folder of one call: its transcript and its manifest, beside its sound."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from voicetest.audio.vad import DETECTOR
from voicetest.call.record import CallRecord
from voicetest.checks.cost import cost_of
from voicetest.checks.result import CHECKS_VERSION, Result, Turn
from voicetest.events import Audio, Ready
from voicetest.executor.border import Border
from voicetest.executor.plan import Plan
from voicetest.executor.user_prompt import PROMPT_VERSION
from voicetest.registry import version_of
from voicetest.report.folder import write_atomically
from voicetest.report.keeping import ALL, Keeping
from voicetest.report.manifest import (
    SCHEMA_VERSION,
    AdapterInfo,
    FileInfo,
    ImproviseInfo,
    Manifest,
    ScenarioInfo,
    Versions,
    as_json,
    describe_file,
)
from voicetest.report.sounds import settle_sounds, unsettled_sounds
from voicetest.scenario.load import ScenarioFile
from voicetest.scenario.masking import Secrets
from voicetest.scenario.model import Scenario
from voicetest.scenario.steps import (
    BackchannelStep,
    ImproviseStep,
    InterruptStep,
    PlayStep,
    UserStep,
)
from voicetest.shown import shown

__all__ = ["masked", "scenario_info", "transcript", "write_call"]


def write_call(
    folder: Path,
    planned: Plan,
    record: CallRecord,
    result: Result,
    started: datetime,
    keeping: Keeping = ALL,
) -> Manifest:
    """Write everything about one call beside its recording, secrets masked.

    The manifest is written also when there is no room for the rest, which is then an error.
    Raises OSError when it cannot be.
    """
    file, secrets = planned.file, planned.file.secrets
    border, sounds = Border("writing"), None
    with border:
        kept = keeping.keeps(result.status, file.scenario) and record.recording.exists()
        sounds = settle_sounds(folder, record, result.turns, keeping, kept=kept)
        write_atomically(folder / "transcript.txt", transcript(result.turns, secrets.mask))
    result = border.outcome(result)
    sounds = sounds or unsettled_sounds(folder, record, result.turns)
    manifest = Manifest(
        **{
            **dict(result),
            "cost": cost_of(planned.world.spending.items),
            "turns": sounds.turns,
            "warnings": (*result.warnings, *sounds.warnings),
        },
        schema_version=SCHEMA_VERSION,
        voicetest=Versions(),
        scenario=scenario_info(file),
        adapter=_adapter(planned, record),
        started_at=started.isoformat(),
        clock=planned.clock.value,
        improvise=_improvise(file),
        recording=sounds.recording,
        files=tuple(_files(folder)),
        detector=dict(DETECTOR),
        checks_version=CHECKS_VERSION,
    )
    manifest = Manifest.model_validate(secrets.mask_value(manifest.model_dump()))
    write_atomically(folder / "manifest.json", as_json(manifest))
    return manifest


def masked(result: Result, secrets: Secrets) -> Result:
    """The same without secrets."""
    return Result.model_validate(secrets.mask_value(result.model_dump()))


def transcript(turns: Sequence[Turn], mask: Callable[[str], str] = str) -> str:
    """The conversation as people read it, one turn a line; `mask` hides secrets in its words."""
    return "".join(
        f"[{turn.start_s:7.2f} - {turn.end_s:7.2f}] {turn.by:5}: {shown(mask(_words(turn)))}\n"
        for turn in turns
    )


def _words(turn: Turn) -> str:
    if turn.only_claimed:
        return f"(nothing was heard; the platform says: {turn.claimed})"
    return turn.transcript or "(no text)"


def scenario_info(file: ScenarioFile) -> ScenarioInfo:
    """What is said of what was run; secrets in its variables are not masked yet."""
    scenario = file.scenario
    return ScenarioInfo(
        name=file.secrets.mask(scenario.name),
        file=file.shown,
        sha256=file.sha256,
        tags=scenario.tags,
        case=file.shown_case,
        vars=dict(file.variables),
        seed=scenario.seed,
        sound=_sound(scenario),
    )


def _sound(scenario: Scenario) -> str:
    """A checksum of all that is said of how the user sounds; files count by their names."""
    user = scenario.user.model_dump(include={"voice", "rate", "background", "effects"})
    steps = [
        step.model_dump(include={"voice", "rate", "gain"})
        for step in scenario.script
        if isinstance(step, UserStep | InterruptStep | BackchannelStep | PlayStep)
    ]
    said = {"user": user, "line": scenario.line.model_dump(), "steps": steps}
    return sha256(json.dumps(said, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: object) -> str:
    return value.name if isinstance(value, Path) else repr(value)


def _improvise(file: ScenarioFile) -> ImproviseInfo | None:
    model = file.scenario.user.model
    played = any(isinstance(step, ImproviseStep) for step in file.scenario.script)
    if model is None or not played:
        return None
    return ImproviseInfo(model=model.use, prompt=PROMPT_VERSION, seed=file.scenario.seed)


def _adapter(planned: Plan, record: CallRecord) -> AdapterInfo:
    line = planned.adapter.capabilities
    said = (entry.what for entry in record.entries)
    ready = next((what for what in said if isinstance(what, Ready)), None)
    # A platform may say only on the line what its formats are.
    speaks, hears = (line.speaks, line.hears) if ready is None else (ready.speaks, ready.hears)
    settings: dict[str, Any] = planned.file.settings_as_written()
    return AdapterInfo(
        name=settings.pop("adapter"),
        settings=settings,
        sends=tuple(sorted(kind.__name__ for kind in line.sends)),
        receives=tuple(sorted(kind.__name__ for kind in line.receives)),
        speaks=str(speaks),
        hears=str(hears),
        continuous=line.continuous,
        sdk={name: version_of(name) for name in planned.adapter.sdks},
        simulated=planned.world.offline,
        user_audio_sent=Audio in line.sends and record.harness is not None,
    )


def _files(folder: Path) -> Iterator[FileInfo]:
    """Every file of the call but the manifest and the room kept for it, in order of name."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "manifest.json" and not path.name.startswith("."):
            yield describe_file(folder, path)
