"""Whether two runs measured the same thing, so that their figures may be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from voicetest.checks.result import Turn
from voicetest.report.manifest import Manifest
from voicetest.report.stored import StoredRun

__all__ = ["differences"]

_Case = tuple[str, str | None]
_MOST = 10
"""Lines that are told; more of them say nothing new."""


def differences(base: StoredRun, new: StoredRun) -> list[str]:
    """What keeps the figures of the cases that both runs have from being compared, in words."""
    before, after = _first_calls(base), _first_calls(new)
    seeds = _seeds(base), _seeds(new)
    found = chain.from_iterable(
        (
            f"{_named(case)}: {words}"
            for words in (
                *_of_case(was, after[case]),
                *_of_seeds(seeds[0][case], seeds[1][case]),
            )
        )
        for case, was in before.items()
        if case in after
    )
    told = list(dict.fromkeys(found))
    return told if len(told) <= _MOST else [*told[:_MOST], f"and {len(told) - _MOST} more"]


def _first_calls(run: StoredRun) -> dict[_Case, Manifest]:
    """The first call of each case that came to an end."""
    found: dict[_Case, Manifest] = {}
    for call in run.calls:
        if call.manifest is not None and call.manifest.status != "error":
            found.setdefault((call.line.file, call.line.case), call.manifest)
    return found


def _seeds(run: StoredRun) -> dict[_Case, int]:
    """The first seed of each case; a repeat has a later one."""
    found: dict[_Case, int] = {}
    for call in run.calls:
        if call.manifest is not None:
            case, seed = (call.line.file, call.line.case), call.manifest.scenario.seed
            found[case] = min(seed, found.get(case, seed))
    return found


def _of_seeds(was: int, now: int) -> Iterator[str]:
    if was != now:
        yield f"the seed was {was} and is {now}"


def _named(case: _Case) -> str:
    file, name = case
    return file if name is None else f"{file} [{name}]"


def _of_case(was: Manifest, now: Manifest) -> Iterator[str]:
    if was.checks_version != now.checks_version:
        yield (
            f"what the checks measure has changed (version {was.checks_version}, now "
            f"{now.checks_version})"
        )
    if was.detector != now.detector:
        yield f"speech was found in another way ({_detector(was)}, now {_detector(now)})"
    if was.clock != now.clock:
        yield f"one ran in {was.clock} time, the other in {now.clock} time"
    yield from _agents(was, now)
    yield from _users(was, now)


def _agents(was: Manifest, now: Manifest) -> Iterator[str]:
    if was.adapter is None or now.adapter is None:
        return
    if was.adapter.name != now.adapter.name:
        yield f"the agent was called through {was.adapter.name}, now through {now.adapter.name}"
    if was.adapter.simulated != now.adapter.simulated:
        old, new = ("simulated", "called") if was.adapter.simulated else ("called", "simulated")
        yield f"the agent was {old} and is {new}"


def _users(was: Manifest, now: Manifest) -> Iterator[str]:
    """Another sound of the user: of the settings, or of the same line."""
    if was.scenario.sound and now.scenario.sound and was.scenario.sound != now.scenario.sound:
        yield "the user sounds otherwise: another voice, rate, effect, background or line"
    before, after = _lines(was), _lines(now)
    for step, (words, sound) in before.items():
        other = after.get(step)
        if other is None:
            continue
        if words != other[0]:
            yield f'the user said "{words}" in step {step + 1}, and now "{other[0]}"'
        elif sound != other[1]:
            yield f"the user's recording in step {step + 1} is another: another voice or file"


def _lines(found: Manifest) -> Mapping[int, tuple[str, str]]:
    """Words and checksum of the sound of each scripted line, by its step."""
    files = {file.path: file.sha256 for file in found.files}  # of older manifests
    return {
        turn.step.index: (turn.transcript, sound)
        for turn in found.turns
        if _scripted(turn)
        and turn.step is not None
        and (sound := turn.sound or files.get(str(turn.file))) is not None
    }


def _scripted(turn: Turn) -> bool:
    return turn.by == "user" and turn.kind != "improvise"


def _detector(found: Manifest) -> str:
    named = " ".join(str(found.detector[k]) for k in ("name", "version") if k in found.detector)
    return named or "none"
