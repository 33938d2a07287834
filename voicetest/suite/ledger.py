"""A run that grows case by case, for a program that decides itself what is called next."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from voicetest.checks.result import Result
from voicetest.errors import ExitCode
from voicetest.executor.border import Border
from voicetest.executor.execute import Progress
from voicetest.report.folder import (
    call_folder,
    call_name,
    give_room_back,
    new_run_folder,
    point_latest,
    share_run_folder,
)
from voicetest.report.keeping import ALL, Keeping
from voicetest.report.summary import (
    CaseLine,
    RunSummary,
    ScenarioLine,
    exit_code_of,
    is_passing,
    summarise,
)
from voicetest.run import Plan, run
from voicetest.scenario.masking import MASK
from voicetest.suite.beginning import Beginning
from voicetest.suite.closing import close_run
from voicetest.suite.command_line import shown_command
from voicetest.suite.descriptors import raise_limit
from voicetest.suite.lines import (
    call_line,
    judged,
    lacking,
    lacking_line,
    left_out,
    left_out_line,
)
from voicetest.suite.plan import Lacking
from voicetest.suite.repeat import Tally

__all__ = ["Held", "Ledger"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Held:
    """The verdict on a case and the calls it rests on, each with its folder."""

    case: CaseLine
    calls: tuple[tuple[Path, Result], ...]
    lines: tuple[ScenarioLine, ...] = ()
    """The entries of these calls in run.json."""

    @property
    def interrupted(self) -> bool:
        """Whether the user wants no more."""
        return any(exit_code_of(result) is ExitCode.INTERRUPTED for _, result in self.calls)


@dataclass
class Ledger:
    """The folder of one run and what stands in its run.json, to which each case is added."""

    folder: Path
    started: datetime
    _beginning: Beginning
    keeping: Keeping = ALL
    _lines: list[ScenarioLine] = field(default_factory=list)
    _cases: list[CaseLine] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)
    _masks: list[Plan] = field(default_factory=list)
    _commands: list[tuple[str, ...]] = field(default_factory=list)

    @classmethod
    def begin(cls, out: Path, keeping: Keeping = ALL) -> Ledger:
        """Make a run folder in `out`; raises SetupError when that cannot be done."""
        raise_limit()
        started = datetime.now(UTC)
        folder = new_run_folder(out, started)
        point_latest(folder)
        return cls(folder, started, Beginning(folder, (), started), keeping)

    @classmethod
    def join(cls, folder: Path, keeping: Keeping = ALL) -> Ledger:
        """Take part in a run that several processes share; raises SetupError as `begin` does."""
        if share_run_folder(folder):
            point_latest(folder)
        return cls.of(folder, keeping)

    @classmethod
    def of(cls, folder: Path, keeping: Keeping = ALL) -> Ledger:
        """The ledger of a run folder that is there."""
        started = datetime.now(UTC)
        return cls(folder, started, Beginning(folder, (), started), keeping)

    def add(self, case: CaseLine, lines: Iterable[ScenarioLine], command: Sequence[str]) -> None:
        """Take in what another process of the run has held, which masked this command line."""
        self._cases.append(case)
        self._lines += lines
        self._commands.append(tuple(command))

    def masked(self, words: Sequence[str]) -> list[str]:
        """A command line without the secrets of the cases that were held."""
        return shown_command(words, [planned.file for planned in self._masks])

    def hold(
        self,
        planned: Plan,
        progress: Progress,
        repeat: int | None = None,
        name: str | None = None,
    ) -> Held:
        """Make the calls of a case until its verdict is there; `repeat` in place of its own.

        Their folders are called `name`, or what is not yet taken of what the file is called.
        """
        self._masks.append(planned)
        file, scenario = planned.file, planned.file.scenario
        tally = Tally(repeat or scenario.repeat, scenario.pass_rate)
        calls: list[tuple[Path, Result]] = []
        if scenario.skip is not None:
            reason = file.secrets.mask(scenario.skip)
            self._lines.append(left_out_line(file, reason))
            skipped = left_out(file, tally.planned, reason)
            self._beginning.no_call(self._lines[-1], skipped)
            return self._judge(skipped, calls, 1)
        known = len(self._lines)
        name = self._unused(name or call_name(file.path, file.shown_case, self._taken))
        self._beginning.call(planned, name, tally.planned)
        while tally.decided is None and tally.made < tally.planned:
            calls += self._with_retries(planned, progress, name, tally)
            if exit_code_of(calls[-1][1]) is ExitCode.INTERRUPTED:
                break
        cut_short = exit_code_of(calls[-1][1]) is ExitCode.INTERRUPTED
        reason = self._lines[-1].reason
        verdict = judged(file, tally, reason, cut_short=cut_short)
        return self._judge(verdict, calls, len(self._lines) - known)

    def _unused(self, name: str) -> str:
        """The name, with a number if calls of a case were called so: it may be held again."""
        number, unused = 2, name
        while any((self.folder / f"{unused}{end}").exists() for end in ("", "--r01")):
            unused = f"{name}-{number}"
            number += 1
        return unused

    def lack(self, case: Lacking) -> Held:
        """Take note of a case for which this machine lacks something."""
        self._lines.append(lacking_line(case))
        self._beginning.no_call(self._lines[-1], lacking(case, None))
        return self._judge(lacking(case, None), [], 1)

    def close(self, warn: Callable[[str], object] = logger.warning) -> RunSummary:
        """Write run.json; `warn` is told if that cannot be done."""
        command = self.masked(sys.argv)
        if self._commands:
            masked = zip(command, zip(*self._commands, strict=True), strict=True)
            command = [_masked_word(word, others) for word, others in masked]
        summary = summarise(
            self._lines,
            self._cases,
            command=command,
            started=self.started,
            finished=datetime.now(UTC),
            folder=str(self.folder),
        )
        summary = close_run(self.folder, summary, warn)
        self._beginning.close()
        return summary

    def leave(self) -> None:
        """Take no more part in a run that another process closes."""
        self._beginning.close()

    def _judge(self, case: CaseLine, calls: list[tuple[Path, Result]], lines: int) -> Held:
        """The verdict on a case, which the last `lines` lines belong to."""
        self._cases.append(case)
        return Held(case, tuple(calls), tuple(self._lines[-lines:]))

    def _with_retries(
        self, planned: Plan, progress: Progress, name: str, tally: Tally
    ) -> list[tuple[Path, Result]]:
        """The next call of a case, again after errors that may go better next time."""
        seed = planned.file.scenario.seed + tally.made
        scenario = planned.file.scenario.model_copy(update={"seed": seed})
        planned = replace(planned, file=replace(planned.file, scenario=scenario))
        repeat = tally.made + 1 if tally.planned > 1 else None
        calls: list[tuple[Path, Result]] = []
        for attempt in range(1, scenario.retries + 2):
            started, began = datetime.now(UTC), time.perf_counter()
            folder, result = self._call(planned, progress, name, repeat, attempt)
            calls.append((folder, result))
            again = result.status == "error" and exit_code_of(result) is ExitCode.CONNECTION
            again = again and attempt <= scenario.retries
            self._lines.append(
                call_line(
                    planned.file,
                    result,
                    repeat=repeat,
                    attempt=attempt,
                    retried=again,
                    started=started,
                    wall_s=time.perf_counter() - began,
                    folder=folder.name if (folder / "manifest.json").exists() else None,
                )
            )
            if not again:
                tally.add(result.status, exit_code_of(result), passing=is_passing(result))
                break
        return calls

    def _call(
        self, planned: Plan, progress: Progress, name: str, repeat: int | None, attempt: int
    ) -> tuple[Path, Result]:
        """Make one call; where no folder can be had for it that is its error, in the run's own."""
        folder, result = self.folder, None
        with Border("starting") as border:
            folder = call_folder(self.folder, name, repeat, attempt)
            result = run(planned, folder, progress, keeping=self.keeping)
        if folder != self.folder:
            give_room_back(folder / "manifest.json")
        return folder, border.outcome(result)


def _masked_word(word: str, masked: Iterable[str]) -> str:
    """A word as several processes masked it, of which none knows all secrets."""
    changed = {other for other in masked if other != word}
    return word if not changed else MASK if len(changed) > 1 else changed.pop()
