"""A Pipecat bot on this machine: what `adapter: pipecat` dials.

Like a stock bot it takes no notice of `utterance_end`: it hears when the user has finished. A bot
with the Twilio serializer logs what is none of its messages and goes on, one with the protobuf
serializer ends (pipecat-ai 1.14.0: `serializers/twilio.py`, `serializers/protobuf.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from voicetest.agents.recipe import AgentRecipe
from voicetest.protocols.base import Codec, End
from voicetest.protocols.pipecat_protobuf import PipecatProtobuf
from voicetest.protocols.twilio import MediaStream
from voicetest.registry import NotInstalled
from voicetest.simulators.base import Simulator
from voicetest.simulators.paths import MakeCodec, PathSimulator, Served

if TYPE_CHECKING:
    from voicetest.simulators.pipecat_webrtc import PipecatWebRTCSimulator

__all__ = ["PipecatSimulator"]


class _Speaks(Protocol):
    @property
    def transport(self) -> str:
        """How the bot is reached."""

    @property
    def rtvi(self) -> bool:
        """Whether the bot reports on the conversation."""

    def codec(self, end: End) -> Codec[Any]:
        """A codec for one call at that end of it."""


_CODECS: Mapping[str, MakeCodec] = {
    "twilio": partial(MediaStream, End.SERVER, utterance_ends=True),
    "protobuf": partial(PipecatProtobuf, End.SERVER),
}
WEBRTC = "webrtc"
_PATHS = {"twilio": "/ws", "protobuf": "/ws-client"}
"""As Pipecat's own runner has them."""


class PipecatSimulator(PathSimulator):
    """A bot with the serializer of an adapter at any path, or with each at its usual path."""

    presets: ClassVar[tuple[str, ...]] = (*_CODECS, WEBRTC)

    def tolerates(self, codec: Codec[bytes | str]) -> bool:
        """Whether the serializer takes no notice of what it cannot read."""
        return isinstance(codec, MediaStream)

    @classmethod
    def behind(cls, adapter: _Speaks, agent: AgentRecipe) -> Simulator:
        """A bot with the transport and the serializer that the adapter expects."""
        if adapter.transport == WEBRTC:
            return _over_webrtc().behind(adapter, agent)
        return cls(agent, partial(adapter.codec, End.SERVER))

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Simulator:
        """One serializer, or both; or a bot that takes calls over WebRTC."""
        if name == WEBRTC:
            return _over_webrtc().of_preset(name, agent)
        served = {
            _PATHS[each]: Served(_CODECS[each], f"adapter: pipecat, protocol: {each}")
            for each in (_CODECS if name is None else (name,))
        }
        return cls(agent, at=served)


def _over_webrtc() -> type[PipecatWebRTCSimulator]:
    # Bots behind a WebSocket do not need what speaks WebRTC.
    try:
        from voicetest.simulators.pipecat_webrtc import PipecatWebRTCSimulator
    except ImportError as error:
        words = f"a bot over WebRTC needs {error.name}, which is not installed: pip install "
        raise NotInstalled(f"{words}'voicetest[webrtc]'") from error
    return PipecatWebRTCSimulator
