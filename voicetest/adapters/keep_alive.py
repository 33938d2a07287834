"""The settings of a line over a WebSocket that is dialled: when is it dead?"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from voicetest.adapters.base import Adapter
from voicetest.scenario.values import DurationOrOff
from voicetest.transports.base import KEPT_ALIVE, KeepAlive

__all__ = ["KEEP_ALIVE_SETTINGS", "KeptAlive"]

KEEP_ALIVE_SETTINGS = ("ping_interval", "ping_timeout")


class KeptAlive(Adapter):
    """An adapter that dials a WebSocket."""

    ping_interval: DurationOrOff = Field(
        default=KEPT_ALIVE.interval,
        description="How often the far side is asked over the WebSocket whether it is there; off: "
        "never, and then no silence ends the line.",
    )
    ping_timeout: DurationOrOff = Field(
        default=KEPT_ALIVE.limit,
        description="A line on which nothing came for so long is dead: no sound, no message, no "
        "answer to a ping. A line on which anything comes is never cut, whatever becomes of pings; "
        "off: none is.",
    )

    @model_validator(mode="after")
    def _asks_in_time(self) -> Self:
        interval, limit = self.ping_interval, self.ping_timeout
        if interval is not None and limit is not None and limit <= interval:
            raise ValueError(
                f"ping_timeout ({limit:g}s) has to be longer than ping_interval ({interval:g}s): "
                "a far side that is silent is asked only then"
            )
        return self

    @property
    def keep_alive(self) -> KeepAlive:
        """How it is found out that the far side is gone."""
        return KeepAlive(self.ping_interval, self.ping_timeout)
