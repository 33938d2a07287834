"""What a transcriber is: sound in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from voicetest.audio.chunk import AudioChunk

if TYPE_CHECKING:
    from voicetest.speech.account import Account
    from voicetest.speech.workers import Workers

__all__ = ["Transcriber", "TranscriberProvider"]


class Transcriber(Protocol):
    """One recogniser with one model.

    `name` is what a scenario says; `local` that nothing leaves the machine; `identity` everything
    but the sound that decides the text: provider, model, phrases, versions.
    """

    @property
    def name(self) -> str: ...

    @property
    def local(self) -> bool: ...

    @property
    def identity(self) -> str: ...

    @property
    def languages(self) -> frozenset[str] | None:
        """The languages that it knows (BCP 47, without a region); None: as many as there are."""
        ...

    async def prepare(self) -> None:
        """Do now what the first sound would have to wait for, such as loading a model."""
        ...

    async def transcribe(self, audio: AudioChunk) -> str:
        """The words of one whole speech segment (PCM16 mono at 24 kHz); empty if none is heard."""
        ...


class TranscriberProvider(Protocol):
    """What an entry point of `voicetest.transcribers` loads."""

    def __call__(
        self,
        model: str,
        workers: Workers,
        phrases: tuple[str, ...] = (),
        account: Account | None = None,
    ) -> Transcriber:
        """The recogniser with that model (empty for the default), biased towards `phrases`.

        Only the ears of the embedded agent give phrases; what checks an agent must not.
        `account` has the keys of the run and takes note of what is spent; None: the environment's.
        Raises `voicetest.registry.UnknownName`.
        """
        ...
