"""Scenario files as collectors and their cases as items."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from voicetest.errors import VoicetestError
from voicetest.pytest_plugin.run import PytestRun
from voicetest.report.call import transcript
from voicetest.report.outcome import describe
from voicetest.scenario.load import ScenarioFile
from voicetest.shown import shown, shown_lines
from voicetest.suite.plan import load_all

__all__ = ["CallFailed", "ScenarioItem", "ScenarioModule"]


class CallFailed(Exception):
    """The verdict on a case is no pass; the text says why."""


class ScenarioModule(pytest.Module):
    """A scenario file; its items are its cases.

    It is a module, an empty one, because fixtures of that scope need one.
    """

    run: PytestRun

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, run: PytestRun) -> ScenarioModule:
        """The collector of a file."""
        module: ScenarioModule = cls.from_parent(parent, path=path)
        module.run = run
        module.obj = ModuleType(path.stem)
        return module

    def collect(self) -> Iterator[pytest.Item]:
        """One item per case; raises CollectError with every mistake in the file."""
        here = self.config.invocation_params.dir
        near = self.path.relative_to(here) if self.path.is_relative_to(here) else self.path
        found = load_all([near], self.run.variables)
        try:
            found.check()
        except VoicetestError as error:
            raise self.CollectError(shown_lines(str(error))) from error
        for file in found.files:
            name = file.secrets.mask(file.scenario.name)
            title = shown(name if file.case is None else f"{name}[{file.shown_case}]")
            item: ScenarioItem = ScenarioItem.from_parent(self, name=title, callobj=_call)
            item.file, item.run = file, self.run
            item.extra_keyword_matches.update(file.scenario.tags)
            yield item


def _call() -> None:
    """What fixtures take for the test's function: it asks for none by itself."""


class ScenarioItem(pytest.Function):
    """One case of a scenario.

    It is a function to fixtures: those that are used everywhere are set up for it too.
    """

    file: ScenarioFile
    run: PytestRun
    told: str | None = None
    """What another process is told of it; set when its calls are over."""

    def runtest(self) -> None:
        """Make its calls; raises CallFailed unless their verdict is a pass."""
        try:
            held = self.run.hold(self.file)
        except VoicetestError as error:
            raise CallFailed(shown_lines(str(error))) from error
        self.told = self.run.told_of(held)
        for folder, result in held.calls:
            warned = "".join(f"{shown(str(warning))}\n" for warning in result.warnings)
            told = f"{folder}\n{warned}{transcript(result.turns)}"
            self.add_report_section("call", "voicetest", told)
        if held.interrupted:
            raise KeyboardInterrupt
        case = held.case
        if case.status == "skipped":
            pytest.skip(shown(case.reason))
        if case.status == "passed" and case.xfail is not None:
            pytest.xfail(shown(case.xfail))
        if case.status != "passed":
            lines = [shown(f"{case.where}: {case.status}: {case.reason}")]
            lines += [line for _, result in held.calls for line in describe(result)]
            raise CallFailed("\n".join(lines))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What did not hold, at its lines; anything else with its traceback."""
        if isinstance(excinfo.value, CallFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file, the line of its name counted from 0, and the name."""
        return self.path, self.file.line("name") - 1, self.name
