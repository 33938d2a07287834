"""OpenAI's Realtime API on this machine: what `adapter: openai_realtime` dials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import ClassVar, Protocol, Self
from urllib.parse import parse_qs, urlsplit

from voicetest.agents.recipe import AgentRecipe
from voicetest.protocols.base import End
from voicetest.protocols.example import compact
from voicetest.protocols.openai_realtime import OpenAIRealtime
from voicetest.protocols.openai_realtime_session import (
    DEFAULT_MODEL,
    SessionSettings,
    TurnDetection,
)
from voicetest.simulators.base import Simulator, answer
from voicetest.transports.base import GOING_AWAY, Transport, TransportClosed, Upgrade

__all__ = ["OpenAIRealtimeSimulator"]

_BETA = (
    "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.",
    "beta_api_shape_disabled",
)
_BAD_REQUEST = 4000
_BAD_KEY = 3000
_PRESETS: dict[str, TurnDetection] = {
    "none": "none",
    "semantic_vad": "semantic_vad",
    "server_vad": "server_vad",
}


class _Dials(Protocol):
    @property
    def base_url(self) -> str:
        """Where the API is, without /realtime."""


class OpenAIRealtimeSimulator(Simulator):
    """A model that follows a dialogue; a preset only says which adapter is shown for it.

    Every session begins as the platform's do, with server_vad and without transcription, and is
    then what the client makes of it.
    """

    presets: ClassVar[tuple[str, ...]] = tuple(_PRESETS)
    quirks: ClassVar[frozenset[str]] = frozenset(
        {
            "error_mid_response",
            "invalid_key",
            "late_transcripts",
            "legacy_names",
            "odd_deltas",
            "response_failed",
            "session_expired",
        }
    )

    def __init__(
        self, agent: AgentRecipe, path: str = "/v1/realtime", shown: Sequence[str] = ("none",)
    ) -> None:
        """It answers at `path`; `shown` are the kinds of turn detection that are proposed."""
        super().__init__(agent)
        self._path = path
        self._shown = shown

    @classmethod
    def behind(cls, adapter: _Dials, agent: AgentRecipe) -> Self:
        """The API at the path that the adapter dials."""
        return cls(agent, f"{urlsplit(adapter.base_url).path.rstrip('/')}/realtime")

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Self:
        """The API at its usual path."""
        return cls(agent, shown=cls.presets if name is None else (name,))

    def addresses(self, url: str) -> list[str]:
        """A scenario's `agent:` for each kind of turn detection, as YAML."""
        base = url + self._path.removesuffix("/realtime")
        return [
            f"agent: {{adapter: openai_realtime, turn_detection: {each}, api_key: any, "
            f"base_url: '{base}'}}"
            for each in self._shown
        ]

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """A path of its own, and a key, whichever it is."""
        if urlsplit(upgrade.path).path != self._path:
            return HTTPStatus.NOT_FOUND
        scheme, _, key = upgrade.headers.get("authorization", "").partition(" ")
        bearer = scheme.lower() == "bearer" and key.strip()
        if not bearer and not upgrade.headers.get("api-key"):  # as Azure wants it
            return HTTPStatus.UNAUTHORIZED
        return super().admit(upgrade)

    def codec(self, upgrade: Upgrade) -> OpenAIRealtime:
        """One session, as the platform begins it."""
        (model, *_) = parse_qs(urlsplit(upgrade.path).query).get("model", [DEFAULT_MODEL])
        settings = SessionSettings(turn_detection="server_vad", transcription=None)
        return OpenAIRealtime(End.SERVER, settings, model=model, quirks=self._agent.faults.quirks)

    async def converse(self, transport: Transport[bytes | str], upgrade: Upgrade) -> None:
        """Hold one call, unless the client speaks the beta or its key is refused."""
        if "openai-beta" in upgrade.headers:
            await _refuse(transport, *_BETA, _BAD_REQUEST)
            return
        if "invalid_key" in self._agent.faults.quirks:
            await transport.close(_BAD_KEY, "invalid_request_error.invalid_api_key")
            return
        codec = self.codec(upgrade)
        await answer(_Session(transport, lambda: codec.expired), codec, self._agent)


class _Session:
    """A connection that ends when its session has."""

    def __init__(self, line: Transport[bytes | str], expired: Callable[[], bool]) -> None:
        self._line = line
        self._expired = expired

    async def send(self, message: bytes | str) -> None:
        """Hand over one message; what ends the session is the last one."""
        await self._line.send(message)
        if self._expired() and "session_expired" in str(message):
            await self._line.close(GOING_AWAY, "session_expired")

    async def receive(self) -> bytes | str:
        """The next message."""
        return await self._line.receive()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End the connection."""
        await self._line.close(code, reason)


async def _refuse(
    transport: Transport[bytes | str], message: str, code: str, close_code: int
) -> None:
    error = {"type": "invalid_request_error", "code": code, "message": message, "param": None}
    try:
        await transport.send(compact({"type": "error", "event_id": "event_1", "error": error}))
    except TransportClosed:
        return
    await transport.close(close_code, f"invalid_request_error.{code}")
