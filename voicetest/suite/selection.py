"""Which of the scenarios that were found are run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from voicetest.file_name import named, readable
from voicetest.report.stored import load_summary
from voicetest.report.summary import NOT_RUN
from voicetest.scenario.load import ScenarioFile
from voicetest.shown import shown_json
from voicetest.suite.shard import Shard

__all__ = ["CaseKey", "Selection", "case_lines", "failed_cases", "key_of"]

CaseKey = tuple[str, str | None]
"""A scenario file, as a full path, and its case."""


@dataclass(frozen=True)
class Selection:
    """What a scenario must have to be run; what is empty asks for nothing."""

    tags: frozenset[str] = frozenset()
    """At least one of these."""
    skip_tags: frozenset[str] = frozenset()
    """None of these."""
    text: str = ""
    """This text in its name, its file or its case; case is ignored."""
    adapters: frozenset[str] = frozenset()
    """One of these."""
    failed: frozenset[CaseKey] | None = None
    """One of these cases."""
    shard: Shard | None = None
    limit: int | None = None
    """At most so many cases, after all else."""

    def choose(self, files: Iterable[ScenarioFile]) -> list[ScenarioFile]:
        """Those that are run, in their order."""
        chosen = [file for file in files if self._wants(file)]
        return chosen if self.limit is None else chosen[: self.limit]

    def _wants(self, file: ScenarioFile) -> bool:
        tags = frozenset(file.scenario.tags)
        return (
            (not self.tags or bool(tags & self.tags))
            and not tags & self.skip_tags
            and self.text.casefold() in _readable(file).casefold()
            and (not self.adapters or file.scenario.agent.adapter in self.adapters)
            and (self.failed is None or _written(file) in self.failed)
            and (self.shard is None or self.shard.holds(_stable(file)))
        )


def key_of(file: ScenarioFile) -> CaseKey:
    """What tells a case from every other."""
    return str(file.path.resolve()), file.case


def failed_cases(run: Path) -> frozenset[CaseKey]:
    """The cases of a run that did not pass; without those that were to be skipped.

    Raises SetupError when there is no such run.
    """
    return frozenset(
        (str(named(case.file).resolve()), case.case)
        for case in load_summary(run)[1].cases
        if case.status not in ("passed", "skipped") or case.reason.startswith(NOT_RUN)
    )


def case_lines(files: Sequence[ScenarioFile], *, as_json: bool) -> Iterator[str]:
    """One line for each case that was chosen, or all as one JSON list; secrets masked."""
    if as_json:
        yield shown_json([_described(file) for file in files], indent=2)
        return
    for file in files:
        scenario = file.scenario
        case = "" if file.case is None else f"  [{file.case}]"
        words = ", ".join([scenario.agent.adapter, *scenario.tags])
        skipped = "" if scenario.skip is None else f"  skipped: {scenario.skip}"
        yield file.secrets.mask(f"{file.shown}  {scenario.name}{case}  ({words}){skipped}")


def _described(file: ScenarioFile) -> dict[str, object]:
    mask, scenario = file.secrets.mask, file.scenario
    return {
        "file": file.shown,
        "where": file.where("name"),
        "name": mask(scenario.name),
        "case": file.shown_case,
        "tags": [mask(tag) for tag in scenario.tags],
        "adapter": scenario.agent.adapter,
        "skip": None if scenario.skip is None else mask(scenario.skip),
    }


def _written(file: ScenarioFile) -> CaseKey:
    """How a run that has this case names it."""
    return str(file.path.resolve()), file.shown_case


def _readable(file: ScenarioFile) -> str:
    return "\n".join((file.scenario.name, file.shown, file.case or ""))


def _stable(file: ScenarioFile) -> str:
    """The same on every machine that works in the same folder of a project."""
    path = file.path.resolve()
    where = os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    return f"{readable(Path(where).as_posix())}\n{file.case or ''}"
