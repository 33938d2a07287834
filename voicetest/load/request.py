"""What a load is to be: from a file, from a command line, or from both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from voicetest.registry import nearest
from voicetest.scenario.load import load_model
from voicetest.scenario.load_file import LoadFile, LoadKeep, LoadMost, LoadTest, is_load_file
from voicetest.scenario.load_limits import COUNTED, STATISTICS, TIMED, LoadLimits
from voicetest.scenario.load_stages import Stage, StageText

__all__ = ["LoadRequest", "Misuse", "Options", "limits_by", "request_by", "stage_by"]

T = TypeVar("T")

_STAGE: TypeAdapter[Stage] = TypeAdapter(StageText)


class Misuse(ValueError):
    """An option says something that cannot be; the text says what to write."""


@dataclass(frozen=True)
class LoadRequest:
    """Everything but where the results go."""

    scenarios: Sequence[tuple[Path, float | None]]
    """Files or folders, and the part of the calls of each; None for an equal one."""
    stages: Sequence[Stage]
    limits: LoadLimits = field(default_factory=LoadLimits)
    keep: LoadKeep = field(default_factory=LoadKeep)
    most: LoadMost = field(default_factory=LoadMost)
    targets: Sequence[str] = ()
    finish_s: float = 120.0
    seed: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False
    cluster: str | None = None
    """The scheduler whose workers make the calls; None for this machine."""


@dataclass(frozen=True)
class Options:
    """What a command line says; None and nothing leave it to the file."""

    stages: Sequence[str] = ()
    limits: Sequence[str] = ()
    targets: Sequence[str] = ()
    max_calls: int | None = None
    max_cost_usd: float | None = None
    keep_failed: int | None = None
    sample: float | None = None
    finish_s: float | None = None
    seed: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False
    cluster: str | None = None


def request_by(paths: Sequence[Path], options: Options) -> LoadRequest:
    """The load of a load file, or of scenarios, with what options say.

    Raises Misuse for what cannot be meant, and ScenarioError for mistakes in the file.
    """
    file = _load_file(paths)
    stages = [stage_by(text) for text in options.stages] or list(file.stages if file else ())
    if not stages:
        raise Misuse(
            "say how many calls: --stage '20 calls, ramp 30s, hold 2m' for so many at once, or "
            "--stage '3/s, hold 1m' for so many that begin"
        )
    if not any(stage.calls or stage.rate for stage in stages):
        raise Misuse("no stage calls anybody: write at least one with more than 0 calls")
    if options.sample is not None and options.sample > 1:
        raise Misuse(f"--sample {options.sample:.0%} is more than all calls: write 100% at most")
    base = file or LoadTest.model_construct(scenarios=())
    scenarios = (
        [(path, None) for path in paths]
        if file is None
        else list(zip((one.file for one in file.scenarios), file.weights(), strict=True))
    )
    return LoadRequest(
        scenarios=scenarios,
        stages=stages,
        limits=limits_by(options.limits, base.limits),
        keep=base.keep.model_copy(update=_given(failed=options.keep_failed, sample=options.sample)),
        most=base.most.model_copy(
            update=_given(calls=options.max_calls, cost=options.max_cost_usd)
        ),
        targets=(*base.targets, *options.targets),
        finish_s=_first_of(options.finish_s, base.finish),
        seed=_first_of(options.seed, base.seed),
        variables=options.variables,
        offline=options.offline,
        cluster=options.cluster,
    )


def _given(**values: float | None) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}


def _first_of(given: T | None, usual: T) -> T:
    return usual if given is None else given


def _load_file(paths: Sequence[Path]) -> LoadTest | None:
    """The load test that the only path holds, if it is no scenario."""
    found = [path for path in paths if path.is_file() and is_load_file(path)]
    if not found:
        return None
    if len(paths) > 1:
        raise Misuse(f"{found[0]} is a load test, which names its scenarios: give it alone")
    return load_model(LoadFile, found[0]).load


def stage_by(text: str) -> Stage:
    """The stage that an option says; raises Misuse."""
    try:
        return _STAGE.validate_python(text)
    except ValidationError as error:
        raise Misuse(_first(error)) from error


def limits_by(texts: Sequence[str], base: LoadLimits) -> LoadLimits:
    """The limits of `base` with those that options say, such as `response_latency p95 1.5s`.

    Raises Misuse.
    """
    wanted: dict[str, Any] = {
        name: dict(base)[name] for name in base.model_fields_set if dict(base)[name] is not None
    }
    for text in texts:
        metric, *words = text.replace("<=", " ").replace("<", " ").replace(":", " ").split() or [""]
        if metric not in (*TIMED, *COUNTED):
            known = ", ".join((*TIMED, *COUNTED))
            near = nearest(metric, (*TIMED, *COUNTED))
            raise Misuse(f"unknown metric '{metric}'{near}; there are: {known}")
        if metric in COUNTED:
            if len(words) != 1:
                raise Misuse(f"write '{metric} 0' or '{metric} 1%', not '{text}'")
            wanted[metric] = words[0]
            continue
        if len(words) != 2 or words[0] not in STATISTICS:
            names = ", ".join(STATISTICS)
            raise Misuse(f"write '{metric} p95 1.5s' with one of {names}, not '{text}'")
        before = wanted.get(metric) or {}
        given = before if isinstance(before, dict) else before.model_dump(exclude_none=True)
        wanted[metric] = {**given, words[0]: words[1]}
    try:
        return LoadLimits.model_validate(wanted)
    except ValidationError as error:
        raise Misuse(_first(error)) from error


def _first(error: ValidationError) -> str:
    return error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
