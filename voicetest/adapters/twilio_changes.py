"""What a run changes at Twilio, undone when its block is left, or by the next run after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager

from voicetest.adapters.phone_numbers import redacted
from voicetest.adapters.twilio_account import Account, Number, Order, Voice
from voicetest.adapters.twilio_journal import Change, Entry, Journal
from voicetest.errors import ConnectionFailed, SetupError
from voicetest.events import Status, Warned

__all__ = ["Changes", "undo"]

UNDO_LIMIT_S = 15.0
"""How long one thing may take to be undone."""
_CALL = "CA"


async def undo(account: Account, change: Change) -> bool:
    """Undo a change; whether there was anything to undo.

    A number that somebody has redirected since is left as it is. Raises ConnectionFailed.
    """
    if change.sid.startswith(_CALL):
        await account.hang_up(change.sid)
        return True
    if (await account.voice(change.sid)).url != change.url:
        return False
    former = Voice(change.former_url, change.former_method, change.former_application_sid)
    await account.direct(change.sid, former)
    return True


class Changes:
    """The changes of one call at an account; each stands in the journal before it is made."""

    def __init__(
        self,
        account: Account,
        journal: Journal,
        identity: tuple[str, str],
        report: Callable[[Status | Warned], None],
    ) -> None:
        """`identity` is the base URL and the SID of the account; `report` takes warnings."""
        self._account = account
        self._journal = journal
        self._base_url, self._account_sid = identity
        self._report = report

    @asynccontextmanager
    async def redirected(self, number: Number, url: str) -> AsyncIterator[None]:
        """Let a number ask `url` what to do with its calls while the block runs.

        Raises ConnectionFailed, or SetupError while another run does the same.
        """
        if number.trunk_sid:
            words = f"{redacted(number.e164)} belongs to a SIP trunk, which takes all its calls"
            raise SetupError(f"{words}: take it off the trunk, or use another number")
        with ExitStack() as held:
            try:
                entry = held.enter_context(self._journal.entry(number.sid))
            except BlockingIOError as error:
                words = f"another run of voicetest is using {redacted(number.e164)}: wait until it"
                raise SetupError(f"{words} has ended, or use another number") from error
            change = self._redirection(number, url, entry.read())
            entry.write(change)
            try:
                await self._account.direct(number.sid, Voice(url, "POST", ""))
                yield
            finally:
                await self._undo(entry, change)

    def _redirection(self, number: Number, url: str, left: Change | None) -> Change:
        """What is to be undone; `left` is a change of a crashed run that could not be undone."""
        former = number.voice
        if left is not None and left.url == former.url:
            former = Voice(left.former_url, left.former_method, left.former_application_sid)
        return Change(
            self._base_url,
            self._account_sid,
            number.sid,
            url,
            former.url,
            former.method,
            former.application_sid,
        )

    @asynccontextmanager
    async def placed(self, order: Order) -> AsyncIterator[str]:
        """A call that is hung up after the block; gives its SID.

        Raises ConnectionFailed.
        """
        placing = asyncio.ensure_future(self._account.place(order))
        try:
            call = await asyncio.shield(placing)
        except asyncio.CancelledError:
            # The request may be under way, and the telephone ring for nobody.
            await self._take_back(placing)
            raise
        change = Change(self._base_url, self._account_sid, call)
        with self._journal.entry(call) as entry:
            entry.write(change)
            try:
                yield call
            finally:
                await self._undo(entry, change)

    async def _take_back(self, placing: asyncio.Future[str]) -> None:
        done, _ = await asyncio.wait({placing}, timeout=UNDO_LIMIT_S)
        if not done:
            placing.cancel()
        elif placing.exception() is None:
            await self._account.hang_up(placing.result())

    async def _undo(self, entry: Entry, change: Change) -> None:
        try:
            async with asyncio.timeout(UNDO_LIMIT_S):
                await undo(self._account, change)
        except (TimeoutError, ConnectionFailed) as error:
            why = str(error) or f"no answer within {UNDO_LIMIT_S:g} s"
            words = f"{change.sid} at Twilio could not be put back as it was: {why}"
            self._report(Warned(f"{words}; the next run, or voicetest doctor, tries it again"))
            return
        entry.remove()

    async def undo_leftovers(self) -> None:
        """Undo what runs that crashed have left at this account."""
        for sid in self._journal.left():
            try:
                with self._journal.entry(sid) as entry:
                    change = entry.read()
                    if change is not None and self._is_ours(change):
                        await self._undo(entry, change)
            except BlockingIOError:
                continue  # a run is still at work on it

    def _is_ours(self, change: Change) -> bool:
        return (change.base_url, change.account_sid) == (self._base_url, self._account_sid)
