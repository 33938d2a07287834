"""What voices that are made elsewhere have in common."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar

from voicetest.audio.chunk import AudioChunk
from voicetest.speech.account import Account
from voicetest.speech.naming import Naming
from voicetest.speech.requests import Provider, Requests
from voicetest.speech.voices.base import UnspeakableText
from voicetest.speech.workers import Workers
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx

__all__ = ["CloudVoice"]


class CloudVoice(ABC):
    """One voice of a provider that is asked over HTTP, text by text; the result is kept elsewhere.

    The same text is not the same sound twice.
    """

    local = False

    prefix: ClassVar[str]
    """What stands before the `/` of its name."""
    provider: ClassVar[Provider]
    options: ClassVar[frozenset[str]]
    """The options that its name may have."""
    default_model: ClassVar[str]
    rates: ClassVar[tuple[float, float]]
    """The slowest and the fastest."""
    longest: ClassVar[int] = 40_000
    """Characters of one text."""
    ours: ClassVar[int] = 1
    """Our part of a voice's identity; raise it when something else is asked for the same text."""

    def __init__(self, voice: str, workers: Workers, account: Account | None = None) -> None:
        """Raises UnknownName for a voice or an option that is not there."""
        self._written = voice
        self._account = account or Account()
        self._naming = Naming.of(voice, self.prefix, self.options)
        who = f"the voice {self.name}"
        self._requests = Requests(who, self.provider, self._naming, self._account)
        self._voice = self._chosen(self._naming.subject)

    @property
    def name(self) -> str:
        """Provider, voice and options, as in a scenario."""
        return f"{self.prefix}/{self._written}".rstrip("/")

    @property
    def identity(self) -> str:
        """Voice, model, options, and whose voice it is."""
        decides = asdict(self._naming) | {
            "subject": self._voice,
            "model": self._model,
            "base_url": self._requests.base_url,
        }
        del decides["key_env"]
        return f"{self.prefix} {self.ours} {json.dumps(decides, sort_keys=True)}"

    @property
    def _model(self) -> str:
        return self._naming.model or self.default_model

    @abstractmethod
    def _chosen(self, voice: str) -> str:
        """The provider's own name for what stands in the scenario; raises UnknownName."""

    @staticmethod
    @abstractmethod
    def _import() -> None:
        """Load what is slow to import."""

    @abstractmethod
    async def _speak(
        self, http: httpx.AsyncClient, text: str, rate: float
    ) -> tuple[AudioChunk, Spent]:
        """One request for the sound of a text; raises Refusal."""

    async def prepare(self) -> None:
        """Load what is slow to import; raises SetupError without a key."""
        self._import()
        self._requests.key()

    async def synthesise(self, text: str, rate: float = 1.0) -> AudioChunk:
        """The text as the provider says it.

        Raises UnspeakableText for what it cannot say, SetupError for keys and credit, and
        ConnectionFailed when the sound cannot be had.
        """
        slowest, fastest = self.rates
        if not slowest <= rate <= fastest:
            possible = f"{slowest:g} to {fastest:g}" if slowest < fastest else f"{slowest:g} only"
            raise UnspeakableText(f"{self.name} speaks at a rate of {possible}, not {rate:g}")
        if len(text) > self.longest:
            raise UnspeakableText(
                f"{self.name} speaks {self.longest} characters at a time, not {len(text)}"
            )
        self._account.spending.check(self.name)
        sound, spent = await self._requests.ask(lambda http: self._speak(http, text, rate))
        self._account.spending.add(spent)
        return sound

    async def said(self, text: str, rate: float = 1.0) -> str:
        """The text itself."""
        return text
