"""An agent that is a speech-to-speech model behind OpenAI's Realtime API.

Wire facts: openai-python 2.54, `openai.types.realtime`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from pydantic import Field, SecretStr

from voicetest.adapters.addresses import Address, Header
from voicetest.adapters.base import World
from voicetest.adapters.dialling import explained, with_query
from voicetest.adapters.doors import Doors
from voicetest.adapters.keep_alive import KeptAlive
from voicetest.errors import ConnectionFailed, SetupError
from voicetest.links.base import Link
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.openai_realtime import OpenAIRealtime
from voicetest.protocols.openai_realtime_session import (
    DEFAULT_MODEL,
    DEFAULT_TRANSCRIPTION,
    DEFAULT_VOICE,
    SessionSettings,
    TurnDetection,
)
from voicetest.scenario.tools import Tool
from voicetest.scenario.values import Text

__all__ = ["OpenAIRealtimeAgentAdapter"]

_KEY = "OPENAI_API_KEY"
_SIMULATED_KEY = "simulated"
"""What a simulator gets: it takes any."""
_NO_KEY = (
    f"no OpenAI key: set the environment variable {_KEY}, or agent.api_key; for Azure, set "
    "agent.headers to {api-key: …}"
)
_BY_STATUS = {
    401: f"OpenAI does not know this key: check {_KEY}, agent.api_key or agent.headers",
    403: "OpenAI does not let this key use the model: check the key's project and permissions",
    404: "OpenAI has no such model for this key: check agent.model and agent.base_url",
    429: "OpenAI's limit or quota is used up: check plan and billing, or set max_concurrent",
}
_BY_WORD = {
    "invalid_api_key": _BY_STATUS[401],
    "model_not_found": _BY_STATUS[404],
    "insufficient_quota": _BY_STATUS[429],
    "rate_limit_exceeded": _BY_STATUS[429],
    "beta_api_shape_disabled": "OpenAI refuses the beta's shape: check agent.base_url",
    "Unknown parameter: 'session.": "what answers speaks another version of the API: with Azure, "
    "write the address of the version v1, wss://NAME.openai.azure.com/openai/v1, as base_url, "
    "without api-version",
}
"""By what the platform says when it refuses a session that was open."""


class OpenAIRealtimeAgentAdapter(KeptAlive, Doors):
    """Speaks with the model; `instructions` and the scenario's `tools` make an agent of it."""

    summary: ClassVar[str] = "a speech-to-speech model behind OpenAI's Realtime API"
    typical: ClassVar[Capabilities] = OpenAIRealtime(End.CLIENT)
    environment: ClassVar[Sequence[str]] = (_KEY,)
    always_hears: ClassVar[str] = "turn_detection: server_vad"

    model: Text = Field(default=DEFAULT_MODEL, description="The model that is called.")
    voice: Text = Field(default=DEFAULT_VOICE, description="Its voice, such as alloy or marin.")
    instructions: Text | None = Field(
        default=None, description="What the model is told to be; by default the platform's words."
    )
    api_key: Header | None = Field(
        default=None, description=f"The key; by default that of the environment, {_KEY}."
    )
    turn_detection: TurnDetection = Field(
        default="none",
        description="Who finds the end of the user's turn: none (the script says it, and silence "
        "is not sent), or the platform with server_vad or semantic_vad.",
    )
    transcription_model: Text | None = Field(
        default=DEFAULT_TRANSCRIPTION,
        description="What reports the user's words as they were understood.",
    )
    base_url: Address = Field(
        default="wss://api.openai.com/v1", description="Where the API is, without /realtime."
    )

    @property
    def capabilities(self) -> Capabilities:
        """What the line can carry with these settings."""
        return self.codec(End.CLIENT)

    @property
    def outside(self) -> tuple[str, ...]:
        """The platform."""
        return (f"agent.base_url ({urlsplit(self.base_url).hostname})",)

    @property
    def missing(self) -> tuple[str, ...]:
        """The key, if there is none."""
        return () if self._key or self._opens_otherwise else (_NO_KEY,)

    @property
    def secrets(self) -> frozenset[str]:
        """The key, wherever it comes from."""
        return super().secrets | ({self._key} if self._key else set())

    @property
    def _key(self) -> str:
        written = self.api_key.get_secret_value() if self.api_key is not None else ""
        return written or ("" if self._opens_otherwise else os.environ.get(_KEY, "").strip())

    @property
    def _opens_otherwise(self) -> bool:
        """Whether headers or parameters of the scenario stand in for a key, as Azure wants it."""
        return self.has_header("api-key", "authorization") or "api-key" in self.query

    def codec(self, end: End, tools: tuple[Tool, ...] = ()) -> OpenAIRealtime:
        """A codec for one call at that end of it."""
        settings = SessionSettings(
            voice=self.voice,
            instructions=self.instructions or "",
            turn_detection=self.turn_detection,
            transcription=self.transcription_model,
            tools=tools,
        )
        return OpenAIRealtime(end, settings, model=self.model)

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Dial the platform; raises ConnectionFailed, which shows no key."""
        key = _SIMULATED_KEY if world.offline else self._key
        if self.missing and not world.offline:
            raise SetupError(_NO_KEY)
        own = {"Authorization": SecretStr(f"Bearer {key}")} if key else {}
        headers = {n: value.get_secret_value() for n, value in self.sent_headers(own).items()}
        codec = self.codec(End.CLIENT, world.tools)
        with explained(_explained):
            async with (
                world.dial(self._url, headers=headers, keep_alive=self.keep_alive) as transport,
                CodecLink(codec, transport) as link,
            ):
                yield link

    @property
    def _url(self) -> str:
        parts = urlsplit(self.base_url)
        path = f"{parts.path.rstrip('/')}/realtime"
        address = self.through(urlunsplit(parts._replace(path=path)))
        # Older versions at Azure name a deployment instead.
        named = {"model", "deployment"} & dict(parse_qsl(urlsplit(address).query)).keys()
        return address if named else with_query(address, {"model": SecretStr(self.model)})


def _explained(error: ConnectionFailed) -> ConnectionFailed:
    """The same with what to do about it at this platform."""
    said = str(error)
    words = _BY_STATUS.get(error.code or 0) or next(
        (words for word, words in _BY_WORD.items() if word in said), None
    )
    if words is None:
        return error
    return ConnectionFailed(f"{words} ({said})", code=error.code, reason=error.reason)
