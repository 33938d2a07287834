from __future__ import annotations

import asyncio
import errno

import pytest

from voicetest.clock import Interruption
from voicetest.errors import ConnectionFailed
from voicetest.executor.border import Border, broken


@pytest.mark.parametrize(
    ("error", "kind", "passing"),
    [
        (ConnectionFailed("gone"), "connection", False),
        (OSError(errno.ENOSPC, "No space left on device", "/a"), "setup", False),
        (MemoryError(), "setup", True),
        (SystemExit(0), "bug", False),
        (KeyboardInterrupt(), "bug", False),
        (asyncio.CancelledError(), "bug", False),
        (ExceptionGroup("", [ConnectionFailed("gone"), ValueError("ours")]), "bug", False),
        (ExceptionGroup("", [ValueError("follows"), MemoryError()]), "setup", True),
    ],
)
def test_whatever_goes_wrong_is_an_error_for_who_has_to_act(
    error: BaseException, kind: str, *, passing: bool
) -> None:
    with Border("calling", Interruption()) as border:
        raise error
    assert border.error is not None
    assert (border.error.kind, border.error.where) == (kind, "calling")
    assert (border.error.traceback is not None) == (kind == "bug")
    assert border.error.passing == passing


def test_an_interruption_that_was_asked_for_is_one() -> None:
    interruption = Interruption()
    interruption.ask()
    with Border("calling", interruption) as border:
        raise KeyboardInterrupt
    assert border.error is not None
    assert border.error.kind == "interrupted"


def test_the_first_error_stays_and_names_its_place() -> None:
    border = Border("calling")
    for where in ("evaluating", "judging"):
        with border.at(where):
            raise ZeroDivisionError
    assert border.error is not None
    assert border.error.where == "evaluating"


def test_what_was_found_before_an_error_is_kept() -> None:
    with Border("calling") as calling:
        raise ConnectionFailed("gone")
    before = calling.outcome(None).model_copy(update={"duration_s": 3.0})
    with Border("writing") as writing:
        raise ZeroDivisionError
    after = writing.outcome(before)
    assert (after.status, after.duration_s) == ("error", 3.0)
    assert [fault.kind for fault in after.errors] == ["connection", "bug"]
    assert Border("calling").outcome(before) == before
    assert calling.error is not None
    assert broken(calling.error).reason == "gone"


def test_a_task_that_is_cancelled_ends() -> None:
    async def wait() -> None:
        with Border("calling"):
            await asyncio.sleep(1000)

    async def cancel() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
