"""Agents behind WebSockets on this machine: what `adapter: websocket` dials."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Protocol, Self

from voicetest import registry
from voicetest.agents.recipe import AgentRecipe
from voicetest.protocols.base import End
from voicetest.protocols.choice import preset
from voicetest.protocols.settings import ProtocolSettings
from voicetest.simulators.paths import PathSimulator, Served

__all__ = ["WebSocketSimulator"]


class _Speaks(Protocol):
    @property
    def protocol(self) -> ProtocolSettings:
        """What is spoken."""


class WebSocketSimulator(PathSimulator):
    """The protocol of an adapter at any path, or each preset at a path of its name."""

    presets: ClassVar[tuple[str, ...]] = registry.names(registry.PROTOCOLS)

    @classmethod
    def behind(cls, adapter: _Speaks, agent: AgentRecipe) -> Self:
        """What the adapter speaks, whatever path it dials."""
        return cls.speaking(adapter.protocol, agent)

    @classmethod
    def speaking(cls, protocol: ProtocolSettings, agent: AgentRecipe) -> Self:
        """One protocol at any path."""
        return cls(agent, partial(protocol.codec, End.SERVER))

    @classmethod
    def of_preset(cls, name: str | None, agent: AgentRecipe) -> Self:
        """One preset, or all of them."""
        served = {
            f"/{each}": Served(
                partial(preset(each).codec, End.SERVER), f"adapter: websocket, protocol: {each}"
            )
            for each in (cls.presets if name is None else (name,))
        }
        return cls(agent, at=served)
