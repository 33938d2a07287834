"""Agents behind WebSockets on this machine: what `adapter: websocket` dials."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, Protocol, Self
from urllib.parse import urlsplit

from voicetest import registry
from voicetest.agents.recipe import AgentRecipe
from voicetest.protocols.base import Codec, End
from voicetest.protocols.choice import preset
from voicetest.protocols.settings import ProtocolSettings
from voicetest.simulators.base import Simulator
from voicetest.transports.base import Upgrade

__all__ = ["WebSocketSimulator"]


class _Speaks(Protocol):
    @property
    def protocol(self) -> ProtocolSettings:
        """What is spoken."""


class WebSocketSimulator(Simulator):
    """One protocol at any path, or each of several at a path of its own."""

    presets: ClassVar[tuple[str, ...]] = registry.names(registry.PROTOCOLS)

    def __init__(
        self,
        agent: AgentRecipe,
        anywhere: ProtocolSettings | None = None,
        at: Mapping[str, ProtocolSettings] | None = None,
    ) -> None:
        """`anywhere` is spoken at every path that is not a key of `at`."""
        super().__init__(agent)
        self._anywhere = anywhere
        self._at = dict(at or {})

    @classmethod
    def behind(cls, adapter: _Speaks, agent: AgentRecipe) -> Self:
        """The protocol of the adapter, whatever its path."""
        return cls(agent, adapter.protocol)

    @classmethod
    def of_preset(cls, preset_name: str | None, agent: AgentRecipe) -> Self:
        """One preset, or all of them, each at a path of its name."""
        named = cls.presets if preset_name is None else (preset_name,)
        return cls(agent, at={f"/{name}": preset(name) for name in named})

    def addresses(self, url: str) -> Mapping[str, str]:
        """A scenario's `agent:` for each path."""
        return {
            path[1:]: f"agent: {{adapter: websocket, url: '{url}{path}', protocol: {path[1:]}}}"
            for path in self._at
        }

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """A path at which nothing is spoken is not found."""
        if self._spoken(upgrade) is None:
            return HTTPStatus.NOT_FOUND
        return super().admit(upgrade)

    def codec(self, upgrade: Upgrade) -> Codec[bytes | str]:
        """That of the path; raises LookupError for one that `admit` refuses."""
        spoken = self._spoken(upgrade)
        if spoken is None:
            raise LookupError(upgrade.path)
        return spoken.codec(End.SERVER)

    def _spoken(self, upgrade: Upgrade) -> ProtocolSettings | None:
        return self._at.get(urlsplit(upgrade.path).path, self._anywhere)
