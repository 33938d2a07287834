"""An assistant of Vapi, called over a WebSocket.

Wire facts: Vapi's documentation of its WebSocket transport (2026-08) and `POST /call`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, model_validator

from voicetest.adapters.addresses import Header, WebAddress
from voicetest.adapters.base import World
from voicetest.adapters.doors import Doors
from voicetest.adapters.keep_alive import KeptAlive
from voicetest.adapters.rest import ask
from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.errors import ConnectionFailed, SetupError
from voicetest.events import Status, Warned
from voicetest.links.base import Link
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.vapi import WIDE, Vapi
from voicetest.protocols.vapi_message import NEEDED
from voicetest.scenario.values import JsonObject, Text

if TYPE_CHECKING:
    import httpx

__all__ = ["KEY_VARIABLE", "VapiAgentAdapter"]

KEY_VARIABLE = "VAPI_API_KEY"
LATE_SOUND_S = 0.3
"""Vapi says that the assistant stopped when it made the last sound, not when it sent it."""
REPORT_LIMIT_S = 5.0
"""How long Vapi may take to say how a call ended."""
_PAUSE_S = 0.5
_OFFLINE_KEY = "offline"
_FORMATS: Mapping[str, AudioFormat] = {
    "pcm_s16le": WIDE,
    "mulaw": AudioFormat(Encoding.MULAW, 8_000),
}
_ADVICE: Mapping[int, str] = {
    400: "it does not accept the call: check 'assistant_id' and 'overrides'",
    401: f"it does not know the key: check {KEY_VARIABLE} or 'api_key'; it takes the private key "
    "of the organisation, not the public one",
    402: "there is no credit left: top up the organisation's wallet in Vapi's dashboard",
    403: "the key may not do that: check its permissions in Vapi's dashboard",
    404: "it does not know the assistant: check 'assistant_id' and whose key is used",
    429: "too many calls at once: wait, set 'max_concurrent', or buy more lines",
}


@dataclass(frozen=True)
class _Created:
    """A call as Vapi set it up; whoever knows `url` is let in."""

    id: str
    url: str


class VapiAgentAdapter(KeptAlive, Doors):
    """Has Vapi create a call, and holds it over the WebSocket that Vapi names."""

    summary: ClassVar[str] = "an assistant of Vapi"
    typical: ClassVar[Capabilities] = Vapi(End.CLIENT)
    environment: ClassVar[Sequence[str]] = (KEY_VARIABLE,)

    assistant_id: Text = Field(description="The assistant to call, by its id.")
    api_key: Header | None = Field(
        default=None,
        description=f"The private key of the organisation; without it, {KEY_VARIABLE} is used.",
    )
    overrides: JsonObject = Field(
        default={},
        description="Settings of the assistant for this call, as Vapi's assistantOverrides: "
        "firstMessage, variableValues and so on.",
    )
    base_url: WebAddress = Field(
        default="https://api.vapi.ai", description="Where Vapi takes requests."
    )
    audio_format: Literal["pcm_s16le", "mulaw"] = Field(
        default="pcm_s16le",
        description="The sound both ways: pcm_s16le (16 kHz), or mulaw (8 kHz, as telephones).",
    )

    @model_validator(mode="after")
    def _messages_are_names(self) -> Self:
        listed = self.overrides.get("clientMessages", [])
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise ValueError("in overrides, clientMessages is a list of names")
        return self

    @property
    def capabilities(self) -> Capabilities:
        """What the line can carry with these settings."""
        return Vapi(End.CLIENT, _FORMATS[self.audio_format])

    @property
    def outside(self) -> tuple[str, ...]:
        """Vapi."""
        return (f"agent.base_url ({urlsplit(self.base_url).hostname})",)

    @property
    def missing(self) -> tuple[str, ...]:
        """The key, if it is nowhere."""
        if self._key is not None or self.has_header("authorization"):
            return ()
        return (
            f"there is no key for Vapi: set {KEY_VARIABLE} to the private key of your organisation "
            "(Vapi's dashboard has it), or write 'api_key: ${env.NAME}'",
        )

    @property
    def secrets(self) -> frozenset[str]:
        """The key, wherever it comes from."""
        key = self._key
        return super().secrets | (frozenset() if key is None else {key.get_secret_value()})

    @property
    def late_sound(self) -> float:
        """The last sound of a turn may follow Vapi's word that it is over."""
        return LATE_SOUND_S

    @property
    def _key(self) -> SecretStr | None:
        found = os.environ.get(KEY_VARIABLE)
        return self.api_key or (SecretStr(found) if found else None)

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Create a call and take its line; after it, report how Vapi says that it ended.

        Raises ConnectionFailed, which says what to do and does not show the key, or SetupError.
        """
        async with world.http(self.base_url) as api, AsyncExitStack() as afterwards:
            own = {"Authorization": SecretStr(f"Bearer {self._bearer(world)}")}
            sent = {n: value.get_secret_value() for n, value in self.sent_headers(own).items()}
            api.headers.update(sent)
            api.params = api.params.merge(
                {name: value.get_secret_value() for name, value in self.query.items()}
            )
            call = await self._create(api, world)
            codec = Vapi(End.CLIENT, _FORMATS[self.audio_format])
            async with AsyncExitStack() as line:
                try:
                    same = urlsplit(call.url).netloc == urlsplit(self.base_url).netloc
                    # Elsewhere keys would be handed to an address nobody wrote.
                    headers = sent if same and self.headers else None
                    dialling = world.dial(call.url, headers=headers, keep_alive=self.keep_alive)
                    transport = await line.enter_async_context(dialling)
                except ConnectionFailed as error:
                    words = f"Vapi created the call {call.id}, but not its line: {error}"
                    raise ConnectionFailed(words, code=error.code, reason=error.reason) from error
                afterwards.push_async_exit(_Reckoning(api, world, call.id))
                yield await line.enter_async_context(CodecLink(codec, transport))

    def _bearer(self, world: World) -> str:
        if world.offline:
            return _OFFLINE_KEY
        if self.missing:
            raise SetupError(self.missing[0])
        return "" if self._key is None else self._key.get_secret_value()

    async def _create(self, api: httpx.AsyncClient, world: World) -> _Created:
        wire = _FORMATS[self.audio_format]
        audio = {"format": self.audio_format, "container": "raw", "sampleRate": wire.rate}
        wanted = [*self.overrides.get("clientMessages", ()), *NEEDED]
        body = {
            "assistantId": self.assistant_id,
            "assistantOverrides": self.overrides | {"clientMessages": list(dict.fromkeys(wanted))},
            "transport": {"provider": "vapi.websocket", "audioFormat": audio},
        }
        found = await ask(api, "POST", "call", platform="Vapi", advice=_ADVICE, body=body)
        match found:
            case {"id": str(call), "transport": {"websocketCallUrl": str(url)}} if call:
                world.secret(url)
                world.report(Status(str(found.get("status", "created")), {"call": call}))
                return _Created(call, url)
            case _:
                words = (
                    "Vapi created a call, and its answer has no id or no transport.websocketCallUrl"
                    ": check 'base_url'"
                )
                raise ConnectionFailed(words)


@dataclass(frozen=True)
class _Reckoning:
    """Asks, when the line is closed, why the call ended and what it cost."""

    api: httpx.AsyncClient
    world: World
    call: str

    async def __call__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> bool:
        """Never takes away an error; one that is cancelled is not kept waiting."""
        if not isinstance(error, asyncio.CancelledError):
            await self._report()
        return False

    async def _report(self) -> None:
        found: dict[str, Any] = {}
        try:
            async with asyncio.timeout(REPORT_LIMIT_S):
                found = await self._look()
                while found.get("status") != "ended":
                    await asyncio.sleep(_PAUSE_S)
                    found = await self._look()
        except (TimeoutError, ConnectionFailed) as error:
            why = str(error) or f"still {found.get('status')} after {REPORT_LIMIT_S:g} s"
            self.world.report(Warned(f"Vapi does not say how the call ended: {why}"))
        told = {name: found[name] for name in ("endedReason", "cost") if name in found}
        if told:
            state = str(found.get("status", ""))
            self.world.report(Status(state, {"call": self.call} | told))

    async def _look(self) -> dict[str, Any]:
        path = f"call/{quote(self.call, safe='')}"
        return await ask(self.api, "GET", path, platform="Vapi", advice=_ADVICE)
