"""Telephone calls through a simulated Twilio, and how its account is afterwards."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from voicetest.adapters.base import Leftover, World
from voicetest.adapters.twilio import TwilioAgentAdapter
from voicetest.adapters.twilio_credentials import Credentials
from voicetest.adapters.twilio_journal import Change, Journal
from voicetest.adapters.twilio_leftovers import put_back
from voicetest.adapters.twilio_marks import mark_of
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.recipe import AgentRecipe
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed, SetupError, VoicetestError
from voicetest.events import Dtmf, Hangup, Status, Warned
from voicetest.links.base import Link
from voicetest.protocols.twilio import SIMULATED_ACCOUNT
from voicetest.simulators.offline import in_process
from voicetest.simulators.twilio import TwilioSimulator
from voicetest.simulators.twilio_account import Account
from voicetest.simulators.twilio_call import Status as CallStatus
from voicetest.speech.providers import Speech
from voicetest.transports.local_web import LocalWeb

OURS, AGENT, SECOND = "+15550100001", "+15550100123", "+15550100002"
BASE_URL = "http://127.0.0.1:9"
OVER = {CallStatus.COMPLETED, CallStatus.BUSY, CallStatus.FAILED, CallStatus.NO_ANSWER,
        CallStatus.CANCELED}  # fmt: skip
FORMER = {
    "voice_url": "https://somebody.example/voice",
    "voice_method": "GET",
    "voice_application_sid": "AP" + "3" * 32,
}
DIRECT = {"to": AGENT}
TWO_NUMBERS = {"to": SECOND, "topology": "two_numbers"}
ANSWER = {"direction": "answer"}
WAYS: Mapping[str, dict[str, Any]] = {
    "direct": DIRECT,
    "two_numbers": TWO_NUMBERS,
    "answer": ANSWER,
}
WHO = Credentials(SIMULATED_ACCOUNT[0], *SIMULATED_ACCOUNT)

Use = Callable[[Link], Awaitable[None]]


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", SIMULATED_ACCOUNT[0])
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", SIMULATED_ACCOUNT[1])
    monkeypatch.setenv("VOICETEST_STATE", str(tmp_path / "state"))
    for name in ("TWILIO_API_KEY", "TWILIO_API_SECRET"):
        monkeypatch.delenv(name, raising=False)


async def _leave(line: Link) -> None:
    """Hang up at once."""


@dataclass
class Network:
    """The simulated Twilio of a test, which an adapter reaches as if it were the real one."""

    speech: Speech
    faults: tuple[Any, ...] = ()
    answers: bool = False
    """Whether the agent calls numbers that get another webhook."""
    told: list[Status | Warned] = field(default_factory=list)
    account: Account = field(default_factory=lambda: Account(numbers=(OURS, SECOND)))

    def __post_init__(self) -> None:
        for number in self.account.numbers:
            number.settings.update(FORMER)
        dialogue = Dialogue.model_validate({"greeting": "Hello.", "faults": list(self.faults)})
        ears, voice = (
            self.speech.transcriber("pocketsphinx/espeak"),
            self.speech.voice("espeak/en-us"),
        )
        recipe = AgentRecipe.follows(dialogue, ears, voice)
        self._simulator = TwilioSimulator(recipe, self.account, calls=self.answers)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[World]:
        """The world of an adapter, in which all servers are of this process."""
        web = LocalWeb()
        rest = in_process(self._simulator.web)
        async with self._simulator.working(web.http, web.dial):
            yield World(
                self.speech.voice,
                self.speech.transcriber,
                self.speech.cache,
                http=lambda url: rest(url) if url == BASE_URL else web.http(url),
                serve=web.serve,
                report=self.told.append,
            )

    def call(self, way: Mapping[str, Any], use: Use = _leave, **settings: Any) -> None:
        """Make one call and leave it."""
        adapter = _adapter(way, **settings)

        async def hold() -> BaseException | None:
            async with self.working() as world:
                try:
                    async with asyncio.timeout(adapter.dial_limit), adapter.connect(world) as line:
                        await use(line)
                except (VoicetestError, ExceptionGroup) as error:
                    return error  # the network's own tasks would put it into a group
            return None

        # A tunnel is a process, for which time is real.
        error = run(hold(), Clock.REAL if "tunnel" in settings else Clock.VIRTUAL)
        if error is not None:
            raise error

    @property
    def statuses(self) -> list[str]:
        """What the platform said of the call."""
        return [event.text for event in self.told if isinstance(event, Status)]

    @property
    def warnings(self) -> list[str]:
        """What was odd."""
        return [event.message for event in self.told if isinstance(event, Warned)]

    @property
    def untouched(self) -> bool:
        """Whether every number does what it did, and no call goes on."""
        numbers = all(FORMER.items() <= n.settings.items() for n in self.account.numbers)
        return numbers and all(call.status in OVER for call in self.account.calls)


def _adapter(way: Mapping[str, Any], **settings: Any) -> TwilioAgentAdapter:
    return TwilioAgentAdapter.model_validate(
        {"phone_number": OURS, "base_url": BASE_URL, **way, **settings}
    )


def _journal(folder: Path) -> Journal:
    return Journal(folder / "state")


async def _until_hangup(line: Link) -> None:
    async for event in line.events():
        if isinstance(event, Hangup):
            return


@pytest.mark.parametrize("way", WAYS)
def test_all_is_as_it_was_after_a_call(tmp_path: Path, speech: Speech, way: str) -> None:
    network = Network(speech, answers=way == "answer")
    seen: list[dict[str, str]] = []

    async def look(line: Link) -> None:
        seen.extend(dict(number.settings) for number in network.account.numbers)

    network.call(WAYS[way], look)
    redirected = [mark_of(s["voice_url"]) is not None for s in seen]
    assert (
        redirected
        == {
            "direct": [False, False],
            "two_numbers": [False, True],
            "answer": [True, False],
        }[way]
    )
    assert network.untouched
    assert len(network.account.calls) >= 1
    assert _journal(tmp_path).left() == ()
    assert network.warnings == []


@pytest.mark.parametrize("way", WAYS)
def test_all_is_as_it_was_after_a_crash_in_the_call(
    tmp_path: Path, speech: Speech, way: str
) -> None:
    network = Network(speech, answers=way == "answer")

    async def fail(line: Link) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(ExceptionGroup) as caught:
        network.call(WAYS[way], fail)
    assert repr(caught.value.exceptions[0]) == "RuntimeError('a bug')"
    assert network.untouched
    assert _journal(tmp_path).left() == ()


@pytest.mark.parametrize("way", WAYS)
def test_all_is_as_it_was_whenever_the_run_is_interrupted(
    tmp_path: Path, speech: Speech, way: str
) -> None:
    """Cancelled after so many turns of the event loop, or so many seconds."""
    moments: list[tuple[int, float]] = [(turns, 0.0) for turns in range(0, 120, 3)]
    moments += [(0, tenths / 10) for tenths in range(1, 40, 3)]
    stages = set()
    for turns, seconds in moments:
        network = Network(speech, answers=way == "answer")
        stages.add(run(_interrupted(network, WAYS[way], turns, seconds), Clock.VIRTUAL))
        assert network.untouched, (turns, seconds)
        assert _journal(tmp_path).left() == (), (turns, seconds)
    assert stages == {"dialling", "calling"}


async def _interrupted(network: Network, way: Mapping[str, Any], turns: int, seconds: float) -> str:
    stage = "dialling"

    async def call(world: World) -> None:
        nonlocal stage
        async with _adapter(way).connect(world) as line:
            stage = "calling"
            await _until_hangup(line)
            await asyncio.sleep(60)

    async with network.working() as world:
        calling = asyncio.create_task(call(world))
        for _ in range(turns):
            await asyncio.sleep(0)
        await asyncio.sleep(seconds)
        calling.cancel()
        await asyncio.wait([calling])
        assert calling.cancelled()
        await asyncio.sleep(1)  # for Twilio to notice
    return stage


@pytest.mark.parametrize(
    ("quirk", "says"),
    [
        ("twilio_busy", r"calling \*\*\*0123: the line is busy"),
        ("twilio_no_answer", r"calling \*\*\*0123: nobody answered"),
        ("twilio_failed", r"calling \*\*\*0123: the call could not be connected"),
        ("twilio_wrong_token", "401.*TWILIO_AUTH_TOKEN"),
        ("refuses", "HTTP 503"),
    ],
)
def test_a_call_that_does_not_come_about_says_why(
    tmp_path: Path, speech: Speech, quirk: str, says: str
) -> None:
    network = Network(speech, (quirk,))
    with pytest.raises(ConnectionFailed, match=says) as failed:
        network.call(DIRECT)
    assert AGENT not in str(failed.value)
    assert network.untouched
    assert _journal(tmp_path).left() == ()


def test_webhooks_that_are_not_signed_with_our_token_are_told_of(speech: Speech) -> None:
    network = Network(speech, ("twilio_wrong_signature",))
    with pytest.raises(ConnectionFailed, match="no stream within 20 s"):
        network.call(DIRECT, timeout="20s")
    first, total = network.warnings
    assert "without Twilio's signature was refused: if it came from Twilio" in first
    assert "times in all" in total
    assert network.untouched


def test_a_machine_that_answers_is_no_agent_where_that_is_looked_for(speech: Speech) -> None:
    network = Network(speech, ("twilio_machine",))
    last: list[Any] = []

    async def listen(line: Link) -> None:
        last.extend([event async for event in line.events()][-1:])

    network.call(DIRECT, listen, machine_detection="true")
    (hangup,) = last
    assert "a machine answered" in hangup.reason
    assert not hangup.normal
    assert network.untouched


@pytest.mark.parametrize("quirk", ["twilio_rate_limited", "twilio_server_errors", "twilio_jitter"])
@pytest.mark.parametrize("way", ["two_numbers", "answer"])
def test_what_passes_is_waited_for(speech: Speech, quirk: str, way: str) -> None:
    network = Network(speech, (quirk,), answers=way == "answer")
    network.call(WAYS[way])
    assert network.untouched


def test_keys_are_pressed_on_the_leg_that_does_not_stream(speech: Speech) -> None:
    network = Network(speech)
    heard: list[str] = []

    async def press(line: Link) -> None:
        for key in "12#":
            await line.send(Dtmf(key))
        async for event in line.events():
            if isinstance(event, Dtmf):
                heard.append(event.key)
            if len(heard) == 3:
                return

    network.call(TWO_NUMBERS, press)
    assert heard == ["1", "2", "#"]
    assert network.untouched


def test_callers_that_are_not_let_in_are_rejected_and_waited_on(speech: Speech) -> None:
    network = Network(speech, answers=True)
    with pytest.raises(ConnectionFailed, match=r"nobody called \*\*\*0001") as failed:
        network.call(ANSWER, timeout="10s", allowed_callers=["+15550100999"])
    assert "/twilio/ready leads to this machine" in str(failed.value)
    (warning,) = network.warnings
    assert "is not among the callers that are let in" in warning
    assert network.untouched


def test_a_call_that_never_comes_is_not_waited_for_for_ever(speech: Speech) -> None:
    network = Network(speech)
    with pytest.raises(ConnectionFailed, match="no stream within 5 s"):
        network.call(ANSWER, timeout="5s")
    assert network.untouched


def test_a_number_that_is_not_of_the_account_is_an_error(speech: Speech) -> None:
    with pytest.raises(ConnectionFailed, match=r"no number \*\*\*0777: check 'phone_number'"):
        Network(speech).call(ANSWER, phone_number="+15550100777")


def test_a_number_of_a_trunk_cannot_be_redirected(speech: Speech) -> None:
    network = Network(speech)
    for number in network.account.numbers:
        number.settings["trunk_sid"] = "TK" + "1" * 32
    with pytest.raises(SetupError, match=r"\*\*\*0001 belongs to a SIP trunk"):
        network.call(ANSWER)
    assert network.untouched


def test_a_number_that_another_run_uses_is_left_to_it(tmp_path: Path, speech: Speech) -> None:
    network = Network(speech, answers=True)
    with _journal(tmp_path).entry(network.account.numbers[0].sid) as entry:
        entry.write(Change(BASE_URL, WHO.account_sid, network.account.numbers[0].sid, "https://x"))
        with pytest.raises(SetupError, match="another run of voicetest is using"):
            network.call(ANSWER)
        assert entry.read() is not None
    assert network.untouched


def _crashed(folder: Path, network: Network, place: int = 0) -> Change:
    """What a run that was killed leaves of a number that it had redirected."""
    number = network.account.numbers[place]
    ours = "https://gone.example/twilio/voice"
    change = Change(
        BASE_URL,
        WHO.account_sid,
        number.sid,
        ours,
        FORMER["voice_url"],
        FORMER["voice_method"],
        FORMER["voice_application_sid"],
    )
    number.settings.update(voice_url=ours, voice_method="POST", voice_application_sid="")
    with _journal(folder).entry(number.sid) as entry:
        entry.write(change)
    return change


@pytest.mark.parametrize("way", WAYS)
def test_the_next_run_puts_back_what_a_crash_has_left(
    tmp_path: Path, speech: Speech, way: str
) -> None:
    network = Network(speech, answers=way == "answer")
    _crashed(tmp_path, network, 0)
    _crashed(tmp_path, network, 1)
    network.call(WAYS[way])
    assert network.untouched
    assert _journal(tmp_path).left() == ()


def test_what_another_account_was_left_with_stays_in_the_journal(
    tmp_path: Path, speech: Speech
) -> None:
    network = Network(speech)
    foreign = Change(BASE_URL, "AC" + "9" * 32, "PN" + "9" * 32, "https://gone.example")
    with _journal(tmp_path).entry(foreign.sid) as entry:
        entry.write(foreign)
    network.call(DIRECT)
    assert _journal(tmp_path).left() == (foreign.sid,)


def test_a_number_that_somebody_redirected_since_stays_as_it_is(
    tmp_path: Path, speech: Speech
) -> None:
    network = Network(speech)

    async def change(line: Link) -> None:
        network.account.numbers[1].settings["voice_url"] = "https://new.example"

    network.call(TWO_NUMBERS, change)
    assert network.account.numbers[1].settings["voice_url"] == "https://new.example"
    assert _journal(tmp_path).left() == ()


def test_what_cannot_be_put_back_is_told_and_kept(tmp_path: Path, speech: Speech) -> None:
    network = Network(speech)

    async def go_dark(line: Link) -> None:
        network.account.lets_in = lambda user, secret: False  # type: ignore[method-assign]

    network.call(TWO_NUMBERS, go_dark)
    assert len(_journal(tmp_path).left()) == 2  # the number and the call
    assert all("voicetest doctor" in warning for warning in network.warnings)


def _put_back(folder: Path, network: Network, who: Credentials | None) -> list[Leftover]:
    async def all_of_it() -> list[Leftover]:
        async with network.working() as world:
            return [found async for found in put_back(_journal(folder), who, world.http)]

    return run(all_of_it(), Clock.VIRTUAL)


def test_what_is_left_is_put_back_by_whoever_has_the_credentials(
    tmp_path: Path, speech: Speech
) -> None:
    network = Network(speech)
    change = _crashed(tmp_path, network)
    for who in (None, Credentials("AC" + "9" * 32, "x", "y")):
        (found,) = _put_back(tmp_path, network, who)
        assert not found.settled
        assert change.account_sid in found.words
    (found,) = _put_back(tmp_path, network, WHO)
    assert (found.name, found.settled, found.words) == (change.sid, True, "put back")
    assert network.untouched
    assert _put_back(tmp_path, network, WHO) == []


def test_what_cannot_be_reached_stays_for_later(tmp_path: Path, speech: Speech) -> None:
    network = Network(speech, ("twilio_wrong_token",))
    _crashed(tmp_path, network)
    (found,) = _put_back(tmp_path, network, WHO)
    assert not found.settled
    assert "401" in found.words
    assert len(_journal(tmp_path).left()) == 1


def test_what_a_run_is_at_work_on_is_left_to_it(tmp_path: Path, speech: Speech) -> None:
    network = Network(speech)
    change = _crashed(tmp_path, network)
    with _journal(tmp_path).entry(change.sid):
        (found,) = _put_back(tmp_path, network, WHO)
        assert found.words == "a run is at work on it"
    assert not network.untouched


def test_without_credentials_nobody_is_asked(
    speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    network = Network(speech)
    with pytest.raises(SetupError, match="no credentials"):
        network.call(DIRECT)
    assert network.account.calls == []


def test_signatures_that_do_not_count_are_warned_of(speech: Speech) -> None:
    network = Network(speech, ("twilio_wrong_signature",))
    network.call(DIRECT, validate_signature="false")
    assert any("no signature counts" in warning for warning in network.warnings)


def test_a_busy_port_is_a_matter_of_set_up(speech: Speech) -> None:
    network = Network(speech)

    async def hold() -> None:
        async with network.working() as world, world.serve(_nothing, "127.0.0.1", 8765):
            with pytest.raises(SetupError, match=r"webhooks at 127\.0\.0\.1:8765.*http_port"):
                async with _adapter(DIRECT).connect(world):
                    pass

    run(hold(), Clock.VIRTUAL)
    assert network.untouched


async def _nothing(scope: object, receive: object, send: object) -> None:
    """An application."""


_CLOUDFLARED = """#!{python}
import os, time
open({noted!r}, "w").write(str(os.getpid()))
print("INF |  https://quiet-river-7.trycloudflare.com  |", flush=True)
time.sleep(60)
"""


@pytest.mark.process
def test_a_tunnel_lasts_as_long_as_its_call(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = tmp_path / "pid"
    program = tmp_path / "cloudflared"
    program.write_text(_CLOUDFLARED.format(python=sys.executable, noted=str(noted)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    network = Network(speech)
    voice_urls: list[str] = []

    async def look(line: Link) -> None:
        voice_urls.append(network.account.numbers[1].settings["voice_url"])
        os.kill(int(noted.read_text()), 0)

    network.call(TWO_NUMBERS, look, tunnel="cloudflared")
    (voice_url,) = voice_urls
    assert voice_url.startswith("https://quiet-river-7.trycloudflare.com/twilio/voice?")
    with pytest.raises(ProcessLookupError):
        os.kill(int(noted.read_text()), 0)
    assert network.untouched
