"""A simulator whose calls are WebRTC peer connections that begin with a request over HTTP."""

from __future__ import annotations

import asyncio
from abc import ABC
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import uuid4

from voicetest.agents.recipe import AgentRecipe
from voicetest.agents.truth import Spoke
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.links.aiortc_ways import Reach
from voicetest.links.webrtc import WebRTCLink, peer_connection
from voicetest.protocols.base import Codec
from voicetest.protocols.media_line import Talk
from voicetest.simulators.base import NONSENSE
from voicetest.simulators.lossy_relay import lossy_relay, without_candidates
from voicetest.simulators.web import WebSimulator
from voicetest.transports.base import Upgrade, is_this_machine

__all__ = ["PeerCall", "PeerSimulator", "told_later"]

LEAD_S = 0.03
"""The agent begins to speak at any time."""
LOST_SHARE = 0.2
_LATE_S, _MUTES_S, _CLOSES_S = 3.0, 4.0, 3.0


class PeerCall:
    """One call from its offer on."""

    def __init__(self, link: WebRTCLink) -> None:
        self.id = uuid4().hex
        self.link = link


class PeerSimulator(WebSimulator, ABC):
    """Takes offers; each call has an agent of its own and goes on until either side hangs up."""

    quirks: ClassVar[frozenset[str]] = frozenset(
        {
            "webrtc_busy",
            "webrtc_channel_closes",
            "webrtc_late_track",
            "webrtc_loses_packets",
            "webrtc_mutes",
            "webrtc_never_answers",
            "webrtc_no_sound",
            "webrtc_unreachable",
            "webrtc_web_page",
        }
    )

    def __init__(self, agent: AgentRecipe) -> None:
        """Raises ValueError for an agent with a quirk that this platform does not have."""
        super().__init__(agent)
        self.calls: dict[str, PeerCall] = {}
        """Those under way, by id."""
        self._group: asyncio.TaskGroup | None = None
        """Set while calls are taken."""
        self._reach = Reach.LOOPBACK
        """Set by `listen`: calls in this process need no other."""

    def codec(self, upgrade: Upgrade) -> Codec[bytes | str]:
        """No call comes over a WebSocket."""
        raise LookupError(upgrade.path)

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """No call comes over a WebSocket."""
        return HTTPStatus.NOT_FOUND

    @asynccontextmanager
    async def taking_calls(self) -> AsyncIterator[None]:
        """Leaving the block hangs up."""
        await self._agent.prepare()
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                yield
            finally:
                self._group = None
                for call in tuple(self.calls.values()):
                    await call.link.hang_up()

    @asynccontextmanager
    async def listen(self, host: str, port: int) -> AsyncIterator[str]:
        """Answer requests and hold calls while the block runs; gives the address.

        Raises OSError when the port cannot be had.
        """
        self._reach = Reach.LOOPBACK if is_this_machine(host) else Reach.NETWORK
        async with self.taking_calls(), super().listen(host, port) as url:
            yield url

    def has_quirk(self, name: str) -> bool:
        """Whether it was told to do that."""
        return name in self._agent.faults.quirks

    def spoilt(self, answer: str) -> str:
        """The answer, without its sound if it was told to."""
        silent = self.has_quirk("webrtc_no_sound")
        return answer.replace("a=sendrecv", "a=inactive") if silent else answer

    async def take(self, offer: str, talk: Talk | None) -> tuple[PeerCall, str]:
        """A new call and the answer to its offer; raises ProtocolError for one without sound."""
        if self._group is None:
            raise RuntimeError("nobody takes calls")
        answered: asyncio.Future[tuple[PeerCall, str]] = asyncio.get_running_loop().create_future()
        self._group.create_task(self._hold(offer, talk, answered))
        return await answered

    async def _hold(
        self, offer: str, talk: Talk | None, answered: asyncio.Future[tuple[PeerCall, str]]
    ) -> None:
        async with AsyncExitStack() as opened:
            peer = await opened.enter_async_context(peer_connection())
            link = WebRTCLink(peer, self._reach, lead_s=LEAD_S, talk=talk)
            call = PeerCall(link)
            lossy = self.has_quirk("webrtc_loses_packets")
            try:
                answer = await link.answer(without_candidates(offer) if lossy else offer)
            except ProtocolError as error:
                answered.set_exception(error)
                return
            if lossy:
                answer = await opened.enter_async_context(lossy_relay(answer, LOST_SHARE))
            if self.has_quirk("webrtc_late_track"):
                link.track.mute()
            self.calls[call.id] = call
            answered.set_result((call, answer))
            if self.has_quirk("webrtc_unreachable"):
                return
            try:
                await self._serve(call)
            finally:
                del self.calls[call.id]

    async def _serve(self, call: PeerCall) -> None:
        link, agent = call.link, self._agent
        if agent.told is not None:
            agent = replace(agent, told=partial(told_later, agent.told, link.track.delay_s))
        try:
            async with link.opened(), asyncio.TaskGroup() as group:
                beside = [group.create_task(one) for one in self.beside(call)]
                await agent.make(link, partial(link.tell, NONSENSE)).serve()
                for task in beside:
                    task.cancel()
        except* (ConnectionFailed, ProtocolError):
            pass  # the caller is told by its own end

    def beside(self, call: PeerCall) -> Sequence[Coroutine[Any, Any, None]]:
        """What happens in a call besides what its agent does."""
        link = call.link
        planned = {
            "webrtc_late_track": (_LATE_S, link.track.unmute),
            "webrtc_mutes": (_MUTES_S, link.track.mute),
            "webrtc_channel_closes": (_CLOSES_S, link.close_channel),
        }
        return [_after(*one) for name, one in planned.items() if self.has_quirk(name)]


async def _after(seconds: float, what: Callable[[], None]) -> None:
    await asyncio.sleep(seconds)
    what()


def told_later(told: Callable[[Spoke], None], delay_s: float, spoke: Spoke) -> None:
    """An agent's sound leaves its track later than the agent makes it."""
    told(replace(spoke, start_s=spoke.start_s + delay_s, end_s=spoke.end_s + delay_s))
