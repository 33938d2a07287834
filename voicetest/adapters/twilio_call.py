"""From the settings of a telephone call to its open line, and back to how the account was."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx
from twilio.twiml.voice_response import VoiceResponse

from voicetest.adapters import tunnel
from voicetest.adapters.base import World
from voicetest.adapters.phone_numbers import redacted
from voicetest.adapters.rest import answered
from voicetest.adapters.tunnel import Tunnel
from voicetest.adapters.twilio import Direction, Topology, TwilioAgentAdapter
from voicetest.adapters.twilio_account import Account, Order
from voicetest.adapters.twilio_changes import Changes
from voicetest.adapters.twilio_credentials import Credentials
from voicetest.adapters.twilio_journal import Journal, default_folder
from voicetest.adapters.twilio_line import PhoneLine
from voicetest.adapters.twilio_marks import HERE
from voicetest.adapters.twilio_webhooks import Expected, Switchboard
from voicetest.errors import ConnectionFailed, SetupError
from voicetest.events import Warned
from voicetest.links.base import Link
from voicetest.protocols.twilio import SIMULATED_ACCOUNT

__all__ = ["connected"]

ASKING_LIMIT_S = 10.0
"""How long it may take to find out why a call did not come about."""
SHORTEST_RING_S = 5
RING_MARGIN_S = 10
"""How much earlier than we Twilio gives up: it lets it ring for some seconds longer than said."""

Press = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class _Office:
    """What every way of making a call uses."""

    adapter: TwilioAgentAdapter
    world: World
    account: Account
    changes: Changes
    board: Switchboard


@asynccontextmanager
async def connected(adapter: TwilioAgentAdapter, world: World) -> AsyncGenerator[Link, None]:
    """The line of a call that was placed or has come; all is as it was before when it is left.

    Raises ConnectionFailed when the call does not come about, or SetupError.
    """
    who, token = _credentials(adapter, world)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(world.http(adapter.base_url))
        nonce = secrets.token_urlsafe(24)
        world.secret(nonce)
        board = Switchboard(_expected(adapter, who, nonce), token, world.report)
        await stack.enter_async_context(_published(adapter, world, board))
        stack.callback(board.close)
        account = Account.reached(api, adapter.base_url, who)
        identity = (adapter.base_url, who.account_sid)
        if token is None:
            world.report(Warned("whoever knows the public address may speak: no signature counts"))
        journal, answers = _journal(stack, world), partial(_answers, world)
        changes = Changes(account, journal, identity, world.report, answers)
        await stack.enter_async_context(changes)
        office = _Office(adapter, world, account, changes, board)
        press = await _way(office)
        stream = await _stream(office)
        line = PhoneLine(stream, press)
        async with asyncio.TaskGroup() as tasks:
            pressing = tasks.create_task(line.press_keys())
            try:
                yield line
            finally:
                pressing.cancel()
                await line.hang_up()


def _credentials(adapter: TwilioAgentAdapter, world: World) -> tuple[Credentials, str | None]:
    """Who asks, and the token that signatures are checked with, if they are."""
    if world.offline:
        sid, token = SIMULATED_ACCOUNT
        return Credentials(sid, sid, token), token if adapter.validate_signature else None
    if adapter.missing:
        raise SetupError(adapter.missing[0])
    who = adapter.credentials
    if who is None:
        raise SetupError("there are no credentials for Twilio")
    return who, adapter.token if adapter.validate_signature else None


def _journal(stack: AsyncExitStack, world: World) -> Journal:
    """Where changes are kept; what is simulated leaves no traces on this machine."""
    if world.offline:
        return Journal(Path(stack.enter_context(TemporaryDirectory(prefix="voicetest-"))))
    return Journal(default_folder())


def _expected(adapter: TwilioAgentAdapter, who: Credentials, nonce: str) -> Expected:
    """The call that is let in: none by webhook where the call we place has the stream itself."""
    callers: frozenset[str] | None
    callees = frozenset({adapter.phone_number})
    if adapter.direction is Direction.ANSWER:
        allowed = adapter.allowed_callers
        callers = None if allowed is None else frozenset(allowed)
    elif adapter.topology is Topology.TWO_NUMBERS and adapter.to is not None:
        callers, callees = frozenset({adapter.phone_number}), frozenset({adapter.to})
    else:
        callers = frozenset()
    return Expected(who.account_sid, nonce, callers, callees)


@asynccontextmanager
async def _published(
    adapter: TwilioAgentAdapter, world: World, board: Switchboard
) -> AsyncIterator[None]:
    """Serve the webhooks where Twilio reaches them, while the block runs."""
    host, port = adapter.http_host, adapter.http_port
    async with AsyncExitStack() as stack:
        try:
            found = await stack.enter_async_context(world.serve(board.app, host, port))
        except OSError as error:
            words = f"cannot take webhooks at {host}:{port}: {error.strerror or error}"
            raise SetupError(f"{words}; set 'http_port' to another, or to 0 for a free one") from (
                error
            )
        if adapter.tunnel is not Tunnel.NONE and not world.offline:
            url = await stack.enter_async_context(tunnel.opened(adapter.tunnel, found))
            board.published(url)
            async with world.http(url) as outside:
                await tunnel.answers(outside, board.ready_url)
        else:
            named = f"[{host}]" if ":" in host else host
            board.published(adapter.public_base_url or f"http://{named}:{found}")
        yield


async def _way(office: _Office) -> Press | None:
    """Make the call come about; gives what presses keys, where tones are not the only way."""
    adapter, board, changes = office.adapter, office.board, office.changes
    if adapter.direction is Direction.ANSWER:
        own = await office.account.number(adapter.phone_number, "phone_number")
        await changes.redirect(own, board.voice_url)
        return None
    if adapter.topology is Topology.DIRECT:
        board.placed(await changes.place(_order(adapter, board, board.twiml)))
        return None
    callee = await office.account.number(str(adapter.to), "to")
    await changes.redirect(callee, board.voice_url)
    call = await changes.place(_order(adapter, board, _announcing(adapter)))
    board.placed(call, streams=False)
    return partial(_press, office, call)


async def _answers(world: World, url: str) -> bool:
    """Whether a run of voicetest is found at an address."""
    parts = urlsplit(url)
    try:
        async with world.http(f"{parts.scheme}://{parts.netloc}") as client:
            answer = await answered(client, "GET", url, platform="it", limit_s=ASKING_LIMIT_S)
    except (ConnectionFailed, httpx.InvalidURL):
        return False
    return answer.status_code == HTTPStatus.OK and answer.text == HERE


def _order(adapter: TwilioAgentAdapter, board: Switchboard, twiml: str) -> Order:
    return Order(
        to=str(adapter.to),
        from_=adapter.phone_number,
        twiml=twiml,
        status_callback=board.status_url,
        ring_limit=max(SHORTEST_RING_S, int(adapter.timeout) - RING_MARGIN_S),
        time_limit=ceil(adapter.max_call_duration),
        machine_callback=board.status_url if adapter.machine_detection else None,
    )


def _announcing(adapter: TwilioAgentAdapter) -> str:
    """The leg that calls says its line, which is silent afterwards."""
    response = VoiceResponse()
    response.say(adapter.announcement)
    response.pause(length=ceil(adapter.max_call_duration))
    return str(response)


async def _press(office: _Office, call: str, keys: str) -> None:
    """Press keys on the leg that only pauses: on the one that streams, the stream would end."""
    response = VoiceResponse()
    response.play(digits=keys)
    response.pause(length=ceil(office.adapter.max_call_duration))
    try:
        await office.account.redirect(call, str(response))
    except ConnectionFailed as error:
        office.world.report(Warned(f"the keys {keys} were not pressed: {error}"))


async def _stream(office: _Office) -> Link:
    """The call's stream, once it has begun."""
    adapter = office.adapter
    calling = adapter.direction is Direction.CALL
    what = f"calling {redacted(str(adapter.to))}" if calling else "waiting for a call"
    try:
        async with asyncio.timeout(adapter.timeout):
            return await office.board.line()
    except ConnectionFailed as error:
        raise ConnectionFailed(f"{what}: {error}", reason=error.reason) from error
    except TimeoutError as error:
        words = f"{what}: no stream within {adapter.timeout:g} s"
        raise ConnectionFailed(f"{words}: {await _why_not(office)}") from error


async def _why_not(office: _Office) -> str:
    """Why no stream has come, as far as Twilio says."""
    adapter, board = office.adapter, office.board
    reach = f"check that {board.ready_url} leads to this machine"
    if adapter.direction is Direction.ANSWER:
        return (
            f"nobody called {redacted(adapter.phone_number)}, or Twilio did not get here: {reach}"
        )
    if board.call_sid is None:
        return reach
    try:
        async with asyncio.timeout(ASKING_LIMIT_S):
            status = await office.account.status(board.call_sid)
    except (TimeoutError, ConnectionFailed):
        return reach
    return f"Twilio says that the call is '{status}'; {reach}"
