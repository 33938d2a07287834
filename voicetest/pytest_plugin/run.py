"""What the scenarios of a pytest run share: their options, and the run folder they leave."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from voicetest.call.timeline import Entry
from voicetest.errors import VoicetestError
from voicetest.report.github import in_actions
from voicetest.report.reports import Reports
from voicetest.report.stored import load_run
from voicetest.run import Plan
from voicetest.scenario.load import ScenarioFile
from voicetest.shown import shown_lines
from voicetest.speech.cache import Cache, default_folder
from voicetest.speech.providers import Speech
from voicetest.suite.env_file import read_env_file
from voicetest.suite.ledger import Held, Ledger
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
        self._reports = Reports(
            _path(config.getoption("voicetest_junit")),
            _path(config.getoption("voicetest_html")),
            config.getoption("voicetest_embed"),
            in_actions(),
        )
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
        return frozenset(map(key_of, chosen))

    def hold(self, file: ScenarioFile) -> Held:
        """Make the calls of one case that was chosen, unless this machine lacks something."""
        if self._ledger is None:
            self._ledger = Ledger.begin(self._out)
        repeat = self._config.getoption("voicetest_repeat")
        case = self._cases[key_of(file)]
        if isinstance(case, Lacking):
            return self._ledger.lack(case)
        return self._ledger.hold(case, _Quiet(), repeat)

    def finish(self) -> None:
        """Write run.json and the reports."""
        self._resources.close()
        if self._ledger is None:
            return
        self._ledger.close()
        self.told.append(f"calls: {self._ledger.folder}")
        try:
            written = self._reports.write(load_run(self._ledger.folder), self.told.append)
        except VoicetestError as error:
            self.told += shown_lines(str(error)).split("\n")
        else:
            self.told += [f"report: {path}" for path in written]


class _Quiet:
    """pytest itself says what runs."""

    def phase(self, phase: str) -> None:
        """Nobody is told."""

    def entry(self, entry: Entry) -> None:
        """Nobody is told."""


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


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
