"""The calls of a load as errands, each with a folder of its own while it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voicetest.executor.plan import Plan
from voicetest.load.engine import Order
from voicetest.load.keeping import Keeper
from voicetest.report.folder import call_folder, give_room_back
from voicetest.suite.errand import Errand

__all__ = ["CALLS", "Errands"]

CALLS = "calls"
"""The folder below that of the load in which each call has its own."""


@dataclass(frozen=True)
class Errands:
    """Makes them; each call has the next seed."""

    plans: Sequence[Plan]
    folder: Path
    """That of the load."""
    keeper: Keeper
    variables: Mapping[str, str]
    offline: bool = False

    def errand(self, order: Order) -> Errand:
        """The errand of a call, in a folder made now; raises OSError without room for it."""
        file = self.plans[order.scenario].file
        return Errand(
            call=order.number,
            path=file.path,
            case=file.case,
            variables=self.variables,
            clock="real",
            offline=self.offline,
            later_seed=order.number - 1,
            folder=call_folder(self.folder / CALLS, f"{order.number:06}"),
            verbose=False,
            keeping=self.keeper.before(order.number),
        )

    def keeps(self, order: Order, status: str) -> bool:
        """Whether the folder of a call that is over stays."""
        return self.keeper.keeps(order.number, status)

    def named(self, target: Path) -> str:
        """The folder of a call that stays, as it is called in the figures."""
        give_room_back(target / "manifest.json")
        return f"{CALLS}/{target.name}"
