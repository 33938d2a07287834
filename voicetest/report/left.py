"""What is known of a run that could not say it itself, from what it left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from voicetest.audio.recording import NAMES
from voicetest.checks.result import Status
from voicetest.errors import ExitCode
from voicetest.file_name import readable
from voicetest.report.begun import BEGUN, BegunCase, BegunRun, read_begun
from voicetest.report.json_file import Damaged, read_model
from voicetest.report.left_call import ABSENT, Why, recorded_s
from voicetest.report.manifest import Manifest, Versions
from voicetest.report.summary import (
    NOT_RUN,
    CaseLine,
    RunSummary,
    ScenarioLine,
    exit_code_of,
    overall,
)

__all__ = ["KILLED", "began", "left_behind"]

KILLED = Why("the run was killed", ExitCode.KILLED)
_UNTOLD = Why("the run was killed, or goes on: this file system does not tell", ExitCode.KILLED)
_NUMBERS = r"(?:--r(?P<repeat>\d+))?(?:--try(?P<attempt>\d+))?"
_TOLERANCE = 1e-9
_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{6}")
_OF_CALLS = ("events.jsonl", *NAMES, "manifest.json")


def began(folder: Path) -> bool:
    """Whether a folder is that of a run which began."""
    if (folder / BEGUN).is_file() or _NAME.fullmatch(folder.resolve().name):
        return True
    return any(next(folder.glob(f"*/{name}"), None) for name in _OF_CALLS)


def left_behind(folder: Path, why: Why | None = None) -> RunSummary:
    """What its run.json would say; calls that were not over are errors, in the words of `why`."""
    run, cases = read_begun(folder)
    why = why or (KILLED if run is None or run.held else _UNTOLD)
    found = [_of_case(folder, case, why) for case in cases or _guessed(folder)]
    lines = [line for _, lines in found for line in lines]
    verdicts = [verdict for verdict, _ in found]
    costs = [line.cost_usd for line in lines if line.cost_usd is not None]
    return RunSummary(
        voicetest=Versions() if run is None else run.voicetest,
        command=() if run is None else run.command,
        started_at=_started(folder, run),
        finished_at=_time(max((p.stat().st_mtime for p in folder.rglob("*")), default=0.0)),
        folder=readable(folder),
        exit_code=overall([why.code, *(case.exit_code for case in verdicts)]),
        cost_usd=sum(costs) if costs else None,
        totals=dict(Counter(case.status for case in verdicts)),
        cases=tuple(verdicts),
        scenarios=tuple(lines),
    )


@dataclass(frozen=True)
class _Call:
    line: ScenarioLine
    is_over: bool


def _of_case(folder: Path, case: BegunCase, why: Why) -> tuple[CaseLine, Sequence[ScenarioLine]]:
    if case.folders is None:
        return case.case, [case.line]
    calls = sorted(
        _calls(folder, case, case.folders, why), key=lambda c: (c.line.repeat or 0, c.line.attempt)
    )
    if not calls:
        update = {"reason": f"{NOT_RUN}{why.words}"}
        return case.case.model_copy(update=update), [case.line.model_copy(update=update)]
    last = {call.line.repeat: call for call in calls}
    kept = list(last.values())
    lines = [
        call.line if call in kept else call.line.model_copy(update={"retried": True})
        for call in calls
    ]
    return _verdict(case.case, kept, why), lines


def _calls(folder: Path, case: BegunCase, name: str, why: Why) -> Iterator[_Call]:
    pattern = re.compile(re.escape(name) + _NUMBERS)
    for path in sorted(folder.iterdir()):
        match = pattern.fullmatch(path.name)
        if match is None or not path.is_dir():
            continue
        repeat, attempt = match["repeat"], match["attempt"]
        numbers = {
            "repeat": None if repeat is None else int(repeat),
            "attempt": 1 if attempt is None else int(attempt),
            "folder": path.name,
        }
        manifest = _manifest(path)
        found = _of_manifest(manifest) if manifest else _unfinished(path, case, why)
        yield _Call(case.line.model_copy(update=numbers | found), manifest is not None)


def _manifest(folder: Path) -> Manifest | None:
    try:
        return read_model(Manifest, folder / "manifest.json")
    except (FileNotFoundError, Damaged):
        return None


def _of_manifest(found: Manifest) -> dict[str, object]:
    return {
        "status": found.status,
        "reason": found.reason,
        "exit_code": int(exit_code_of(found)),
        "started_at": found.started_at,
        "duration_s": found.duration_s,
        "cost_usd": None if found.cost is None else found.cost.usd,
        "warnings": len(found.warnings),
    }


def _unfinished(folder: Path, case: BegunCase, why: Why) -> dict[str, object]:
    seconds = recorded_s(folder)
    ended = max((p.stat().st_mtime for p in folder.rglob("*")), default=folder.stat().st_mtime)
    return {
        "status": "error",
        "reason": why.of_call,
        "exit_code": int(why.code),
        "started_at": _time(ended - seconds if case.clock == "real" else ended),
        "duration_s": seconds,
    }


def _verdict(case: CaseLine, calls: Sequence[_Call], why: Why) -> CaseLine:
    counts = Counter[Status](call.line.status for call in calls)
    passed, failed = counts["passed"], counts["failed"]
    over = sum(call.is_over for call in calls)
    status, code = _decided(case, passed, failed), int(why.code)
    reason = f"{why.words}: {over} of {case.repeat} calls were over"
    if case.repeat == 1:
        line = calls[-1].line
        status, code, reason = line.status, line.exit_code, line.reason
    elif status != "error":
        code = ExitCode.PASSED if status == "passed" else ExitCode.FAILED
    if case.xfail is not None and status in ("passed", "failed"):
        status, code, reason = _expected(case.xfail, status)
    return case.model_copy(
        update={
            "status": status,
            "exit_code": int(code),
            "reason": reason,
            "passed": passed,
            "failed": failed,
            "errors": counts["error"],
            "inconclusive": counts["inconclusive"],
            "pass_rate": passed / (passed + failed) if passed + failed else None,
        }
    )


def _decided(case: CaseLine, passed: int, failed: int) -> Status:
    """The verdict that no call which was not over could have changed."""
    needed = case.required_rate * case.repeat - _TOLERANCE
    if passed >= needed:
        return "passed"
    return "failed" if case.repeat - failed < needed else "error"


def _expected(xfail: str, status: Status) -> tuple[Status, int, str]:
    if status == "failed":
        return "passed", ExitCode.PASSED, f"failed as expected: {xfail}"
    return "failed", ExitCode.FAILED, f"passed, and was expected to fail: {xfail}"


def _guessed(folder: Path) -> Iterator[BegunCase]:
    """A case for each call, where the run did not write what it set out to call."""
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.is_symlink():
            continue
        found = _manifest(path)
        info = None if found is None else found.scenario
        name, file = (path.name, ABSENT) if info is None else (info.name, info.file)
        identity = {
            "name": name,
            "file": file if info is not None else path.name,
            "where": file if info is not None else path.name,
            "case": None if info is None else info.case,
            "tags": () if info is None else info.tags,
            "adapter": "" if found is None or found.adapter is None else found.adapter.name,
            "status": "skipped",
            "reason": "",
            "exit_code": int(ExitCode.NOTHING_RAN),
        }
        yield BegunCase(
            folders=path.name,
            case=CaseLine.model_validate(identity | {"repeat": 1}),
            line=ScenarioLine.model_validate(identity | {"duration_s": 0.0, "folder": None}),
            scenario=info,
        )


def _started(folder: Path, run: BegunRun | None) -> str:
    return _time(folder.stat().st_mtime) if run is None else run.started_at


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
