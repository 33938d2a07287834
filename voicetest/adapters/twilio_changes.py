"""What a call changes at Twilio, undone when it is over, or by the next run after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import ExitStack
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from voicetest.adapters.phone_numbers import redacted
from voicetest.adapters.twilio_account import Account, Number, Order, Voice
from voicetest.adapters.twilio_journal import Change, Entry, Journal
from voicetest.adapters.twilio_marks import mark_of, marked, ready_url, unmarked
from voicetest.adapters.twilio_undoing import Made, undo_all
from voicetest.errors import SetupError
from voicetest.events import Status, Warned

__all__ = ["Changes"]

T = TypeVar("T")

UNDO_LIMIT_S = 20.0
"""How long everything together may take to be undone."""
INTERRUPTED_LIMIT_S = 5.0
"""The same for a run that was told to end: whoever told it does not wait for long."""
WRITING_LIMIT_S = 2.0
"""How long a change under way is waited for before it is undone."""
_NOTHING = Voice("", "POST", "")


class Changes:
    """The changes of one call at an account, all undone when the block is left.

    Each stands in the journal before it is made, and that of a number in its address as well.
    """

    def __init__(
        self,
        account: Account,
        journal: Journal,
        identity: tuple[str, str],
        report: Callable[[Status | Warned], None],
        answers: Callable[[str], Awaitable[bool]],
    ) -> None:
        """`identity` is the base URL and the SID of the account; `report` takes warnings.

        `answers` says whether a run of voicetest is found at an address.
        """
        self._account = account
        self._journal = journal
        self._base_url, self._account_sid = identity
        self._report = report
        self._answers = answers
        self._held = ExitStack()
        self._made: list[Made] = []
        """In the order in which they were made."""
        self._warned = False
        """Set by the first change that could not be noted."""

    async def __aenter__(self) -> Self:
        """Undo what runs that crashed have left at this account."""
        try:
            await undo_all(self._account, self._leftovers(), UNDO_LIMIT_S, self._report)
        finally:
            self._held.close()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        told_to_end = kind is not None and issubclass(kind, asyncio.CancelledError)
        limit_s = INTERRUPTED_LIMIT_S if told_to_end else UNDO_LIMIT_S
        with self._held:
            await undo_all(self._account, self._made, limit_s, self._report)

    async def redirect(self, number: Number, url: str) -> None:
        """Let a number ask `url`, which names this run, what to do with its calls.

        Raises ConnectionFailed, or SetupError while another run does the same.
        """
        shown = redacted(number.e164)
        if number.trunk_sid:
            words = f"{shown} belongs to a SIP trunk, which takes all its calls"
            raise SetupError(f"{words}: take it off the trunk, or use another number")
        entry = self._entry(number)
        former = await self._former(number, None if entry is None else entry.read())
        address = marked(url, former)
        change = self._change(number.sid, address, former)
        if not self._kept(entry, change) and address == url:
            words = f"what {shown} does with its calls could not be kept anywhere meanwhile"
            raise SetupError(f"{words}: set VOICETEST_STATE to a folder that can be written")
        self._made.append(Made(change, entry))
        await _finished(self._account.direct(number.sid, Voice(address, "POST", "")))

    async def place(self, order: Order) -> str:
        """Place a call that is hung up in the end; gives its SID. Raises ConnectionFailed."""
        return await _finished(self._account.place(order), self._placed)

    def _placed(self, call: str) -> None:
        change = self._change(call)
        entry = self._entry_of(call)
        self._made.append(Made(change, entry))
        self._kept(entry, change)

    def _change(self, sid: str, url: str = "", former: Voice = _NOTHING) -> Change:
        was = (former.url, former.method, former.application_sid) if url else ()
        return Change(self._base_url, self._account_sid, sid, url, *was)

    async def _former(self, number: Number, left: Change | None) -> Voice:
        """What a number did before any run came; `left` is a change that could not be undone."""
        now, shown = number.voice, redacted(number.e164)
        mark = mark_of(now.url)
        known: Voice | None
        if left is not None and left.url == now.url:
            known = Voice(left.former_url, left.former_method, left.former_application_sid)
        elif mark is None:
            return now
        elif await self._answers(ready_url(now.url)):
            raise SetupError(_in_use(shown))
        else:
            known = mark.former
        before = unmarked(known)
        words = f"{shown} still had the address of a run of voicetest that is no more"
        if before is None:
            words += "; what it did before is not known: after this call it does nothing with calls"
        else:
            asked = urlsplit(before.url).hostname or "nobody"
            words += f"; after this call it asks {asked} again, as before"
        self._report(Warned(words))
        return before or _NOTHING

    def _entry(self, number: Number) -> Entry | None:
        """The place in the journal for a number, None if it has none; raises SetupError."""
        try:
            return self._entry_of(number.sid)
        except BlockingIOError as error:
            raise SetupError(_in_use(redacted(number.e164))) from error

    def _entry_of(self, sid: str) -> Entry | None:
        try:
            return self._held.enter_context(self._journal.entry(sid))
        except BlockingIOError:
            raise
        except OSError as error:
            self._not_kept(error)
            return None

    def _kept(self, entry: Entry | None, change: Change) -> bool:
        """Whether a change stands in the journal now."""
        if entry is None:
            return False
        try:
            entry.write(change)
        except OSError as error:
            self._not_kept(error)
            return False
        return True

    def _not_kept(self, error: OSError) -> None:
        why = error.strerror or type(error).__name__
        words = f"what is changed at Twilio cannot be noted on this machine: {why}"
        advice = "set VOICETEST_STATE to a folder that can be written"
        if not self._warned:
            self._report(Warned(f"{words}; should the run be killed, the address has it: {advice}"))
        self._warned = True

    def _leftovers(self) -> Sequence[Made]:
        """What runs that crashed have left at this account, held until `_held` is closed."""
        made = []
        for sid in self._journal.left():
            with ExitStack() as held:
                try:
                    entry = held.enter_context(self._journal.entry(sid))
                except OSError:
                    continue  # a run is still at work on it, or nobody may
                change = entry.read()
                if change is not None and self._is_ours(change):
                    self._held.enter_context(held.pop_all())
                    made.append(Made(change, entry))
        return made

    def _is_ours(self, change: Change) -> bool:
        return (change.base_url, change.account_sid) == (self._base_url, self._account_sid)


def _in_use(number: str) -> str:
    return (
        f"another run of voicetest is using {number}: wait until it has ended, set "
        "'max_concurrent: 1' if it is a call of this one, or use another number"
    )


async def _finished(
    request: Coroutine[Any, Any, T], then: Callable[[T], None] = lambda _: None
) -> T:
    """What a request gives, which goes to `then` even if this is cancelled meanwhile.

    It may be under way, and what is not done yet cannot be undone.
    """
    asking = asyncio.ensure_future(request)
    try:
        found = await asyncio.shield(asking)
    except asyncio.CancelledError:
        await asyncio.wait({asking}, timeout=WRITING_LIMIT_S)
        if not asking.done():
            asking.cancel()
        elif asking.exception() is None:
            then(asking.result())
        raise
    then(found)
    return found
