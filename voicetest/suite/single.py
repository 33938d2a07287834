"""One call for a program in Python, with listeners."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from voicetest.audio.chunk import Samples
from voicetest.call.event_log import event_fields
from voicetest.call.timeline import Entry
from voicetest.checks.result import Result
from voicetest.errors import Problem, ScenarioError
from voicetest.registry import nearest
from voicetest.scenario.load import ScenarioFile
from voicetest.speech.cache import Cache, default_folder
from voicetest.speech.providers import Speech
from voicetest.suite.ledger import Ledger
from voicetest.suite.plan import load_all, plan_files

__all__ = ["Listeners", "run_scenario"]

logger = logging.getLogger(__name__)


@dataclass
class Listeners:
    """What a program wants to hear of a call; one that raises is logged once and called again."""

    on_event: Callable[[dict[str, Any]], None] | None = None
    on_audio: Callable[[Samples], None] | None = None
    mask: Callable[[Any], Any] = lambda value: value
    """Hides the secrets of the scenario in a JSON value; set when it is loaded."""
    _complained: set[str] = field(default_factory=set)

    def phase(self, phase: str) -> None:
        """The call entered a phase: events say enough."""

    def entry(self, entry: Entry) -> None:
        """Something happened in the call."""
        if self.on_event is not None:
            self._call("on_event", self.on_event, self.mask(event_fields(entry)))

    def heard(self, samples: Samples) -> None:
        """Some sound was recorded."""
        if self.on_audio is not None:
            self._call("on_audio", self.on_audio, samples)

    def _call(self, name: str, listener: Callable[[Any], None], what: Any) -> None:
        try:
            listener(what)
        except Exception:  # whatever a listener does, the call goes on
            if name not in self._complained:
                self._complained.add(name)
                logger.exception("%s raised; the call goes on", name)


def run_scenario(
    path: Path,
    listeners: Listeners,
    *,
    case: str | None,
    variables: Mapping[str, str],
    offline: bool,
    clock: str,
    out: Path,
) -> Result:
    """Make one call and leave a run folder in `out`.

    Raises ScenarioError or SetupError before anyone is called.
    """
    found = load_all([path], variables)
    found.check()
    file = _chosen(found.files, path, case)
    once = file.scenario.model_copy(update={"skip": None, "retries": 0})
    with Speech(Cache(default_folder())) as speech:
        (planned,) = plan_files([replace(file, scenario=once)], speech, clock, offline=offline)
        listeners.mask = planned.file.secrets.mask_value
        ledger = Ledger.begin(out)
        held = ledger.hold(replace(planned, heard=listeners.heard), listeners, repeat=1)
        ledger.close()
    ((_, result),) = held.calls
    if held.interrupted:
        raise KeyboardInterrupt
    return result


def _chosen(files: tuple[ScenarioFile, ...], path: Path, case: str | None) -> ScenarioFile:
    names = [str(file.case) for file in files if file.case is not None]
    if case is None and len(files) == 1:
        return files[0]
    for file in files:
        if case is not None and file.case == case:
            return file
    if case is None:
        message = f"there are {len(files)} cases: name one of them, such as '{names[0]}'"
    else:
        message = f"there is no case '{case}'{nearest(case, names)}"
    raise ScenarioError([Problem(str(path), 0, 0, message)])
