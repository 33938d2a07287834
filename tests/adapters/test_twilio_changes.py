"""Numbers are put back whatever the run before, the journal, Twilio or a signal has done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from voicetest.adapters.twilio_account import Account, Number, Order, Voice
from voicetest.adapters.twilio_changes import Changes
from voicetest.adapters.twilio_credentials import Credentials
from voicetest.adapters.twilio_journal import Change, Journal
from voicetest.adapters.twilio_marks import mark_of, marked, ready_url, voice_url
from voicetest.clock import Clock, run
from voicetest.errors import SetupError
from voicetest.events import Status, Warned

BASE_URL, SID = "https://api.example", "AC" + "0" * 32
PN = "PN" + "1" * 32
THEIRS = Voice("https://theirs.example/voice", "GET", "AP" + "3" * 32)
NOTHING = Voice("", "POST", "")
OURS, GONE = (voice_url("https://ours.example", letter * 16) for letter in "ag")
ORDER = Order("+15550100002", "+15550100001", "<Response/>", "https://ours.example", 10, 60)

Use = Callable[["Desk"], Awaitable[None]]


@dataclass
class Desk:
    """An account whose answers can be spoilt, and the changes of a call at it."""

    folder: Path | None
    voice: Voice = THEIRS
    alive: frozenset[str] = frozenset()
    """Where a run answers."""
    spoilt: list[httpx.Response | Exception] = field(default_factory=list)
    """What comes in place of the next answers."""
    slow_s: float = 0.0
    hung_up: list[str] = field(default_factory=list)
    told: list[Status | Warned] = field(default_factory=list)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        form = dict(httpx.QueryParams(request.content.decode()))
        if request.method == "POST" and "VoiceUrl" in form:
            await asyncio.sleep(self.slow_s)
            self._spoil()
            self.voice = Voice(form["VoiceUrl"], form["VoiceMethod"], form["VoiceApplicationSid"])
        self._spoil()
        if "IncomingPhoneNumbers" in request.url.path:
            return httpx.Response(200, json=self.number_json)
        if request.url.path.endswith("/Calls.json"):
            await asyncio.sleep(self.slow_s)
            return httpx.Response(201, json={"sid": "CA" + "2" * 32})
        self.hung_up.append(request.url.path)
        return httpx.Response(200, json={"sid": "CA" + "2" * 32})

    def _spoil(self) -> None:
        if not self.spoilt:
            return
        bad = self.spoilt.pop(0)
        if isinstance(bad, Exception):
            raise bad
        raise _Answered(bad)

    @property
    def number_json(self) -> dict[str, str]:
        return {
            "sid": PN,
            "phone_number": "+15550100002",
            "voice_url": self.voice.url,
            "voice_method": self.voice.method,
            "voice_application_sid": self.voice.application_sid,
        }

    @property
    def number(self) -> Number:
        return Number(PN, "+15550100002", self.voice, "")

    @property
    def journal(self) -> Journal:
        return Journal(self.folder)

    @property
    def warnings(self) -> list[str]:
        return [event.message for event in self.told if isinstance(event, Warned)]

    @asynccontextmanager
    async def changes(self) -> AsyncIterator[Changes]:
        """What a call may change."""
        async with (
            httpx.AsyncClient(transport=_Api(self), base_url=BASE_URL) as api,
            self._changes(api) as changes,
        ):
            yield changes

    def _changes(self, api: httpx.AsyncClient) -> Changes:
        account = Account.reached(api, BASE_URL, Credentials(SID, SID, "token"))

        async def answers(url: str) -> bool:
            return url in self.alive

        return Changes(account, self.journal, (BASE_URL, SID), self.told.append, answers)

    def crashed(self, former: Voice = THEIRS) -> str:
        """The number still has the address of a run that is gone."""
        url = marked(GONE, former)
        self.voice = Voice(url, "POST", "")
        return url


class _Answered(Exception):
    """Comes instead of what the account would have answered."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response


class _Api(httpx.AsyncBaseTransport):
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._desk.answer(request)
        except _Answered as instead:
            return instead.response


def _used(desk: Desk, use: Use | None = None) -> float:
    """Redirect the number, and leave it again; how many seconds leaving took."""

    async def call() -> float:
        loop = asyncio.get_running_loop()
        async with desk.changes() as changes:
            await changes.redirect(desk.number, OURS)
            assert desk.voice.url.startswith(OURS)
            if use is not None:
                await use(desk)
            left = loop.time()
        return loop.time() - left

    return run(call(), Clock.VIRTUAL)


async def _interrupted(call: Coroutine[Any, Any, None], after_s: float) -> float:
    """Cancel a call after so many seconds; how many it took to end."""
    calling = asyncio.create_task(call)
    await asyncio.sleep(after_s)
    calling.cancel()
    began = asyncio.get_running_loop().time()
    await asyncio.wait({calling})
    assert calling.cancelled()
    return asyncio.get_running_loop().time() - began


def test_the_address_of_a_dead_run_is_never_put_back_on_a_new_machine(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.crashed()
    _used(desk)
    assert desk.voice == THEIRS
    (warning,) = desk.warnings
    assert "***0002 still had the address of a run of voicetest that is no more" in warning
    assert "theirs.example" in warning
    assert desk.journal.left() == ()


def test_what_nobody_knows_any_more_is_nothing_and_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.voice = Voice(GONE, "POST", "")
    _used(desk)
    assert desk.voice == NOTHING
    (warning,) = desk.warnings
    assert "what it did before is not known" in warning


def test_a_number_that_did_nothing_does_nothing_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.crashed(NOTHING)
    _used(desk)
    assert desk.voice == NOTHING


def test_the_journal_knows_a_password_that_is_not_in_the_address(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Voice("https://user:word@theirs.example/", "POST", ""))
    before = desk.voice

    async def look(desk: Desk) -> None:
        mark = mark_of(desk.voice.url)
        assert mark is not None
        assert mark.former is None
        (path,) = (tmp_path / "twilio").iterdir()
        assert json.loads(path.read_text())["former_url"] == before.url

    _used(desk, look)
    assert desk.voice == before


def test_the_number_of_a_run_that_still_answers_is_left_to_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    url = desk.crashed()
    desk.alive = frozenset({ready_url(url)})
    with pytest.raises(SetupError, match=r"another run of voicetest is using \*\*\*0002"):
        _used(desk)
    assert desk.voice.url == url
    assert desk.journal.left() == ()


def test_of_two_runs_at_once_whichever_is_last_puts_back_what_was_there(tmp_path: Path) -> None:
    """Both saw the number before either changed it, each on its own machine."""
    desk = Desk(tmp_path / "one")
    other = Voice(marked(voice_url("https://other.example", "o" * 16), THEIRS), "POST", "")

    async def taken_over(desk: Desk) -> None:
        desk.voice = other

    _used(desk, taken_over)
    assert desk.voice == other  # the other run is at work and will put it back
    desk.folder = tmp_path / "two"
    _used(desk)
    assert desk.voice == THEIRS


def test_an_old_journal_that_took_a_dead_run_for_what_was_there_is_not_believed(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    dead = desk.crashed()
    desk.voice = Voice(OURS, "POST", "")
    with desk.journal.entry(PN) as entry:
        entry.write(Change(BASE_URL, SID, PN, OURS, dead, "POST", ""))
    _used(desk)
    assert desk.voice == THEIRS


@pytest.mark.parametrize("what", ["no home", "a file", "a full disk"])
def test_without_a_journal_it_works_and_is_warned_of(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    desk = Desk({"no home": None, "a file": tmp_path / "file"}.get(what, tmp_path))
    if what == "a full disk":
        monkeypatch.setattr("os.fsync", _full)
    _used(desk)
    assert desk.voice == THEIRS
    (warning,) = desk.warnings
    assert "VOICETEST_STATE" in warning


def _full(file: int) -> None:
    raise OSError(28, "No space left on device")


def test_without_a_journal_what_the_address_cannot_hold_is_not_touched() -> None:
    before = Voice("https://user:word@theirs.example/", "POST", "")
    desk = Desk(None, before)
    with pytest.raises(SetupError, match="VOICETEST_STATE"):
        _used(desk)
    assert desk.voice == before


PASSING: list[httpx.Response | Exception] = [
    httpx.ConnectError("no route"),
    httpx.ReadTimeout("slow"),
    httpx.Response(500, json={}),
    httpx.RemoteProtocolError("cut"),
]


def test_putting_back_is_tried_again_while_that_may_help(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    async def spoil(desk: Desk) -> None:
        desk.spoilt += PASSING

    _used(desk, spoil)
    assert desk.voice == THEIRS
    assert desk.warnings == []
    assert desk.journal.left() == ()


@pytest.mark.parametrize("former", [THEIRS, Voice("https://x.example/?key=se'cret", "GET", "")])
def test_what_cannot_be_put_back_is_said_in_time_with_the_command_to_do_it(
    tmp_path: Path, former: Voice
) -> None:
    desk = Desk(tmp_path, former)

    async def go_dark(desk: Desk) -> None:
        desk.spoilt += [httpx.ConnectError("no route")] * 1_000

    assert _used(desk, go_dark) <= 20
    (warning,) = desk.warnings
    assert "no route" in warning
    assert 'by hand: curl -u "$TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN"' in warning
    url = f"{BASE_URL}/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers/{PN}.json"
    assert warning.endswith(url)
    if former is THEIRS:
        assert f"VoiceUrl={THEIRS.url}" in warning
        assert f"VoiceApplicationSid={THEIRS.application_sid}" in warning
    else:
        assert "se'cret" not in warning
        assert str(tmp_path / "twilio" / f"{PN}.json") in warning
    assert desk.journal.left() == (PN,)


def test_a_refusal_that_stays_is_not_asked_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    async def lock_out(desk: Desk) -> None:
        desk.spoilt += [httpx.Response(401, json={"code": 20003})] * 1_000

    assert _used(desk, lock_out) < 1
    (warning,) = desk.warnings
    assert "401" in warning


def test_who_is_told_to_end_does_not_try_for_long(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    async def call() -> None:
        async with desk.changes() as changes:
            await changes.redirect(desk.number, OURS)
            desk.spoilt += [httpx.ConnectError("no route")] * 1_000
            await asyncio.sleep(60)

    assert run(_interrupted(call(), 1.0), Clock.VIRTUAL) <= 5
    assert "by hand" in desk.warnings[0]
    assert desk.journal.left() == (PN,)


@pytest.mark.parametrize("slow_s", [0.0, 0.5, 1.5])
def test_a_change_under_way_when_it_is_told_to_end_is_undone(tmp_path: Path, slow_s: float) -> None:
    desk = Desk(tmp_path, slow_s=slow_s)

    async def changed() -> None:
        async with desk.changes() as changes:
            await changes.redirect(desk.number, OURS)
            await changes.place(ORDER)
            await asyncio.sleep(60)

    run(_interrupted(changed(), slow_s / 2), Clock.VIRTUAL)
    assert desk.voice == THEIRS
    assert desk.warnings == []
    assert desk.journal.left() == ()


def test_a_call_that_was_placed_while_it_was_told_to_end_is_hung_up(tmp_path: Path) -> None:
    desk = Desk(tmp_path, slow_s=1.0)

    async def placed() -> None:
        async with desk.changes() as changes:
            await changes.place(ORDER)

    run(_interrupted(placed(), 0.5), Clock.VIRTUAL)
    assert len(desk.hung_up) == 1
    assert desk.journal.left() == ()


def test_one_that_cannot_be_undone_does_not_keep_the_others_from_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.crashed()
    others = [f"PN{place:032x}" for place in range(20)]
    for sid in others:
        with desk.journal.entry(sid) as entry:
            entry.write(Change(BASE_URL, SID, sid, desk.voice.url, *_fields(THEIRS)))
    desk.spoilt += [httpx.Response(404, json={}), httpx.Response(403, json={})]
    _used(desk)
    assert len(desk.journal.left()) == 2
    assert desk.voice == THEIRS


def test_a_number_that_the_account_no_longer_has_is_forgotten(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with desk.journal.entry(PN) as entry:
        entry.write(Change(BASE_URL, SID, PN, OURS))
    desk.spoilt += [httpx.Response(404, json={"code": 20404, "message": "not found"})]
    _used(desk)
    assert desk.warnings == []
    assert desk.journal.left() == ()


def _fields(voice: Voice) -> tuple[str, str, str]:
    return voice.url, voice.method, voice.application_sid
