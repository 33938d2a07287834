"""ElevenLabs Agents on this machine: what `adapter: elevenlabs` dials."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import ClassVar, Protocol, Self
from urllib.parse import parse_qs, urlsplit

from voicetest.agents.mind import CallTool, Flow, Mind, Reply
from voicetest.agents.recipe import AgentRecipe
from voicetest.agents.truth import Spoke
from voicetest.errors import ProtocolError
from voicetest.events import Failed
from voicetest.links.codec import PROTOCOL_ERROR
from voicetest.protocols.elevenlabs import ElevenLabs, TurnCommit
from voicetest.protocols.elevenlabs_messages import wire_format
from voicetest.protocols.elevenlabs_server import ElevenLabsServer
from voicetest.protocols.example import compact
from voicetest.simulators.arrival import Arrival
from voicetest.simulators.base import Simulator, answer
from voicetest.transports.base import NORMAL_CLOSE, Transport, TransportClosed, Upgrade

__all__ = ["ElevenLabsSimulator"]

logger = logging.getLogger(__name__)

PATH = "/v1/convai/conversation"
PING_S = 2.0
INITIATION_LIMIT_S = 3.0
"""How long a client may say nothing before the conversation begins without its initiation."""
INPUT_LIMIT_S = 60.0
"""How long the platform waits for anything but answers to its pings."""
_REFUSED = 1008
_FAILED = 1002
_FORMATS = frozenset({"pcm_16000", "pcm_24000", "ulaw_8000"})
_USUAL = "pcm_16000"
"""Both ways for an agent whose settings nobody changed; the vendor's Python client (2.78.0) speaks
and plays 16 kHz whatever is announced."""


class _Speaks(Protocol):
    @property
    def spoken(self) -> ElevenLabs:
        """What is said over the line."""


class ElevenLabsSimulator(Simulator):
    """Any agent id is known, any key will do, and the turns end as the adapter commits them."""

    presets: ClassVar[Sequence[str]] = tuple(TurnCommit)
    subprotocols: ClassVar[Sequence[str]] = ("convai",)
    quirks: ClassVar[frozenset[str]] = _FORMATS | {
        "late_corrections",
        "no_event_ids",
        "override_refused",
        "silence_ignored",
        "wedge",
    }

    def __init__(self, agent: AgentRecipe, spoken: ElevenLabs | None = None) -> None:
        """Raises ValueError for an agent with two formats."""
        super().__init__(agent)
        self._spoken = spoken or ElevenLabs()
        formats = sorted(agent.faults.quirks & _FORMATS)
        if len(formats) > 1:
            raise ValueError(f"an agent has one format of sound, not {' and '.join(formats)}")
        self._wire = wire_format(formats[0] if formats else _USUAL)

    @classmethod
    def behind(cls, adapter: _Speaks, agent: AgentRecipe) -> Self:
        """The agent that the adapter calls."""
        return cls(agent, adapter.spoken)

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Self:
        """An agent whose callers commit their turns that way; by sound unless it is named."""
        return cls(agent, ElevenLabs(TurnCommit(name or TurnCommit.AUDIO)))

    def addresses(self, url: str) -> list[str]:
        """A scenario's `agent:`, as YAML."""
        mode = self._spoken.commit
        how = "" if mode is TurnCommit.AUDIO else f", turn_commit_mode: {mode}"
        return [f"agent: {{adapter: elevenlabs, agent_id: simulated, base_url: '{url}'{how}}}"]

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """There is one path, and it wants an agent's id."""
        parts = urlsplit(upgrade.path)
        if parts.path != PATH:
            return HTTPStatus.NOT_FOUND
        if not parse_qs(parts.query).get("agent_id"):
            return HTTPStatus.BAD_REQUEST
        return super().admit(upgrade)

    def codec(self, upgrade: Upgrade) -> ElevenLabsServer:
        """The codec of one call."""
        return ElevenLabsServer(
            self._spoken.commit,
            self._spoken.tail_bytes,
            speaks=self._wire,
            hears=self._wire,
            quirks=self._agent.faults.quirks,
        )

    async def converse(self, transport: Transport[bytes | str], upgrade: Upgrade) -> None:
        """Hold one call, and ask every 2 s whether the client is there."""
        codec = self.codec(upgrade)
        door = _Door(transport, codec)
        agent = replace(
            self._agent,
            mind=lambda: _Briefed(self._agent.mind(), codec),
            told=partial(_account, codec, self._agent),
        )
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(_keep(transport, codec))
            if "wedge" in self._agent.faults.quirks:
                await _sit(door, codec)
            else:
                await answer(door, codec, agent)
            keeping.cancel()


class _Door:
    """A connection as the platform treats it: it refuses in its own words."""

    def __init__(self, transport: Transport[bytes | str], codec: ElevenLabsServer) -> None:
        self._transport = transport
        self._codec = codec
        self._silent = True
        """Whether the client has said nothing yet."""
        self._arrival = Arrival(codec.hears.rate) if codec.continuous else None

    async def send(self, message: bytes | str) -> None:
        """Hand over one message, an error as the last; raises TransportClosed when it is over."""
        await self._transport.send(message)
        if self._codec.failure is not None:
            await self._transport.close(*self._codec.failure)

    async def receive(self) -> bytes | str:
        """The next message; a client that says nothing for too long counts as one that is there."""
        limit = INITIATION_LIMIT_S if self._silent else None
        self._silent = False
        try:
            async with asyncio.timeout(limit):
                message = await self._transport.receive()
        except TimeoutError:
            return compact({"type": "user_activity"})
        if self._arrival is not None:
            odd = self._arrival.note(asyncio.get_running_loop().time(), self._codec.user_s)
            if odd:
                logger.warning("%s", odd)
        return message

    async def close(self, code: int = NORMAL_CLOSE, reason: str = "") -> None:
        """End the connection; what the protocol does not allow is told as the platform tells it."""
        if code != PROTOCOL_ERROR:
            await self._transport.close(code, reason)
            return
        refusal = Failed(self._codec.complaint, reason, fatal=True)
        await _end(self._transport, self._codec, refusal, _REFUSED)


async def _end(
    transport: Transport[bytes | str], codec: ElevenLabsServer, why: Failed, code: int
) -> None:
    """Say what is wrong and close the connection."""
    try:
        for message in codec.encode(why):
            await transport.send(message)
    except TransportClosed:
        return
    await transport.close(code, why.message)


async def _keep(transport: Transport[bytes | str], codec: ElevenLabsServer) -> None:
    """Ping the client as long as it says anything itself; else end the call."""
    loop = asyncio.get_running_loop()
    inputs, since = codec.inputs, loop.time()
    while True:
        await asyncio.sleep(PING_S)
        if codec.inputs != inputs:
            inputs, since = codec.inputs, loop.time()
        if loop.time() - since >= INPUT_LIMIT_S:
            text = f"no input from the user for {INPUT_LIMIT_S:g} s"
            await _end(transport, codec, Failed("transport_receive_timeout", text), _FAILED)
            return
        try:
            for message in codec.ping():
                await transport.send(message)
        except TransportClosed:
            return


async def _sit(door: _Door, codec: ElevenLabsServer) -> None:
    """Answer the initiation and nothing after it."""
    try:
        while True:
            for reply in codec.decode(await door.receive()).replies:
                await door.send(reply)
    except TransportClosed:
        return
    except ProtocolError as error:
        await door.close(PROTOCOL_ERROR, str(error))


def _account(codec: ElevenLabsServer, agent: AgentRecipe, spoke: Spoke) -> None:
    """Tell the codec what was heard of a response, and whoever else wants to know."""
    codec.heard(spoke.share)
    if agent.told is not None:
        agent.told(spoke)


class _Briefed:
    """A mind that greets as the initiation says: not at all without one."""

    def __init__(self, mind: Mind, codec: ElevenLabsServer) -> None:
        self._mind = mind
        self._codec = codec

    def greeting(self) -> str:
        """What the agent says first."""
        if not self._codec.initiated:
            return ""
        own, wanted = self._mind.greeting(), self._codec.first_message
        return own if wanted is None else wanted

    async def answer(self, heard: str, call_tool: CallTool) -> Reply | Flow:
        """The mind's own reply."""
        return await self._mind.answer(heard, call_tool)

    async def answer_keys(self, keys: str, call_tool: CallTool) -> Reply | Flow:
        """The mind's own reply."""
        return await self._mind.answer_keys(keys, call_tool)

    def cut_short(self, heard_share: float) -> None:
        """The mind's own concern."""
        self._mind.cut_short(heard_share)
