"""The Gemini Live API on this machine, for `adapter: gemini_live` and for Google's own SDK."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import ClassVar, Protocol, Self
from urllib.parse import parse_qs, urlsplit

from voicetest.agents.recipe import AgentRecipe
from voicetest.links.codec import PROTOCOL_ERROR
from voicetest.protocols.base import End
from voicetest.protocols.example import compact
from voicetest.protocols.gemini_live import GeminiLive
from voicetest.protocols.gemini_live_server import INVALID, POLICY
from voicetest.simulators.base import Simulator, answer
from voicetest.transports.base import NORMAL_CLOSE, Transport, TransportClosed, Upgrade

__all__ = ["GeminiLiveSimulator"]

_PATH = re.compile(
    r"//?ws/google\.ai\.generativelanguage\.v1(alpha|beta)?\.GenerativeService\.BidiGenerateContent"
)
"""Google's SDK dials two slashes: its base address ends in one."""

_NO_KEY = (
    POLICY,
    "Method doesn't allow unregistered callers (callers without established identity). Please use "
    "API Key or other form of API consumer identity to call this API.",
)
"""As users have shown it; a close frame has room for the first 123 bytes."""
_REFUSALS: Mapping[str, tuple[int, str]] = {
    "invalid_key": (INVALID, "API key not valid. Please pass a valid API key."),
    "unknown_model": (
        POLICY,
        "models/unknown is not found for API version v1, or is not supported for "
        "bidiGenerateContent.",
    ),
    "quota": (1011, "You exceeded your current quota, please check your plan and billing details."),
}
"""How a session ends that is not begun, by quirk."""
_LEAVES_AFTER_S = 3.0
_TIME_LEFT_S = 10.0
_EXPIRED = (1011, "Deadline expired before operation could complete.")


class _Dials(Protocol):
    @property
    def base_url(self) -> str:
        """Where the API is."""


class _Closing(Transport[bytes | str]):
    """A connection that Google closes: with its own code for what its API does not allow."""

    def __init__(self, transport: Transport[bytes | str], codec: GeminiLive) -> None:
        self._transport = transport
        self._codec = codec

    async def send(self, message: bytes | str) -> None:
        """As the connection does."""
        await self._transport.send(message)

    async def receive(self) -> bytes | str:
        """As the connection does."""
        return await self._transport.receive()

    async def close(self, code: int = NORMAL_CLOSE, reason: str = "") -> None:
        """The same, but for the code of a broken protocol."""
        wrong = code == PROTOCOL_ERROR
        await self._transport.close(self._codec.refusal if wrong else code, reason)


class GeminiLiveSimulator(Simulator):
    """One model, whatever live model it is called by; every key is good, and one is wanted."""

    quirks: ClassVar[frozenset[str]] = frozenset(
        {
            "async_tools",
            "go_away",
            "late_transcripts",
            "snake_case",
            "spurious_interruption",
            "tool_input_refused",
            *_REFUSALS,
        }
    )

    def __init__(self, agent: AgentRecipe, prefix: str = "", *, keyed: bool = True) -> None:
        """`prefix` is the beginning of the path that is dialled; `keyed`: a key is wanted."""
        manners = replace(agent.manners, yields_to_markers=True, ends_when_heard=True)
        super().__init__(replace(agent, manners=manners))
        self._prefix = prefix.rstrip("/")
        self._keyed = keyed

    @classmethod
    def behind(cls, adapter: _Dials, agent: AgentRecipe) -> Self:
        """The API at the address of the adapter, which hands no key to a simulator."""
        return cls(agent, urlsplit(adapter.base_url).path, keyed=False)

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Self:
        """The API where Google has it; there is no choice."""
        return cls(agent)

    def addresses(self, url: str) -> list[str]:
        """The `agent:` of a scenario, as YAML."""
        return [f"agent: {{adapter: gemini_live, api_key: any, base_url: '{url}'}}"]

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """Only the one method is found, in each version of the API."""
        path = urlsplit(_absolute(upgrade.path)).path
        if not path.startswith(self._prefix) or not _PATH.fullmatch(path[len(self._prefix) :]):
            return HTTPStatus.NOT_FOUND
        return super().admit(upgrade)

    def codec(self, upgrade: Upgrade) -> GeminiLive:
        """The server's codec; it learns from its client what is wanted."""
        found = _PATH.search(urlsplit(_absolute(upgrade.path)).path)
        version = f"v1{found.group(1) or ''}" if found is not None else "v1"
        return GeminiLive(End.SERVER, quirks=self._agent.faults.quirks, version=version)

    async def converse(self, transport: Transport[bytes | str], upgrade: Upgrade) -> None:
        """Hold one session, or refuse it once it was asked for."""
        quirks = self._agent.faults.quirks
        if self._keyed and not _has_key(upgrade):
            await _refuse(transport, *_NO_KEY)
            return
        for quirk, (code, reason) in _REFUSALS.items():
            if quirk in quirks:
                await _refuse(transport, code, reason)
                return
        async with asyncio.TaskGroup() as tasks:
            leaving = tasks.create_task(_leave(transport)) if "go_away" in quirks else None
            codec = self.codec(upgrade)
            await answer(_Closing(transport, codec), codec, self._agent)
            if leaving is not None:
                leaving.cancel()


def _has_key(upgrade: Upgrade) -> bool:
    """Whether a caller says who it is: by a key, or by a token for a while."""
    query = parse_qs(urlsplit(_absolute(upgrade.path)).query)
    named = ("x-goog-api-key", "authorization")
    return any(upgrade.headers.get(name, "").strip() for name in named) or any(
        query.get(name) for name in ("key", "access_token")
    )


def _absolute(path: str) -> str:
    """An address with that path, which may begin with two slashes."""
    return f"ws://simulator{path}"


async def _refuse(transport: Transport[bytes | str], code: int, reason: str) -> None:
    try:
        await transport.receive()
    except TransportClosed:
        return
    await transport.close(code, reason)


async def _leave(transport: Transport[bytes | str]) -> None:
    """Say that the connection will end, and end it."""
    await asyncio.sleep(_LEAVES_AFTER_S)
    said = {"goAway": {"timeLeft": f"{_TIME_LEFT_S:g}s"}}
    try:
        await transport.send(compact(said).encode())
    except TransportClosed:
        return
    await asyncio.sleep(_TIME_LEFT_S)
    await transport.close(*_EXPIRED)
