"""The border of a call: whatever goes wrong inside it becomes the error that the call ends in."""

from __future__ import annotations

import asyncio
import traceback
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from types import TracebackType

from voicetest.call.record import CallError
from voicetest.checks.result import Fault, Result, Termination
from voicetest.clock import Interruption
from voicetest.errors import VoicetestError
from voicetest.machine import OutOfMeans, refusal
from voicetest.scenario.masking import mask_all

__all__ = ["Border", "broken"]


class Border(AbstractContextManager["Border"]):
    """Keeps the first thing that went wrong in the blocks it was around, and lets none out.

    Also what asks the program itself to end stays inside: it is one call that ends.
    """

    def __init__(self, where: str, interruption: Interruption | None = None) -> None:
        self.where = where
        """The part of the run that is under way; set by who goes on to the next one."""
        self.error: CallError | None = None
        """Set once, by what goes wrong first."""
        self._interruption = interruption

    def at(self, where: str) -> Border:
        """The same border around the next part of the run."""
        self.where = where
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        caught: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(caught, asyncio.CancelledError) and _is_cancelled():
            return False
        if caught is not None and self.error is None:
            found = self._described(caught)
            trace_text = None if found.traceback is None else mask_all(found.traceback)
            self.error = replace(found, message=mask_all(found.message), traceback=trace_text)
        return True

    def outcome(self, so_far: Result | None) -> Result:
        """What the call has come to: `so_far`, or the error with what of it was found before."""
        if self.error is not None:
            return broken(self.error, so_far)
        assert so_far is not None  # noqa: S101  # a block that went well has left a result
        return so_far

    def _described(self, caught: BaseException) -> CallError:
        """The error that has to be acted on: what the machine refused, then a bug, then the rest.

        Where something cannot be had any more, what follows from it may look like anything.
        """
        asked = self._interruption is None or self._interruption.asked
        by = "" if self._interruption is None else self._interruption.by
        if isinstance(caught, KeyboardInterrupt) and asked:
            return CallError(
                "interrupted", str(caught) or f"interrupted by {by or 'Ctrl-C'}", self.where
            )
        leaves = _leaves(caught)
        refused = next((found for error in leaves if (found := refusal(error))), None)
        if refused is not None:
            passing = isinstance(refused, OutOfMeans)
            return CallError(refused.kind, str(refused), self.where, passing=passing)
        bug = next((error for error in leaves if not isinstance(error, VoicetestError)), None)
        if bug is not None:
            name = type(bug).__name__
            message = f"a bug in voicetest ({name}); please report it with this manifest"
            return CallError(
                "bug", message, self.where, "".join(traceback.format_exception(caught))
            )
        (first, *_) = [error for error in leaves if isinstance(error, VoicetestError)]
        if by:
            # What was cut off reports errors of all kinds.
            return CallError("interrupted", f"interrupted by {by} ({first})", self.where)
        return CallError(first.kind, str(first), self.where)


def _leaves(caught: BaseException) -> list[BaseException]:
    if isinstance(caught, BaseExceptionGroup):
        return [leaf for error in caught.exceptions for leaf in _leaves(error)]
    return [caught]


def _is_cancelled() -> bool:
    """Whether somebody wants the task that runs here to end."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return False
    return task is not None and task.cancelling() > 0


def broken(error: CallError, so_far: Result | None = None) -> Result:
    """The result of a call that ended in an error, with what was found out before it."""
    fault = Fault.model_validate(asdict(error))
    if so_far is not None:
        reason = so_far.reason if so_far.errors else error.message
        found = {"status": "error", "reason": reason, "errors": (*so_far.errors, fault)}
        return so_far.model_copy(update=found)
    return Result(
        status="error",
        reason=error.message,
        errors=(fault,),
        duration_s=0.0,
        turns=(),
        metrics={},
        checks=(),
        tool_calls=(),
        messages=(),
        termination=Termination(by=None),
        harness=None,
    )
