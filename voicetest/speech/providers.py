"""The voices and transcribers of one run, by name, with what they share."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager

from voicetest.registry import TRANSCRIBERS, VOICES, load
from voicetest.speech.account import Account
from voicetest.speech.cache import Cache, CachedTranscriber, CachedVoice, default_folder
from voicetest.speech.transcribers.base import Transcriber, TranscriberProvider
from voicetest.speech.voices.base import Voice, VoiceProvider
from voicetest.speech.workers import Workers

__all__ = ["Speech"]


class Speech(AbstractContextManager["Speech"]):
    """Hands out voices and transcribers, and ends their processes when its block is left."""

    def __init__(self, cache: Cache | None = None, workers: Workers | None = None) -> None:
        self.cache = cache or Cache(default_folder())
        self._workers = workers or Workers()

    def voice(self, name: str, account: Account | None = None) -> Voice:
        """The voice called `provider/voice`, cached; raises UnknownName or NotInstalled.

        What is not in the cache is charged to `account`, by default with the environment's keys.
        """
        provider_name, voice = _parts(name)
        provider: VoiceProvider = load(VOICES, provider_name)
        return CachedVoice(provider(voice, self._workers, account), self.cache)

    def transcriber(
        self, name: str, phrases: Iterable[str] = (), account: Account | None = None
    ) -> Transcriber:
        """The transcriber called `provider` or `provider/model`, cached.

        Raises UnknownName or NotInstalled. `phrases` bias what it hears: for ears, not for checks.
        """
        provider_name, model = _parts(name)
        provider: TranscriberProvider = load(TRANSCRIBERS, provider_name)
        transcriber = provider(model, self._workers, tuple(phrases), account)
        return CachedTranscriber(transcriber, self.cache)

    def give_up(self) -> None:
        """Kill what is being spoken or heard, and do no more."""
        self._workers.give_up()

    def close(self) -> None:
        """End the worker processes."""
        self._workers.close()

    def __exit__(self, *failure: object) -> None:
        self.close()


def _parts(name: str) -> tuple[str, str]:
    """Provider, and what stands behind it: after a slash, or options alone."""
    provider = name.partition("?")[0].partition("/")[0]
    return provider, name[len(provider) :].removeprefix("/")
