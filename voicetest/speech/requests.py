"""Asks a provider of speech for something: again when that may help, and in clear words if not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from voicetest.errors import ConnectionFailed, SetupError, VoicetestError
from voicetest.models.library import settle
from voicetest.models.retries import Retries
from voicetest.speech.account import Account
from voicetest.speech.connections import ATTEMPT_LIMIT_S, http_client
from voicetest.speech.naming import Naming
from voicetest.speech.refusal import Cause, Refusal

if TYPE_CHECKING:
    import httpx

__all__ = ["Provider", "Requests"]

T = TypeVar("T")

RETRIES = Retries(longest_s=30.0)
TOTAL_LIMIT_S = 150.0
_NO_KEY = "none"
"""Sent where no key may be: official clients refuse to do without."""


@dataclass(frozen=True)
class Provider:
    """A company with an interface, and the environment variables that are its own."""

    name: str
    keys: tuple[str, ...]
    """Names of environment variables with its key, the first that is set counts."""
    base_env: str
    home: str
    """Where it is unless `base_env` or the name of a voice says otherwise."""


class Requests:
    """The requests of one voice or transcriber."""

    def __init__(self, who: str, provider: Provider, naming: Naming, account: Account) -> None:
        """`who` is what people are told, such as `the voice openai/coral`."""
        self._who = who
        self._provider = provider
        self._naming = naming
        self._account = account

    @property
    def base_url(self) -> str:
        """Where the provider is, without a slash at its end."""
        own = self._naming.base_url or os.environ.get(self._provider.base_env)
        return (own or self._provider.home).rstrip("/")

    def key(self) -> str:
        """The key to send; raises SetupError when there is none.

        An address that stands in a scenario gets the key that stands beside it, or none.
        """
        naming = self._naming
        if naming.base_url and not naming.key_env:
            return _NO_KEY
        key = self._account.key(*self._key_names)
        if key is None:
            raise SetupError(f"{self._who} needs {self._key_names[0]} in the environment")
        return key.get_secret_value()

    @property
    def _key_names(self) -> tuple[str, ...]:
        return (self._naming.key_env,) if self._naming.key_env else self._provider.keys

    async def prepare(self, client: Callable[[httpx.AsyncClient], object]) -> None:
        """Do, before a call, what would hold up its frames: make a `client` as for a request.

        Raises SetupError without a key.
        """
        async with http_client() as http:
            client(http)
        settle()

    async def ask(self, attempt: Callable[[httpx.AsyncClient], Awaitable[T]]) -> T:
        """What `attempt` gives; it is made again, after a pause, while its Refusal may pass.

        Four attempts of at most 60 s each, 150 s in all. Raises SetupError for keys and credit,
        ConnectionFailed for the rest.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + TOTAL_LIMIT_S
        for number in count(1):
            refusal = Refusal(Cause.SLOW)
            try:
                async with asyncio.timeout(min(ATTEMPT_LIMIT_S, deadline - loop.time())):
                    async with http_client() as client:
                        return await attempt(client)
            except TimeoutError:
                pass
            except Refusal as refused:
                refusal = refused
            pause = RETRIES.wait(number, refusal.retry_after) if refusal.cause.may_pass else None
            if pause is None or loop.time() + pause >= deadline:
                raise self._failure(refusal, number) from refusal
            await asyncio.sleep(pause)
        raise AssertionError("there is no end to the attempts")

    def _failure(self, refusal: Refusal, attempts: int) -> VoicetestError:
        """Who failed, how, and what to do."""
        words = f"{self._who}: {self._explained(refusal, attempts)}"
        if refusal.cause in (Cause.KEY, Cause.CREDIT):
            return SetupError(words)
        return ConnectionFailed(words, code=refusal.status, reason=refusal.words)

    def _explained(self, refusal: Refusal, attempts: int) -> str:
        """One message for each cause."""
        company = self._provider.name
        answered = f"{company} answered {refusal.shown}".rstrip()
        times = f", {attempts} times" if attempts > 1 else ""
        where = f" at {self.base_url}" if self.base_url else ""
        match refusal.cause:
            case Cause.KEY:
                # Not its own words: they may show parts of the key.
                key = " or ".join(self._key_names) or "the key"
                status = f"HTTP {refusal.status}"
                return f"{company} refuses the key ({status}): check {key} and what it may use"
            case Cause.CREDIT:
                return f"{answered}: the account has no credit or plan for that: check its billing"
            case Cause.BUSY:
                wait = refusal.retry_after
                later = "later" if wait is None else f"in {wait:.0f} s"
                return f"{answered}{times}: too many requests: try again {later}"
            case Cause.BROKEN:
                return f"{answered}{times}: the fault is at its side: try again later"
            case Cause.REQUEST:
                return f"{answered}: check its name, model and options"
            case Cause.SLOW:
                return f"{company} did not answer in time{times}: try again later"
            case Cause.CUT_OFF:
                return f"{company}'s answer broke off{times}: try again later"
            case Cause.UNREACHABLE:
                why = f"cannot reach {company}{where}: {refusal.words}"
                return f"{why}: check the network and the address"
            case Cause.NONSENSE:
                return f"what answers{where} is not {company}: {refusal.words}: check the address"
