"""An agent of ElevenLabs Agents, over its WebSocket."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, ClassVar
from urllib.parse import urlencode, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema

from voicetest.adapters.addresses import Address, Header
from voicetest.adapters.base import World
from voicetest.adapters.dialling import dialled, explained
from voicetest.adapters.doors import Doors
from voicetest.adapters.keep_alive import KeptAlive
from voicetest.errors import ConnectionFailed, SetupError
from voicetest.links.base import Link
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.elevenlabs import ElevenLabs, TurnCommit, Variable
from voicetest.scenario.json_values import json_value
from voicetest.scenario.nodes import shown
from voicetest.scenario.refusals import refuse
from voicetest.scenario.values import Count, Text, literal_text
from voicetest.transports.base import is_this_machine

__all__ = ["ElevenLabsAgentAdapter"]

KEY = "ELEVENLABS_API_KEY"
PATH = "/v1/convai/conversation"
_HOST = "elevenlabs.io"
_FIRST_CLOSE_CODE = 1000
"""Codes below are statuses of HTTP (RFC 6455 §7.4)."""

_BY_CODE: Mapping[int, str] = {
    401: "check 'api_key', or ELEVENLABS_API_KEY",
    403: "check that the key may use this agent, and the agent's allowlist",
    404: "check 'agent_id', and 'base_url' where data stay in a region",
    429: "the plan allows no more calls at once: set 'max_concurrent', or try again later",
    1002: "something failed on the platform's side: look at this conversation in its dashboard",
    1008: "check 'agent_id', the key, and what the agent's Security settings allow",
    1011: "something broke at the platform: try again later",
}
"""By status of the upgrade, or close code of the conversation."""
_BY_WORD: Mapping[str, str] = {
    "quota": "the account's quota is used up: look at its usage, or raise its limit",
    "override": "allow this override in the agent's Security settings, or leave it out here",
    "dynamic_variable": "the agent needs values: write them under 'dynamic_variables'",
    "transport_receive_timeout": "the agent got nothing from the user for too long",
    "concurren": _BY_CODE[429],
}
"""By what the platform's own words have in them; these say more than a code."""


def _may_be_empty(value: object) -> str:
    return "" if isinstance(value, str) and not value else literal_text(value)


def _variable(value: object) -> Variable:
    found = json_value(value)
    if not isinstance(found, Variable):
        raise refuse(f"expected a text, a number, true or false, found {shown(value)}")
    return found


_FirstMessage = Annotated[
    str, BeforeValidator(_may_be_empty), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
_Variable = Annotated[
    Variable,
    BeforeValidator(_variable),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]


class ElevenLabsAgentAdapter(KeptAlive, Doors):
    """Calls one agent; its formats are those that it announces when the conversation begins."""

    summary: ClassVar[str] = "an agent of ElevenLabs Agents, over its WebSocket"
    typical: ClassVar[Capabilities] = ElevenLabs().client()
    environment: ClassVar[Sequence[str]] = (KEY,)
    always_hears: ClassVar[str] = "turn_commit_mode: audio"

    agent_id: Text = Field(description="The agent's id, such as agent_0123.")
    api_key: Header | None = Field(
        default=None,
        description="The key of the account; by default that in ELEVENLABS_API_KEY.",
    )
    system_prompt_override: Text | None = Field(
        default=None,
        description="A prompt in place of the agent's own; its Security settings must allow that.",
    )
    first_message_override: _FirstMessage | None = Field(
        default=None,
        description="What the agent says first in place of its own; empty lets the user begin. "
        "Its Security settings must allow that.",
    )
    dynamic_variables: dict[Text, _Variable] = Field(
        default_factory=dict, description="Values for the {{variables}} of the agent."
    )
    turn_commit_mode: TurnCommit = Field(
        default=TurnCommit.AUDIO,
        description="How the agent learns that the user has finished: audio (a live microphone), "
        "text (typed messages in place of sound), or silence (all speech of a turn at once and "
        "a little silence).",
    )
    silence_tail_bytes: Annotated[Count, Field(ge=1)] = Field(
        default=16_000,
        description="With turn_commit_mode silence: how many bytes of silence follow the speech.",
    )
    base_url: Address = Field(
        default=f"wss://api.{_HOST}",
        description="Where the platform is, such as wss://api.eu.residency.elevenlabs.io.",
    )

    @property
    def spoken(self) -> ElevenLabs:
        """What is said over the line with these settings."""
        return ElevenLabs(
            commit=self.turn_commit_mode,
            tail_bytes=self.silence_tail_bytes,
            system_prompt=self.system_prompt_override,
            first_message=self.first_message_override,
            variables=self.dynamic_variables,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the line can carry with these settings."""
        return self.spoken.codec(End.CLIENT)

    @property
    def outside(self) -> tuple[str, ...]:
        """The platform."""
        return (f"agent.agent_id ({urlsplit(self.base_url).hostname})",)

    @property
    def missing(self) -> tuple[str, ...]:
        """The key, if the platform is ElevenLabs itself."""
        if self._key() is not None or self._opens_otherwise or not self._is_the_platform:
            return ()
        return (f"{KEY} is not set: set it, or write 'api_key' under 'agent'; or use --offline",)

    @property
    def _is_the_platform(self) -> bool:
        parts = urlsplit(self.base_url)
        host = parts.hostname or ""
        return parts.scheme == "wss" and (host == _HOST or host.endswith(f".{_HOST}"))

    @property
    def _opens_otherwise(self) -> bool:
        """Whether headers or parameters of the scenario stand in for a key, as a signature does."""
        signed = {"conversation_signature", "token"} & self.query.keys()
        return bool(signed) or self.has_header("xi-api-key", "authorization")

    def _key(self) -> SecretStr | None:
        """The key to send; that of the environment goes to the platform or this machine only."""
        found = "" if self._opens_otherwise else os.environ.get(KEY, "")
        if self.api_key is not None or not found:
            return self.api_key
        return (
            SecretStr(found)
            if self._is_the_platform or is_this_machine(urlsplit(self.base_url).hostname or "")
            else None
        )

    @asynccontextmanager
    async def connect(self, world: World) -> AsyncIterator[Link]:
        """Dial the agent; raises ConnectionFailed in words of the platform, without the key."""
        key = None if world.offline else self._key()
        if self.missing and not world.offline:
            raise SetupError(self.missing[0])
        headers = self.sent_headers({} if key is None else {"xi-api-key": key})
        address = f"{self.base_url.rstrip('/')}{PATH}?{urlencode({'agent_id': self.agent_id})}"
        url = self.through(address)
        with explained(_explained):
            alive = self.keep_alive
            async with dialled(world, self.spoken.client(), url, headers, keep_alive=alive) as link:
                yield link


def _explained(error: ConnectionFailed) -> ConnectionFailed:
    """The same error with what to do about it on this platform."""
    words, code = str(error), error.code
    advice = next((hint for word, hint in _BY_WORD.items() if word in words.lower()), None)
    if advice is None:
        advice = _BY_CODE.get(code or 0)
    if advice is None:
        return error
    match code:
        case None:
            said = words
        case _ if code < _FIRST_CLOSE_CODE:
            said = f"HTTP {code}"
        case _:
            said = f"the conversation was closed with code {code} {error.reason}".rstrip()
    return ConnectionFailed(f"ElevenLabs: {said}: {advice}", code=code, reason=error.reason)
