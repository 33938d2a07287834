"""A voice agent behind a telephone number, called or calling through Twilio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Annotated, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    model_validator,
)

from voicetest.adapters.addresses import Header, WebAddress
from voicetest.adapters.base import Adapter, Leftover, World
from voicetest.adapters.phone_numbers import PhoneNumber
from voicetest.adapters.tunnel import Tunnel, absent, installed
from voicetest.adapters.twilio_credentials import (
    VARIABLES,
    Credentials,
    credentials,
    signing_token,
)
from voicetest.adapters.twilio_line import Telephone
from voicetest.links.base import Link
from voicetest.protocols.base import Capabilities
from voicetest.protocols.twilio_settings import AccountSid
from voicetest.scenario.refusals import refuse
from voicetest.scenario.values import Count, Flag, PositiveDuration, Text
from voicetest.transports.base import is_this_machine

__all__ = ["Direction", "Topology", "TwilioAgentAdapter"]

LONGEST_WAIT_S = 600.0
"""Twilio lets a telephone ring for ten minutes at the most (Call resource, Timeout)."""
LONGEST_CALL_S = 4 * 3600.0
"""Calls end after four hours (Call resource, TimeLimit)."""
_AROUND_WAIT_S = 90.0
"""What opening a line may take besides waiting for the call: a tunnel, and some requests."""


class Direction(StrEnum):
    """Who calls whom."""

    CALL = "call"
    ANSWER = "answer"


class Topology(StrEnum):
    """On which leg of the call the scenario speaks."""

    DIRECT = "direct"
    TWO_NUMBERS = "two_numbers"


def _public_address(text: str) -> str:
    """Without what Twilio leaves out when it signs an address: a usual port, a last slash."""
    parts = urlsplit(text.rstrip("/"))
    if parts.query or parts.username is not None:
        raise refuse("'public_base_url' has no '?' and no user in it")
    if parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
        raise refuse("Twilio streams to encrypted addresses only: write https://")
    usual = ":443" if parts.scheme == "https" else ":80"
    return parts._replace(netloc=parts.netloc.removesuffix(usual)).geturl()


PublicAddress = Annotated[WebAddress, AfterValidator(_public_address)]
Port = Annotated[Count, Field(ge=0, le=65_535)]


class TwilioAgentAdapter(Adapter):
    """Places a call from a number of the account, or waits for one, and speaks on its stream."""

    summary: ClassVar[str] = "a telephone number, called or calling through Twilio"
    typical: ClassVar[Capabilities] = Telephone()
    environment: ClassVar[Sequence[str]] = VARIABLES
    example: ClassVar[Mapping[str, str]] = {
        "phone_number": "+15550100001",
        "to": "+15550100123",
        "tunnel": "cloudflared",
    }

    account_sid: AccountSid | None = Field(
        default=None, description="The account; without it, TWILIO_ACCOUNT_SID is used."
    )
    auth_token: Header | None = Field(
        default=None, description="Its auth token; without it, TWILIO_AUTH_TOKEN is used."
    )
    api_key: Header | None = Field(
        default=None,
        description="The SID of an API key (SK…) to ask with in place of the auth token; without "
        "it, TWILIO_API_KEY is used. Signatures are checked with the auth token all the same.",
    )
    api_secret: Header | None = Field(
        default=None, description="The key's secret; without it, TWILIO_API_SECRET is used."
    )
    phone_number: PhoneNumber = Field(
        description="The number of the account that calls, or is called, such as +15550100123."
    )
    direction: Direction = Field(
        default=Direction.CALL,
        description="call: the agent's number is called. answer: the agent calls 'phone_number'.",
    )
    to: PhoneNumber | None = Field(
        default=None, description="With direction call: the agent's number."
    )
    topology: Topology = Field(
        default=Topology.DIRECT,
        description="direct: the scenario speaks on the leg that places the call, so 'to' may be "
        "any number. two_numbers: 'to' is a number of the same account, the scenario speaks on its "
        "leg, and the leg that calls says 'announcement'.",
    )
    announcement: Text = Field(
        default="This is a call of voicetest.",
        description="With two_numbers: what the leg that calls says before it falls silent.",
    )
    public_base_url: PublicAddress | None = Field(
        default=None,
        description="The https:// address under which Twilio reaches this machine's 'http_port'; "
        "a tunnel says it itself.",
    )
    http_host: Text = Field(
        default="127.0.0.1", description="The address at which webhooks are taken."
    )
    http_port: Port = Field(
        default=8765, description="The port at which webhooks are taken; 0 for any that is free."
    )
    tunnel: Tunnel = Field(
        default=Tunnel.NONE,
        description="What makes that port public while the call lasts: none, cloudflared, ngrok.",
    )
    allowed_callers: tuple[PhoneNumber, ...] | None = Field(
        default=None,
        description="With direction answer: the numbers that are let in, any by default.",
    )
    allowed_callees: tuple[PhoneNumber, ...] | None = Field(
        default=None,
        description="With direction call: the numbers that 'to' may be; only itself by default.",
    )
    validate_signature: Flag = Field(
        default=True, description="Whether requests must have been signed by Twilio."
    )
    machine_detection: Flag = Field(
        default=False,
        description="With direction call: whether Twilio finds out if a machine answers, which "
        "ends the call. It takes many voice agents for machines.",
    )
    timeout: Annotated[PositiveDuration, Field(le=LONGEST_WAIT_S)] = Field(
        default=120.0, description="How long to wait for the call to be answered, or to come."
    )
    max_call_duration: Annotated[PositiveDuration, Field(le=LONGEST_CALL_S)] = Field(
        default=660.0, description="When Twilio ends the call, whatever happens here."
    )
    base_url: WebAddress = Field(
        default="https://api.twilio.com", description="Where Twilio takes requests."
    )

    @model_validator(mode="after")
    def _fits_direction(self) -> Self:
        if self.direction is Direction.ANSWER:
            given = [name for name in _OF_CALLS if name in self.model_fields_set]
            if given:
                raise ValueError(f"{given[0]} is for direction call")
            return self
        if self.to is None:
            raise ValueError("with direction call, say whom to call: 'to: +15550100123'")
        if self.to == self.phone_number:
            raise ValueError("'to' is 'phone_number': a number cannot call itself")
        if self.allowed_callees is not None and self.to not in self.allowed_callees:
            raise ValueError("'to' is not among 'allowed_callees'")
        if self.allowed_callers is not None:
            raise ValueError("allowed_callers is for direction answer")
        if self.topology is Topology.DIRECT and "announcement" in self.model_fields_set:
            raise ValueError("announcement is for topology two_numbers")
        return self

    @model_validator(mode="after")
    def _is_reached_one_way(self) -> Self:
        if self.tunnel is not Tunnel.NONE and self.public_base_url is not None:
            raise ValueError("a tunnel says its own address: leave public_base_url out")
        if (self.api_key is None) != (self.api_secret is None):
            raise ValueError("api_key and api_secret go together")
        return self

    @property
    def capabilities(self) -> Capabilities:
        """What the line can carry with these settings."""
        return Telephone(presses_keys=self.presses_keys)

    @property
    def presses_keys(self) -> bool:
        """Whether keys can be pressed over REST: on the leg that does not stream."""
        return self.topology is Topology.TWO_NUMBERS

    @property
    def doubts_tones(self) -> str:
        """Twilio is reported to pass on no tones of a stream as keys."""
        return (
            "Twilio is reported not to pass on the tones of a stream as keys: an agent that does "
            "not hear them in the sound gets none (with topology two_numbers, mode auto presses "
            "them another way)"
        )

    @property
    def outside(self) -> tuple[str, ...]:
        """Twilio, and the telephone network behind it."""
        return (f"agent.base_url ({urlsplit(self.base_url).hostname})",)

    @property
    def is_local(self) -> bool:
        """Whether what plays Twilio is on this machine, and so can reach us without more."""
        return is_this_machine(urlsplit(self.base_url).hostname or "")

    @property
    def missing(self) -> tuple[str, ...]:
        """Credentials and a public address, as far as they are nowhere."""
        lacks = []
        if self.credentials is None:
            lacks.append(
                "there are no credentials for Twilio: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN "
                "(Twilio's console has both), or write 'account_sid' and 'auth_token'"
            )
        elif self.validate_signature and self.token is None:
            lacks.append(
                "Twilio signs with the account's auth token, also for an API key: set "
                "TWILIO_AUTH_TOKEN, or write 'validate_signature: false'"
            )
        if not installed(self.tunnel):
            lacks.append(absent(self.tunnel))
        elif self.tunnel is Tunnel.NONE and self.public_base_url is None and not self.is_local:
            lacks.append(
                f"Twilio has to reach this machine at port {self.http_port}: set 'public_base_url' "
                "to an https:// address that leads there, or write 'tunnel: cloudflared'"
            )
        return tuple(lacks)

    @property
    def token(self) -> str | None:
        """The account's auth token, wherever it comes from."""
        return signing_token(self.auth_token)

    @property
    def credentials(self) -> Credentials | None:
        """Who asks, wherever that comes from."""
        return credentials(self.account_sid, self.auth_token, self.api_key, self.api_secret)

    @property
    def secrets(self) -> frozenset[str]:
        """The token and the key's secret, wherever they come from."""
        who = self.credentials
        password = None if who is None else who.password
        return super().secrets | {text for text in (self.token, password) if text}

    @property
    def redacted(self) -> frozenset[str]:
        """All telephone numbers."""
        numbers = (self.phone_number, self.to, *(self.allowed_callers or ()))
        return frozenset(n for n in (*numbers, *(self.allowed_callees or ())) if n)

    @property
    def sdks(self) -> tuple[str, ...]:
        """Twilio's."""
        return ("twilio",)

    @property
    def dial_limit(self) -> float:
        """As long as the call is waited for, and what that takes besides."""
        return self.timeout + _AROUND_WAIT_S

    @classmethod
    async def put_back(cls) -> Sequence[Leftover]:
        """Put numbers and calls back that the environment has the credentials for."""
        # Slow to import, and mostly there is nothing to do.
        from voicetest.adapters.twilio_journal import Journal, default_folder

        journal = Journal(default_folder())
        if not journal.left():
            return ()
        from voicetest.adapters.twilio_leftovers import put_back
        from voicetest.transports.http import client

        return [found async for found in put_back(journal, credentials(), client)]

    def connect(self, world: World) -> AbstractAsyncContextManager[Link]:
        """Place the call or wait for it, and take its stream.

        Raises ConnectionFailed when it does not come about, or SetupError.
        """
        # Not needed to validate a scenario, and slow to import.
        from voicetest.adapters.twilio_call import connected

        return connected(self, world)


_OF_CALLS = ("to", "topology", "announcement", "allowed_callees", "machine_detection")
