"""An agent that is a speech-to-speech model behind Google's Gemini Live API."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from voicetest.adapters.addresses import Address, Header
from voicetest.adapters.base import World
from voicetest.adapters.dialling import dialled
from voicetest.adapters.doors import Doors
from voicetest.adapters.keep_alive import KeptAlive
from voicetest.errors import ConnectionFailed
from voicetest.links.base import Link
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.gemini_live import GeminiLive
from voicetest.protocols.gemini_live_setup import MODEL, VOICE, Setup, declaration
from voicetest.scenario.tools import Tool
from voicetest.scenario.values import Text

__all__ = ["GeminiLiveAgentAdapter"]

GOOGLE = "wss://generativelanguage.googleapis.com"
_KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
"""Where the key is looked for, in this order, when the scenario gives none."""
_KEY_REFUSED = "Google refuses the key: check GEMINI_API_KEY (or 'api_key')"


class GeminiLiveAgentAdapter(KeptAlive, Doors):
    """Talks to the model over the BidiGenerateContent WebSocket; the tools are the scenario's."""

    summary: ClassVar[str] = "a model behind the Gemini Live API"
    typical: ClassVar[Capabilities] = GeminiLive(End.CLIENT)
    environment: ClassVar[Sequence[str]] = _KEYS
    always_hears: ClassVar[str] = "turn_detection: automatic"

    model: Text = Field(
        default=MODEL,
        description="The model, such as gemini-3.8-live or gemini-2.5-flash-native-audio-latest.",
    )
    voice: Text = Field(default=VOICE, description="One of Google's prebuilt voices.")
    system_instruction: Text | None = Field(
        default=None, description="What the model is told about its part."
    )
    api_key: Header | None = Field(
        default=None,
        description="The key: by default GEMINI_API_KEY or GOOGLE_API_KEY of the environment.",
    )
    turn_detection: Literal["none", "automatic"] = Field(
        default="none",
        description="Who finds the user's turns: none (the script marks them, and only they are "
        "heard), or automatic (the model does, and hears silence, noises and backchannels too).",
    )
    base_url: Address = Field(default=GOOGLE, description="Where the API is.")
    api_version: Literal["v1", "v1beta", "v1alpha"] = Field(
        default="v1", description="The version of the API."
    )

    @property
    def capabilities(self) -> Capabilities:
        """What the line can carry with these settings."""
        return self.codec()

    @property
    def outside(self) -> tuple[str, ...]:
        """The model itself."""
        return (f"the Gemini Live API ({urlsplit(self.base_url).hostname})",)

    @property
    def missing(self) -> tuple[str, ...]:
        """The key, unless the API is reached by an address of one's own."""
        if self._key or self._opens_otherwise or self.base_url != GOOGLE:
            return ()
        return (
            "the Gemini Live API needs a key: set GEMINI_API_KEY (keys are made at "
            "https://aistudio.google.com/apikey), or 'api_key' of the agent",
        )

    @property
    def secrets(self) -> frozenset[str]:
        """The key, wherever it is from, and the values of headers."""
        return super().secrets | ({self._key} if self._key else set())

    @property
    def _opens_otherwise(self) -> bool:
        """Whether headers or parameters of the scenario stand in for a key."""
        return self.has_header("x-goog-api-key", "authorization") or "key" in self.query

    @property
    def _key(self) -> str:
        if self.api_key is not None:
            return self.api_key.get_secret_value()
        if self._opens_otherwise:
            return ""
        return next((key for name in _KEYS if (key := os.environ.get(name, "").strip())), "")

    @property
    def url(self) -> str:
        """The address that is dialled."""
        service = f"google.ai.generativelanguage.{self.api_version}.GenerativeService"
        return f"{self.base_url.rstrip('/')}/ws/{service}.BidiGenerateContent"

    def codec(self, tools: tuple[Tool, ...] = ()) -> GeminiLive:
        """The caller's codec of one session in which the model may call these tools."""
        setup = Setup(
            model=self.model,
            voice=self.voice,
            instruction=self.system_instruction or "",
            automatic=self.turn_detection == "automatic",
            functions=[declaration(tool) for tool in tools],
        )
        return GeminiLive(End.CLIENT, setup)

    def connect(self, world: World) -> AbstractAsyncContextManager[Link]:
        """Open a session; raises ConnectionFailed, which shows no key."""
        own = {"x-goog-api-key": SecretStr(self._key)} if self._key and not world.offline else {}
        headers, url = self.sent_headers(own), self.through(self.url)
        codec = self.codec(world.tools)
        return dialled(world, codec, url, headers, advice=self._advice, keep_alive=self.keep_alive)

    def _advice(self, error: ConnectionFailed) -> str:
        """What to do about a session that Google does not open."""
        reason = error.reason.lower()
        match error.code:
            case 401 | 403:
                return _KEY_REFUSED
            case 404:
                return "check 'api_version' and 'base_url'"
            case _ if "api key" in reason or "api_key" in reason:
                return _KEY_REFUSED
            case _ if "quota" in reason or error.code == 429:
                return "the quota of the key is used up: wait, or raise it, or set 'max_concurrent'"
            case 1008:
                return f"the key may not use {self.model} live, or there is no such 'model'"
            case 1007:
                return f"{self.model} does not accept the settings: check 'model' and 'voice'"
            case 1011:
                return "the fault is at Google's side: try again later"
            case _:
                return ""
