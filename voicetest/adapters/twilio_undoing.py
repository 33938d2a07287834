"""Undoes changes at Twilio, trying again as long as there is time, or says how to do it by hand."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from voicetest.adapters.twilio_account import Account, Voice
from voicetest.adapters.twilio_journal import Change, Entry
from voicetest.adapters.twilio_marks import unmarked
from voicetest.errors import ConnectionFailed
from voicetest.events import Status, Warned

__all__ = ["Made", "by_hand", "former", "undo", "undo_all"]

TRY_LIMIT_S = 5.0
"""How long one try may take; who does not answer by then may answer the next one."""
MOST_AT_ONCE = 8
"""How many changes are undone at the same time."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 4.0
_CALL = "CA"
_NOTHING = Voice("", "POST", "")


@dataclass(frozen=True)
class Made:
    """A change that was made, and its entry in the journal if it has one."""

    change: Change
    entry: Entry | None


async def undo_all(
    account: Account,
    made: Sequence[Made],
    limit_s: float,
    report: Callable[[Status | Warned], None],
) -> None:
    """Undo changes, at the same time and within `limit_s` seconds; `report` learns what is left."""
    turns = asyncio.Semaphore(MOST_AT_ONCE)
    whys = ["there was no time"] * len(made)

    async def one(place: int, what: Made) -> None:
        try:
            async with turns:
                await _undo_within(limit_s, account, what.change)
        except ConnectionFailed as error:
            whys[place] = str(error)
            return
        whys[place] = ""
        if what.entry is not None:
            what.entry.remove()

    try:
        undoing = (one(place, what) for place, what in enumerate(made))
        # One that fails, whatever the reason, may not keep the others from being undone.
        ends = await asyncio.gather(*undoing, return_exceptions=True)
    finally:
        for what, why in zip(made, whys, strict=True):
            if why:
                report(_left(what, why))
    for end in ends:
        if end is not None:
            raise end


def _left(what: Made, why: str) -> Warned:
    place = None if what.entry is None else str(what.entry.place)
    words = f"{what.change.sid} at Twilio could not be put back as it was: {why}"
    later = "the next run that uses it" if place is None else "the next run, or voicetest doctor,"
    return Warned(f"{words}; {later} tries it again; by hand: {by_hand(what.change, place)}")


def former(change: Change) -> Voice:
    """What a number is to do again: nothing, where only addresses of ours are known."""
    known = Voice(change.former_url, change.former_method, change.former_application_sid)
    return unmarked(known) or _NOTHING


async def undo(account: Account, change: Change) -> bool:
    """Undo a change; whether there was anything to undo.

    A number that somebody has redirected since, or given back, is left as it is. Raises
    ConnectionFailed.
    """
    if change.sid.startswith(_CALL):
        await account.hang_up(change.sid)
        return True
    now = await account.voice(change.sid)
    if now is None or now.url != change.url:
        return False
    await account.direct(change.sid, former(change))
    return True


async def _undo_within(limit_s: float, account: Account, change: Change) -> bool:
    """Undo a change, again and again while it fails for reasons that may pass.

    Raises ConnectionFailed for one that stays, or when `limit_s` seconds have passed.
    """
    last = ConnectionFailed(f"Twilio did not answer within {limit_s:g} s")
    pause = _FIRST_PAUSE_S
    try:
        async with asyncio.timeout(limit_s):
            while True:
                try:
                    async with asyncio.timeout(TRY_LIMIT_S):
                        return await undo(account, change)
                except ConnectionFailed as error:
                    if not _may_pass(error):
                        raise
                    last = error
                except TimeoutError:
                    pass
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
    except TimeoutError as error:
        raise last from error


def _may_pass(error: ConnectionFailed) -> bool:
    """Whether trying again may help: nobody answered, or Twilio says that it cannot just now."""
    code = error.code
    if code is None or code == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return HTTPStatus.INTERNAL_SERVER_ERROR <= code < 600  # others are Twilio's own codes


def by_hand(change: Change, kept_in: str | None) -> str:
    """The command that undoes a change; `kept_in` is the file that has it.

    What may be a secret is not shown where it stands in that file.
    """
    account = f"{change.base_url.rstrip('/')}/2010-04-01/Accounts/{change.account_sid}"
    asking = 'curl -u "$TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN"'
    if change.sid.startswith(_CALL):
        return f"{asking} -d Status=completed {account}/Calls/{change.sid}.json"
    voice = former(change)
    parts = urlsplit(voice.url)
    url = voice.url
    if kept_in is not None and (parts.query or "@" in parts.netloc):
        url = f"(former_url in {kept_in})"
    fields = {
        "VoiceUrl": url,
        "VoiceMethod": voice.method,
        "VoiceApplicationSid": voice.application_sid,
    }
    form = " ".join(f"--data-urlencode {shlex.quote(f'{k}={v}')}" for k, v in fields.items())
    return f"{asking} {form} {account}/IncomingPhoneNumbers/{change.sid}.json"
