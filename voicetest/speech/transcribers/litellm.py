"""Whatever transcribes and litellm can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from voicetest.registry import UnknownName
from voicetest.speech.account import Account
from voicetest.speech.requests import Provider
from voicetest.speech.transcribers.cloud import CloudTranscriber
from voicetest.speech.workers import Workers

if TYPE_CHECKING:
    pass

__all__ = ["LiteLLMTranscriber"]


class LiteLLMTranscriber(CloudTranscriber):
    """A model by its litellm name, such as groq/whisper-large-v3; litellm finds address and key."""

    prefix: ClassVar[str] = "litellm"
    provider: ClassVar[Provider] = Provider("its provider", (), "", "")
    default_model: ClassVar[str] = ""

    def __init__(
        self,
        model: str,
        workers: Workers,
        phrases: tuple[str, ...] = (),
        account: Account | None = None,
    ) -> None:
        """Raises UnknownName for an option that it does not have, or when no model is named."""
        super().__init__(model, workers, phrases, account)
        if not self._model:
            raise UnknownName("litellm needs a model, such as litellm/groq/whisper-large-v3")
