"""A simulator whose calls differ by the path that is dialled."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import urlsplit

from voicetest.agents.recipe import AgentRecipe
from voicetest.protocols.base import Codec
from voicetest.simulators.base import Simulator
from voicetest.transports.base import Upgrade

__all__ = ["MakeCodec", "PathSimulator", "Served"]

MakeCodec: TypeAlias = Callable[[], Codec[bytes | str]]


@dataclass(frozen=True)
class Served:
    """What is spoken at one path; `settings` are those of an adapter that dials it, as YAML."""

    codec: MakeCodec
    settings: str


class PathSimulator(Simulator, ABC):
    """One protocol at every path, or several at paths of their own."""

    def __init__(
        self,
        agent: AgentRecipe,
        anywhere: MakeCodec | None = None,
        at: Mapping[str, Served] | None = None,
    ) -> None:
        """`anywhere` is spoken at every path that is not a key of `at`."""
        super().__init__(agent)
        self._anywhere = anywhere
        self._at = dict(at or {})

    def addresses(self, url: str) -> list[str]:
        """A scenario's `agent:` for each path, as YAML."""
        return [
            f"agent: {{{served.settings}, url: '{url}{path}'}}" for path, served in self._at.items()
        ]

    def admit(self, upgrade: Upgrade) -> HTTPStatus | None:
        """A path at which nothing is spoken is not found."""
        if self._spoken(upgrade) is None:
            return HTTPStatus.NOT_FOUND
        return super().admit(upgrade)

    def codec(self, upgrade: Upgrade) -> Codec[bytes | str]:
        """That of the path; raises LookupError for one that `admit` refuses."""
        make = self._spoken(upgrade)
        if make is None:
            raise LookupError(upgrade.path)
        return make()

    def _spoken(self, upgrade: Upgrade) -> MakeCodec | None:
        served = self._at.get(urlsplit(upgrade.path).path)
        return self._anywhere if served is None else served.codec
