"""Puts back what runs that crashed have changed at Twilio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from voicetest.adapters.base import Leftover
from voicetest.adapters.twilio_account import Account
from voicetest.adapters.twilio_credentials import Credentials
from voicetest.adapters.twilio_journal import Change, Journal
from voicetest.adapters.twilio_undoing import undo
from voicetest.errors import ConnectionFailed

if TYPE_CHECKING:
    import httpx

__all__ = ["put_back"]


async def put_back(
    journal: Journal, who: Credentials | None, http: Callable[[str], httpx.AsyncClient]
) -> AsyncIterator[Leftover]:
    """Undo each change that no run is at work on, as far as `who` may; `http` makes clients."""
    for sid in journal.left():
        try:
            with journal.entry(sid) as entry:
                change = entry.read()
                if change is None:
                    continue
                found = await _put_back(change, who, http)
                if found.settled:
                    entry.remove()
        except BlockingIOError:
            found = Leftover(sid, True, "a run is at work on it")
        except OSError as error:
            found = Leftover(sid, False, f"its entry in the journal: {error.strerror}")
        yield found


async def _put_back(
    change: Change, who: Credentials | None, http: Callable[[str], httpx.AsyncClient]
) -> Leftover:
    if who is None or who.account_sid != change.account_sid:
        words = f"changed by a run that crashed: set the credentials of {change.account_sid}"
        return Leftover(change.sid, False, f"{words}, and it will be put back")
    try:
        async with http(change.base_url) as api:
            account = Account.reached(api, change.base_url, who)
            undone = await undo(account, change)
    except ConnectionFailed as error:
        return Leftover(change.sid, False, f"changed by a run that crashed: {error}")
    return Leftover(change.sid, True, "put back" if undone else "somebody has changed it since")
