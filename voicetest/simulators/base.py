"""What every simulator is: the far side of one platform, with an embedded agent behind it."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from voicetest.agents.recipe import AgentRecipe
from voicetest.errors import ConnectionFailed, ProtocolError
from voicetest.links.codec import CodecLink
from voicetest.protocols.base import Codec
from voicetest.transports.base import Dial, Transport, Upgrade
from voicetest.transports.websocket import serve

if TYPE_CHECKING:
    import httpx
    from starlette.types import ASGIApp

__all__ = ["Simulator", "answer"]

logger = logging.getLogger(__name__)

NONSENSE = '{"broken": '
"""A message that no protocol has."""


async def answer(
    transport: Transport[bytes | str],
    codec: Codec[bytes | str],
    agent: AgentRecipe,
    *,
    tolerant: bool = False,
) -> None:
    """Hold one call at the server's end of `transport` until either side hangs up.

    The link itself tells a peer what its protocol does not allow, or takes no notice of it where it
    is `tolerant`; who runs the simulator is told in one line of the log.
    """
    nonsense = partial(transport.send, NONSENSE)
    try:
        async with AsyncExitStack() as call:
            try:
                line = await call.enter_async_context(
                    CodecLink(codec, transport, tolerant=tolerant)
                )
            except ConnectionFailed:
                return  # the peer was never ready
            await agent.make(line, nonsense).serve()
    except* ProtocolError as wrong:
        for error in _each(wrong):
            logger.warning("a call was ended: %s", error)


def _each(group: BaseExceptionGroup[ProtocolError]) -> Iterator[ProtocolError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _each(error)
        else:
            yield error


class Simulator(ABC):
    """Answers calls as a platform does; each has an agent and a codec of its own."""

    presets: ClassVar[Sequence[str]] = ()
    """What `voicetest simulate <adapter>:<preset>` can name."""

    subprotocols: ClassVar[Sequence[str]] = ()
    """What of the subprotocols that a client offers can be chosen."""

    quirks: ClassVar[frozenset[str]] = frozenset()
    """What of `agents/quirks` it can be told to do."""

    def __init__(self, agent: AgentRecipe) -> None:
        """Raises ValueError for an agent with a quirk that this platform does not have."""
        unknown = sorted(agent.faults.quirks - self.quirks)
        if unknown:
            known = ", ".join(sorted(self.quirks)) or "none"
            raise ValueError(f"this platform has no quirk '{unknown[0]}'; there is: {known}")
        self._agent = agent

    @classmethod
    @abstractmethod
    def behind(cls, adapter: Any, agent: AgentRecipe) -> Simulator:
        """What an adapter with its settings would call."""

    @classmethod
    @abstractmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Simulator:
        """What stands alone; raises UnknownName for a preset that is not there."""

    @abstractmethod
    def addresses(self, url: str) -> Sequence[str]:
        """The `agent:` section of a scenario for each thing that can be called, as YAML."""

    @abstractmethod
    def codec(self, upgrade: Upgrade) -> Codec[bytes | str]:
        """The codec of one call, at the server's end."""

    @property
    def web(self) -> ASGIApp | None:
        """What answers requests over HTTP; None for a platform that takes none."""
        return None

    def working(
        self, http: Callable[[str], httpx.AsyncClient], dial: Dial
    ) -> AbstractAsyncContextManager[object]:
        """What the platform does by itself goes on while the block runs.

        `http` and `dial` reach the servers of who uses the platform; most call nobody.
        """
        return nullcontext()

    @asynccontextmanager
    async def taking_calls(self) -> AsyncIterator[None]:
        """While the block runs, calls that began with a request go on beside it."""
        yield

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """The status with which a call is refused; None to take it."""
        return HTTPStatus.SERVICE_UNAVAILABLE if self._agent.faults.refuses else None

    def tolerates(self, codec: Codec[bytes | str]) -> bool:
        """Whether a call goes on when its client says what the protocol does not have."""
        return False

    async def converse(self, transport: Transport[bytes | str], upgrade: Upgrade) -> None:
        """Hold one call."""
        codec = self.codec(upgrade)
        await answer(transport, codec, self._agent, tolerant=self.tolerates(codec))

    @asynccontextmanager
    async def listen(self, host: str, port: int) -> AsyncIterator[str]:
        """Answer calls on a socket while the block runs; gives the address without a path.

        Raises OSError when the port cannot be had.
        """
        await self._agent.prepare()
        async with serve(
            self.converse, host, port, admit=self.admit, subprotocols=self.subprotocols
        ) as found:
            named = f"[{host}]" if ":" in host else host
            yield f"ws://{named}:{found}"
