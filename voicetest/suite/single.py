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
        except Exception:  # noqa: BLE001  # whatever a listener does must not end the call
            if name not in self._complained:
                self._complained.add(name)
                logger.exception("%s raised; the call goes on", name)
