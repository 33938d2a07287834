"""Scenarios as test items of pytest; a run without any imports nothing else of voicetest."""

from __future__ import annotations

import re
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from voicetest.pytest_plugin.items import ScenarioModule
    from voicetest.pytest_plugin.run import PytestRun
    from voicetest.pytest_plugin.shared import Gathering

__all__: list[str] = []

_RUN: pytest.StashKey[PytestRun] = pytest.StashKey()
"""Set when the first scenario is collected."""
_FOLDER: pytest.StashKey[Path] = pytest.StashKey()
"""The folder that the processes of pytest-xdist share; set in the one that starts them."""
_GATHERING: pytest.StashKey[Gathering] = pytest.StashKey()
"""Set in that one by the first result."""
_WRONG: pytest.StashKey[pytest.UsageError] = pytest.StashKey()
"""Set when the options cannot be."""
_ENDINGS = frozenset({".yaml", ".yml"})
_KEYS = (re.compile(rb"^agent[ \t]*:", re.MULTILINE), re.compile(rb"^script[ \t]*:", re.MULTILINE))
_CHILD = re.compile(rb"^extends[ \t]*:", re.MULTILINE)
_HEAD_BYTES = 1 << 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of `voicetest run`, with its name before them."""
    group = parser.getgroup("voicetest", "scenarios of phone calls (voicetest)")
    group.addoption(
        "--voicetest",
        action="store_true",
        help="collect scenarios in every folder; without it only in what the command line names",
    )
    group.addoption(
        "--voicetest-offline",
        action="store_true",
        help="call the scenario's 'simulator' instead; nothing leaves this machine",
    )
    group.addoption(
        "--voicetest-out", default="runs", help="folder in which the run gets a folder of its own"
    )
    group.addoption(
        "--voicetest-var",
        action="append",
        default=[],
        metavar="K=V",
        help="set a variable of the scenarios",
    )
    group.addoption(
        "--voicetest-clock",
        choices=["auto", "real", "virtual"],
        default="auto",
        help="auto: virtual time when nothing of the call leaves this process",
    )
    group.addoption(
        "--voicetest-env-file", metavar="FILE", help="environment variables, NAME=value"
    )
    group.addoption("--voicetest-tag", action="append", default=[], help="only scenarios with it")
    group.addoption("--voicetest-skip-tag", action="append", default=[], help="none with it")
    group.addoption("--voicetest-adapter", action="append", default=[], help="only with it")
    group.addoption("--voicetest-shard", metavar="I/N", help="part I of N, always the same")
    group.addoption("--voicetest-repeat", type=int, metavar="N", help="calls per scenario")
    group.addoption(
        "--voicetest-keep",
        choices=["all", "failed", "none"],
        default="all",
        help="whose recordings stay; all else is kept of every call",
    )
    group.addoption(
        "--voicetest-recordings",
        choices=["wav", "flac"],
        default="wav",
        help="what recordings are kept as",
    )
    group.addoption(
        "--voicetest-segments", action="store_true", help="write each turn into a file of its own"
    )
    group.addoption("--voicetest-junit", metavar="FILE", help="write voicetest's own JUnit XML")
    group.addoption("--voicetest-html", metavar="FILE", help="write a page with the recordings")
    group.addoption("--voicetest-embed", action="store_true", help="put them into the page")
    parser.addini(
        "voicetest", "collect scenarios in every folder, as --voicetest does", type="bool"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioModule | None:
    """A scenario in a folder, or file, that is named on the command line; or in any, if asked."""
    if file_path.suffix not in _ENDINGS or not _is_wanted(parent.config, file_path):
        return None
    from voicetest.pytest_plugin.items import ScenarioModule
    from voicetest.pytest_plugin.run import PytestRun

    run = parent.config.stash.get(_RUN, None)
    if run is None and _WRONG not in parent.config.stash:
        try:
            run = parent.config.stash[_RUN] = PytestRun(parent.config)
        except pytest.UsageError as error:
            # Raised here it would only leave this file out, and not end the run.
            parent.config.stash[_WRONG] = error
    if run is None:
        return None
    module: ScenarioModule = ScenarioModule.of(parent, file_path, run)
    return module


def _is_wanted(config: pytest.Config, path: Path) -> bool:
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    if not named and not config.getoption("voicetest") and not config.getini("voicetest"):
        return False
    return _is_named_itself(config, path) or _is_scenario(path)


def _is_named_itself(config: pytest.Config, path: Path) -> bool:
    """A file that is named is taken as it is: loading it says what is wrong with it."""
    words = (word.partition("::")[0] for word in config.args)
    return any((config.invocation_params.dir / word).resolve() == path.resolve() for word in words)


def _is_scenario(path: Path) -> bool:
    """Whether a file says by its keys that it is a scenario; other tools keep YAML files too."""
    if path.name.startswith("."):
        return False
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False
    found = [key.search(head) is not None for key in _KEYS]
    return all(found) or (_CHILD.search(head) is not None and (any(found) or b"version" in head))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the options do not choose; raises UsageError before anyone is called."""
    if _WRONG in config.stash:
        raise config.stash[_WRONG]
    run = config.stash.get(_RUN, None)
    if run is None:
        return
    from voicetest.pytest_plugin.items import ScenarioItem
    from voicetest.suite.selection import key_of

    ours = [item for item in items if isinstance(item, ScenarioItem)]
    chosen = run.choose([item.file for item in ours])
    left_out = [item for item in ours if key_of(item.file) not in chosen]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a process that pytest-xdist starts the folder that they all share."""
    from voicetest.report.folder import name_run

    config = node.config
    if _FOLDER not in config.stash:
        config.stash[_FOLDER] = name_run(Path(config.getoption("voicetest_out")), datetime.now(UTC))
    node.workerinput["voicetest_run"] = str(config.stash[_FOLDER].absolute())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let the report of a scenario tell another process what became of it."""
    report = yield
    if _RUN in item.config.stash and report.when == "call":
        from voicetest.pytest_plugin.items import ScenarioItem

        if isinstance(item, ScenarioItem):
            report.voicetest_run = item.told
    return report


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, Any, Any]:
    """Write run.json and the reports; the processes of pytest-xdist are over after it."""
    run = session.config.stash.get(_RUN, None)
    if run is not None:
        run.finish()
    done = yield
    if _GATHERING in session.config.stash:
        session.config.stash[_GATHERING].finish()
    return done


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the recordings are."""
    stash = terminalreporter.config.stash
    for run in (stash.get(_RUN, None), stash.get(_GATHERING, None)):
        for line in () if run is None else run.told:
            terminalreporter.write_line(line)


def pytest_configure(config: pytest.Config) -> None:
    """Take in what other processes report, if this one does not call itself."""
    if "workerinput" not in vars(config):
        config.pluginmanager.register(_Listening(config), "voicetest-results")


class _Listening:
    """Hears of every test that is over."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in the result of a scenario that another process held."""
        told = vars(report).get("voicetest_run")
        if told is None or _FOLDER not in self._config.stash:
            return
        from voicetest.pytest_plugin.shared import Gathering

        stash = self._config.stash
        if _GATHERING not in stash:
            stash[_GATHERING] = Gathering(self._config, stash[_FOLDER])
        stash[_GATHERING].take_in(told)
