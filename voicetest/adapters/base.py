"""What every adapter is: the settings of one platform, and how to reach it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from voicetest.events import Status, Warned
from voicetest.links.base import Link
from voicetest.models.asked import Opens
from voicetest.models.chat import open_chat
from voicetest.protocols.base import Capabilities
from voicetest.scenario.tools import Tool
from voicetest.scenario.values import Count, Duration
from voicetest.speech.cache import Cache
from voicetest.speech.transcribers.base import Transcriber
from voicetest.speech.voices.base import Voice
from voicetest.spending import Spending
from voicetest.transports.base import KEPT_ALIVE, Dial, KeepAlive, Transport

if TYPE_CHECKING:
    import httpx
    from starlette.types import ASGIApp

    from voicetest.agents.dialogue import Dialogue
    from voicetest.agents.truth import Spoke

__all__ = ["OFFLINE_EARS", "OFFLINE_VOICE", "Adapter", "Leftover", "Serve", "World"]

OFFLINE_EARS = "pocketsphinx/espeak"
OFFLINE_VOICE = "espeak/en-us"
"""What takes the place of parts that leave this machine."""


LONGEST_BUFFER_S = 2.0
LARGEST_CALLBACK = 1 << 20
"""Bytes of a message that a platform may send to a server of ours."""

Serve: TypeAlias = "Callable[[ASGIApp, str, int], AbstractAsyncContextManager[int]]"
"""Serves an application at a host and a port, and gives the port."""


def _over_the_network(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    subprotocols: Sequence[str] = (),
    keep_alive: KeepAlive = KEPT_ALIVE,
) -> AbstractAsyncContextManager[Transport[bytes | str]]:
    # Not needed to validate a scenario, and slow to import.
    from voicetest.transports.websocket import connect

    return connect(url, headers=headers, subprotocols=subprotocols, keep_alive=keep_alive)


def _http_over_the_network(base_url: str) -> httpx.AsyncClient:
    # Not needed to validate a scenario, and slow to import.
    from voicetest.transports.http import client

    return client(base_url)


def _on_a_socket(app: ASGIApp, host: str, port: int) -> AbstractAsyncContextManager[int]:
    # Not needed to validate a scenario, and slow to import.
    from voicetest.transports.asgi import serve_app
    from voicetest.transports.guarded import GuardedHttp

    return serve_app(app, host, port, largest=LARGEST_CALLBACK, guard=GuardedHttp)


def _forgotten(secret: str) -> None:
    """Nothing is written."""


def _untold(event: Status | Warned) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class World:
    """What an adapter may use of the run around it."""

    voice: Callable[[str], Voice]
    """A voice by name, such as espeak/en-us."""
    transcriber: Callable[[str, tuple[str, ...]], Transcriber]
    """A transcriber by name, biased towards phrases if there are any."""
    cache: Cache
    """What was spoken, heard and found before, by content."""
    real_time: bool = True
    """Whether time passes while work is done: what can be done before the line opens should be."""
    told: Callable[[Spoke], None] | None = None
    """Who is told when an embedded agent really spoke; only calibration wants to know."""
    dial: Dial = _over_the_network
    """Opens WebSocket connections."""
    address: Callable[[str], AbstractAsyncContextManager[str]] = nullcontext
    """Where what is at an address can be reached, for packages that make connections themselves."""
    http: Callable[[str], httpx.AsyncClient] = _http_over_the_network
    """A client, still to be opened, for requests to the platform at a base URL."""
    serve: Serve = _on_a_socket
    """Serves an application at a host and a port (0: a free one) for a platform that calls back.

    Gives the port, and raises OSError when it cannot be had.
    """
    report: Callable[[Status | Warned], None] = _untold
    """Takes what the platform says of the call beside its line, even when that is closed."""
    tools: tuple[Tool, ...] = ()
    """What the agent may call, for platforms that want to know it before the call."""
    secret: Callable[[str], None] = _forgotten
    """Takes note of what must not be written from now on, such as a token made for this call."""
    spending: Spending = field(default_factory=Spending)
    """Takes note of what this call costs; asked before each request that will be paid for."""
    chat: Opens = open_chat
    """Opens the language model that plays the user, or judges."""
    offline: bool = False
    """Whether whatever would leave this machine is simulated."""


@dataclass(frozen=True)
class Leftover:
    """Something at a platform that a run had changed, and what has become of it."""

    name: str
    settled: bool
    """Whether nothing is left to do."""
    words: str


class Adapter(BaseModel, ABC):
    """The settings of one platform as a scenario gives them, validated; times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: ClassVar[str]
    """One line for `voicetest list-adapters`."""
    typical: ClassVar[Capabilities]
    """What the line can carry with default settings."""
    over_a_line: ClassVar[bool] = True
    """Whether the agent is somewhere else, so that its sound may come late."""
    descriptors: ClassVar[int] = 12
    """Files and sockets that a call has open at most, simulated at that; measured."""
    environment: ClassVar[Sequence[str]] = ()
    """The variables of the environment that it reads."""
    example: ClassVar[Mapping[str, str]] = {}
    """Settings in the scenario that `voicetest init` writes, beside those that have no default."""
    always_hears: ClassVar[str] = ""
    """The setting with which it hears the user between turns too, where others make it deaf."""

    assumed: ClassVar[Mapping[str, str]] = {}
    """Settings that are worth a word where they are left out, and what they are then."""

    response_timeout: Duration = Field(
        default=60.0, description="How long to wait for the agent to begin an answer."
    )
    response_tail_silence: Duration | None = Field(
        default=None,
        description="Silence that ends the agent's turn where its platform does not say so: "
        "by default 600ms, or 1s on a line that streams silence.",
    )
    response_max_duration: Duration = Field(
        default=30.0, description="How long to listen to one answer before going on."
    )
    jitter_buffer: Duration | None = Field(
        default=None,
        description="How late sound may come and be heard without a gap; every time is later by "
        "as much, which is taken off again. By default 40ms on a line in real time, and what its "
        "protocol needs on others, 0s to 60ms.",
    )
    max_concurrent: Count | None = Field(
        default=None, description="How many calls to this agent may run at once."
    )

    @model_validator(mode="after")
    def _buffers_within_reason(self) -> Self:
        if self.jitter_buffer is None:
            return self
        if not self.over_a_line:
            raise ValueError("jitter_buffer is for a line, and this agent is in this process")
        if self.jitter_buffer > LONGEST_BUFFER_S:
            raise ValueError(f"jitter_buffer is {LONGEST_BUFFER_S:g}s at most")
        return self

    @property
    def capabilities(self) -> Capabilities:
        """What the line can carry with these settings."""
        return self.typical

    @property
    def voices(self) -> Mapping[str, str]:
        """The voices it speaks with, by setting."""
        return {}

    @property
    def transcribers(self) -> Mapping[str, str]:
        """The transcribers it listens with, by setting."""
        return {}

    @property
    def models(self) -> Mapping[str, str]:
        """The language models it thinks with in this process, by setting."""
        return {}

    @property
    def dialogues(self) -> tuple[Dialogue, ...]:
        """The dialogues that it follows in this process."""
        return ()

    @property
    def brief(self) -> str:
        """What its language models are told before the call."""
        return ""

    @property
    def speech_keys(self) -> Mapping[str, SecretStr]:
        """Keys for voices and transcribers, by the environment variables whose place they take."""
        return {}

    @property
    @abstractmethod
    def outside(self) -> tuple[str, ...]:
        """What of the line itself leaves this process, for people."""

    @property
    def sockets(self) -> tuple[str, ...]:
        """What of the line needs sockets even when its platform is simulated, for people."""
        return ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What the environment lacks for a call that is not simulated, each with what to do."""
        return ()

    @property
    def doubts_tones(self) -> str:
        """Why keys that are pressed as tones may not arrive as keys; empty where they do."""
        return ""

    @property
    def secrets(self) -> frozenset[str]:
        """The values of its settings that must not be written anywhere."""
        return frozenset(_secrets(getattr(self, name) for name in type(self).model_fields))

    @property
    def redacted(self) -> frozenset[str]:
        """The values of which only the last four characters may be written."""
        return frozenset()

    @property
    def sdks(self) -> tuple[str, ...]:
        """The vendor packages it talks through, for the manifest."""
        return ()

    @property
    def dial_limit(self) -> float:
        """Seconds that opening the line may take, whatever waits inside it."""
        return 150.0

    @property
    def late_sound(self) -> float:
        """Seconds in which sound may still come after the platform said that a turn is over."""
        return 0.0

    @classmethod
    async def put_back(cls) -> Sequence[Leftover]:
        """Undo what runs that crashed have changed at the platform; what became of each."""
        return ()

    @abstractmethod
    def connect(self, world: World) -> AbstractAsyncContextManager[Link]:
        """Open the line; it is ready inside the block and hung up after it.

        Raises ConnectionFailed when the agent cannot be reached.
        """

    def offline(self, dialogue: Dialogue | None, local: bool) -> Adapter | None:
        """The adapter that takes its place when nothing may leave this machine.

        None unless a simulator takes the place of its platform; `dialogue` is the scenario's
        `simulator`, `local` says that none of its parts leaves this machine.
        """
        return self if local else None

    @property
    def tail_silence(self) -> float:
        """Silence that ends the agent's turn, in seconds."""
        if self.response_tail_silence is not None:
            return self.response_tail_silence
        return 1.0 if self.capabilities.paced else 0.6


def _secrets(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        match value:
            case SecretStr():
                yield value.get_secret_value()
            case dict():
                yield from _secrets(value.values())
            case tuple() | list():
                yield from _secrets(value)
            case BaseModel():
                yield from _secrets(getattr(value, name) for name in type(value).model_fields)
            case _:
                pass
