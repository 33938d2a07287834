"""What voices and transcribers of providers have in common."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar

from voicetest.speech.account import Account
from voicetest.speech.naming import Naming
from voicetest.speech.requests import Provider, Requests

if TYPE_CHECKING:
    import httpx

__all__ = ["CloudSpeech"]


class CloudSpeech(ABC):
    """A voice or a transcriber that is asked over HTTP; the result is kept elsewhere."""

    local = False

    prefix: ClassVar[str]
    """What stands before the `/` of its name."""
    provider: ClassVar[Provider]
    role: ClassVar[str]
    """What it is, for people."""
    options: ClassVar[frozenset[str]]
    """The options that its name may have."""
    default_model: ClassVar[str]
    ours: ClassVar[int] = 1
    """Our part of the identity; raise it when something else is asked for the same."""

    def __init__(self, written: str, account: Account | None) -> None:
        """Raises UnknownName for an option that is not there."""
        self._written = written
        self._account = account or Account()
        self._naming = Naming.of(written, self.prefix, self.options)
        who = f"the {self.role} {self.name}"
        self._requests = Requests(who, self.provider, self._naming, self._account)

    @property
    def name(self) -> str:
        """Provider, voice or model, and options, as in a scenario."""
        return f"{self.prefix}/{self._written}".rstrip("/")

    @property
    def identity(self) -> str:
        """Voice, model and options, and whose they are."""
        decides = asdict(self._naming) | {
            "subject": self._subject,
            "model": self._model,
            "base_url": self._requests.base_url,
        }
        del decides["key_env"]
        return f"{self.prefix} {self.ours} {json.dumps(decides, sort_keys=True)}"

    @property
    @abstractmethod
    def _subject(self) -> str:
        """The provider's own name for the voice or the transcriber."""

    @property
    @abstractmethod
    def _model(self) -> str:
        """The model that is asked for."""

    @abstractmethod
    def _client(self, http: httpx.AsyncClient) -> object:
        """Whatever is needed to ask, made as for a request; raises SetupError without a key."""

    async def prepare(self) -> None:
        """Load what is slow to load; raises SetupError without a key."""
        await self._requests.prepare(self._client)
