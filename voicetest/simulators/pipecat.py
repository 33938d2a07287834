"""A Pipecat bot on this machine: what `adapter: pipecat` dials.

Like a stock bot it takes no notice of `utterance_end`: it hears when the user has finished.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Protocol, Self

from voicetest.agents.recipe import AgentRecipe
from voicetest.protocols.base import Codec, End
from voicetest.protocols.pipecat_protobuf import PipecatProtobuf
from voicetest.protocols.twilio import MediaStream
from voicetest.simulators.paths import MakeCodec, PathSimulator, Served

__all__ = ["PipecatSimulator"]


class _Speaks(Protocol):
    def codec(self, end: End) -> Codec[Any]:
        """A codec for one call at that end of it."""


_CODECS: Mapping[str, MakeCodec] = {
    "twilio": partial(MediaStream, End.SERVER, utterance_ends=True),
    "protobuf": partial(PipecatProtobuf, End.SERVER),
}
_PATHS = {"twilio": "/ws", "protobuf": "/ws-client"}
"""As Pipecat's own runner has them."""


class PipecatSimulator(PathSimulator):
    """A bot with the serializer of an adapter at any path, or with each at its usual path."""

    presets: ClassVar[tuple[str, ...]] = tuple(_CODECS)

    @classmethod
    def behind(cls, adapter: _Speaks, agent: AgentRecipe) -> Self:
        """A bot with the serializer that the adapter expects."""
        return cls(agent, partial(adapter.codec, End.SERVER))

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Self:
        """One serializer, or both."""
        served = {
            _PATHS[each]: Served(_CODECS[each], f"adapter: pipecat, protocol: {each}")
            for each in (cls.presets if name is None else (name,))
        }
        return cls(agent, at=served)
