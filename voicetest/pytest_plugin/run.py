"""What the scenarios of a pytest run share: their options, and the run folder they leave."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from voicetest.call.timeline import Entry
from voicetest.errors import VoicetestError
from voicetest.executor.plan import load
from voicetest.pytest_plugin.shared import SHARED, Told, reports_of, write_reports
from voicetest.report.folder import call_name
from voicetest.report.keeping import FileKind, Keep, Keeping
from voicetest.run import Plan
from voicetest.scenario.cases import load_cases
from voicetest.scenario.load import ScenarioFile
from voicetest.shown import shown_lines
from voicetest.speech.cache import Cache, default_folder
from voicetest.speech.providers import Speech
from voicetest.suite.env_file import read_env_file
from voicetest.suite.ledger import Held, Ledger
from voicetest.suite.logs import hide_in_logs
from voicetest.suite.plan import Lacking, plan_each
from voicetest.suite.selection import CaseKey, Selection, key_of
from voicetest.suite.shard import parse_shard

__all__ = ["PytestRun"]


class PytestRun:
    """What all items share; the run folder is made when the first of them calls."""

    def __init__(self, config: pytest.Config) -> None:
        """Raises UsageError for options that cannot be."""
        self.told: list[str] = []
        """What is said at the end of the run."""
        self._config = config
        self._resources = ExitStack()
        self._out = Path(config.getoption("voicetest_out"))
        self._reports = reports_of(config)
        self._keeping = Keeping(
            Keep(config.getoption("voicetest_keep")),
            FileKind(config.getoption("voicetest_recordings")),
            config.getoption("voicetest_segments"),
        )
        self._worker = vars(config).get("workerinput")
        """What pytest-xdist gives a process that it starts; None in any other."""
        try:
            self._reports.check()
            self.variables = _variables(config.getoption("voicetest_var"))
            self._selection = _selection(config)
            self._set_environment()
        except (VoicetestError, ValueError) as error:
            raise pytest.UsageError(shown_lines(str(error))) from error
        self._ledger: Ledger | None = None
        """Begun by the first call."""
        self._cases: dict[CaseKey, Plan | Lacking] = {}
        """Set when the cases are chosen."""
        self._names: dict[CaseKey, str] = {}
        """What the folders of their calls are called, in every process of the run."""
        self._environment: dict[str, str] = {}
        """That in which the cases were chosen."""
        self._speech = self._resources.enter_context(Speech(Cache(default_folder())))

    def _set_environment(self) -> None:
        file = self._config.getoption("voicetest_env_file")
        if file is not None:
            patch = self._resources.enter_context(pytest.MonkeyPatch.context())
            for name, value in read_env_file(Path(file)).items():
                if name not in os.environ:
                    patch.setenv(name, value)

    def choose(self, files: Sequence[ScenarioFile]) -> frozenset[CaseKey]:
        """The cases that the options choose.

        They are made sure of before the first is called: raises UsageError for mistakes in a file.
        """
        chosen = self._selection.choose(files)
        if not self._config.option.collectonly:
            offline = self._config.getoption("voicetest_offline")
            clock = self._config.getoption("voicetest_clock")
            try:
                cases = plan_each(chosen, self._speech, clock, offline=offline)
            except VoicetestError as error:
                raise pytest.UsageError(shown_lines(str(error))) from error
            self._cases = {key_of(case.file): case for case in cases if case.file is not None}
            self._names = _names(chosen)
            self._environment = _environment()
        return frozenset(map(key_of, chosen))

    def hold(self, file: ScenarioFile) -> Held:
        """Make the calls of one case that was chosen, unless this machine lacks something."""
        hide_in_logs()
        if self._ledger is None and self._worker is not None:
            self._ledger = Ledger.join(Path(self._worker[SHARED]), self._keeping)
        elif self._ledger is None:
            self._ledger = Ledger.begin(self._out, self._keeping)
        repeat = self._config.getoption("voicetest_repeat")
        case = self._case(file)
        if isinstance(case, Lacking):
            return self._ledger.lack(case)
        return self._ledger.hold(case, _Quiet(), repeat, self._names[key_of(file)])

    def _case(self, file: ScenarioFile) -> Plan | Lacking:
        """The plan of a case, made again if fixtures have changed the environment since."""
        if _environment() == self._environment:
            return self._cases[key_of(file)]
        cases = load_cases(file.path, self.variables)
        again = next((case for case in cases if case.name == file.case), None)
        if again is None:
            return self._cases[key_of(file)]
        offline = self._config.getoption("voicetest_offline")
        clock = self._config.getoption("voicetest_clock")
        loaded = load(again, self.variables)
        (case,) = plan_each([loaded], self._speech, clock, offline=offline)
        return case

    def told_of(self, held: Held) -> str | None:
        """What the process that gathers the results is told, as JSON; None if that is this one."""
        if self._worker is None or self._ledger is None:
            return None
        command = self._ledger.masked(self._worker["mainargv"])
        return Told.of(held, command).model_dump_json()

    def finish(self) -> None:
        """Write run.json and the reports, unless another process does."""
        self._resources.close()
        if self._ledger is not None and self._worker is not None:
            self._ledger.leave()
        elif self._ledger is not None:
            self._ledger.close(self.told.append)
            self.told += write_reports(self._ledger.folder, self._reports)


class _Quiet:
    """pytest itself says what runs."""

    def phase(self, phase: str) -> None:
        """Nobody is told."""

    def entry(self, entry: Entry) -> None:
        """Nobody is told."""


def _environment() -> dict[str, str]:
    """The variables of the environment, but pytest's own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def _names(files: Sequence[ScenarioFile]) -> dict[CaseKey, str]:
    taken: set[str] = set()
    stems = Counter(path.stem for path in {file.path.resolve() for file in files})
    shared = {stem for stem, count in stems.items() if count > 1}
    return {key_of(file): call_name(file.path, file.shown_case, taken, shared) for file in files}


def _variables(pairs: list[str]) -> Mapping[str, str]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ValueError(f"write --voicetest-var name=value, not '{pair}'")
        found[name] = value
    return found


def _selection(config: pytest.Config) -> Selection:
    shard = config.getoption("voicetest_shard")
    return Selection(
        tags=frozenset(config.getoption("voicetest_tag")),
        skip_tags=frozenset(config.getoption("voicetest_skip_tag")),
        adapters=frozenset(config.getoption("voicetest_adapter")),
        shard=None if shard is None else parse_shard(shard),
    )
