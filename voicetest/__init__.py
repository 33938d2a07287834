"""voicetest runs a scripted phone call against a voice agent and says whether the agent passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from voicetest.version import __version__

if TYPE_CHECKING:
    from voicetest.audio.chunk import Samples
    from voicetest.checks.result import Result

__all__ = ["__version__", "run_scenario"]


def run_scenario(
    path: str | Path,
    on_event: Callable[[dict[str, Any]], None] | None = None,
    on_audio: Callable[[Samples], None] | None = None,
    *,
    case: str | None = None,
    variables: Mapping[str, str] | None = None,
    offline: bool = False,
    clock: Literal["auto", "real", "virtual"] = "auto",
    out: str | Path = "runs",
) -> Result:
    """Make the call of one scenario as `voicetest run` does, and return what was found out.

    `on_event` gets each event as it happens, as it stands in `events.jsonl`; `on_audio` the sound
    as it is recorded, int16 of shape (n, 2) at 24 kHz: user, agent. One that raises is logged
    once, and the call goes on. `case` names one of a scenario with a matrix or a table.
    Raises ScenarioError or SetupError, before anyone is called, for a scenario that cannot work.
    """
    # Everything heavy comes with it, and the command line wants the version alone.
    from voicetest.suite import single

    return single.run_scenario(
        Path(path),
        single.Listeners(on_event, on_audio),
        case=case,
        variables=variables or {},
        offline=offline,
        clock=clock,
        out=Path(out),
    )
