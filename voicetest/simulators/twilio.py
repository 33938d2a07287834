"""Twilio on this machine: what `adapter: twilio` calls through, and is called by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

from starlette.routing import BaseRoute

from voicetest.agents.recipe import AgentRecipe
from voicetest.protocols.base import Codec
from voicetest.simulators.twilio_account import NUMBERS, SID, TOKEN, Account, Number
from voicetest.simulators.twilio_exchange import OUTSIDE, Exchange
from voicetest.simulators.twilio_rest import TwilioRest
from voicetest.simulators.twilio_webhooks import Webhooks
from voicetest.simulators.web import WebSimulator
from voicetest.transports.base import Dial, Upgrade
from voicetest.transports.http import client
from voicetest.transports.websocket import connect

if TYPE_CHECKING:
    import httpx

__all__ = ["TwilioSimulator"]

_FORGED = "forged"


class _Subscribes(Protocol):
    @property
    def phone_number(self) -> str:
        """Its number of the account."""

    @property
    def to(self) -> str | None:
        """Whom it calls; nobody if it waits for a call."""

    @property
    def topology(self) -> str:
        """With `two_numbers`, whom it calls is of the same account."""


class TwilioSimulator(WebSimulator):
    """One account with two numbers; at any number without a webhook the agent answers.

    A number that gets another webhook is called by the agent a second later, unless somebody else
    calls it before.
    """

    quirks: ClassVar[frozenset[str]] = frozenset(
        {
            "twilio_abrupt_close",
            "twilio_busy",
            "twilio_failed",
            "twilio_jitter",
            "twilio_late_start",
            "twilio_machine",
            "twilio_no_answer",
            "twilio_rate_limited",
            "twilio_server_errors",
            "twilio_swallows_tones",
            "twilio_wrong_signature",
            "twilio_wrong_token",
        }
    )

    def __init__(
        self, agent: AgentRecipe, account: Account | None = None, *, calls: bool = True
    ) -> None:
        """`calls`: whether the agent calls numbers that get another webhook.

        Raises ValueError for an agent with a quirk that this platform does not have.
        """
        self._account = account or Account()
        self._calls = calls and not agent.faults.refuses
        self._exchange: Exchange | None = None
        """What connects calls; set while it works."""
        self._rest = TwilioRest(
            self._account,
            lambda: self._exchange,
            agent.faults.quirks,
            refuses=agent.faults.refuses,
            redirected=self._redirected,
        )
        super().__init__(agent)

    @classmethod
    def behind(cls, adapter: _Subscribes, agent: AgentRecipe) -> Self:
        """The account has the adapter's number, or both; who calls nobody is called."""
        both = adapter.topology == "two_numbers" and adapter.to is not None
        numbers = (adapter.phone_number, *((adapter.to,) if both and adapter.to else ()))
        return cls(agent, Account(numbers=numbers), calls=adapter.to is None)

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Self:
        """The one there is."""
        return cls(agent)

    def addresses(self, url: str) -> Sequence[str]:
        """A scenario's `agent:` that calls the agent, and one that the agent calls."""
        base = "http" + url.removeprefix("ws")
        ours = f"adapter: twilio, account_sid: {SID}, auth_token: {TOKEN}, base_url: '{base}'"
        return [
            f"agent: {{{ours}, phone_number: '{NUMBERS[0]}', to: '{OUTSIDE}'}}",
            f"agent: {{{ours}, phone_number: '{NUMBERS[1]}', direction: answer}}",
        ]

    def routes(self) -> Sequence[BaseRoute]:
        """Its REST interface."""
        return self._rest.routes()

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """Twilio opens streams and takes none."""
        return HTTPStatus.NOT_FOUND

    def codec(self, upgrade: Upgrade) -> Codec[bytes | str]:
        """None: raises LookupError, as `admit` refuses every call."""
        raise LookupError(upgrade.path)

    @asynccontextmanager
    async def working(
        self, http: Callable[[str], httpx.AsyncClient], dial: Dial
    ) -> AsyncIterator[None]:
        """Connect calls while the block runs; all are ended after it."""
        forged = "twilio_wrong_signature" in self._agent.faults.quirks
        webhooks = Webhooks(http, _FORGED if forged else self._account.token)
        async with asyncio.TaskGroup() as tasks:
            exchange = Exchange(self._account, self._agent, webhooks, dial, tasks)
            self._exchange = exchange
            try:
                yield
            finally:
                self._exchange = None
                exchange.close()

    @asynccontextmanager
    async def listen(self, host: str, port: int) -> AsyncIterator[str]:
        """Answer requests and connect calls while the block runs; gives the address.

        Raises OSError when the port cannot be had.
        """
        async with super().listen(host, port) as url, self.working(client, connect):
            yield url

    def _redirected(self, number: Number) -> None:
        if self._calls and self._exchange is not None:
            self._exchange.call_in(number)
