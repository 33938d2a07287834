"""Whatever transcribes and litellm can reach."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

from voicetest.audio.chunk import AudioChunk
from voicetest.models.library import connections, litellm
from voicetest.registry import UnknownName
from voicetest.speech.account import Account
from voicetest.speech.connections import ATTEMPT_LIMIT_S
from voicetest.speech.refusal import Cause, Refusal
from voicetest.speech.requests import Provider
from voicetest.speech.services.litellm import litellm_errors
from voicetest.speech.transcribers.cloud import CloudTranscriber, wav_file
from voicetest.speech.workers import Workers
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx

__all__ = ["LiteLLMTranscriber"]

_PAGES = ("<!doctype", "<html")


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

    def _client(self, http: httpx.AsyncClient) -> object:
        # Which key is needed it only says when it is asked.
        return litellm()

    async def _hear(self, http: httpx.AsyncClient, audio: AudioChunk) -> tuple[str, Spent]:
        naming = self._naming
        given = naming.base_url or naming.key_env
        async with connections() as package:
            with litellm_errors():
                answer = await package.atranscription(
                    model=self._model,
                    file=("speech.wav", wav_file(audio), "audio/wav"),
                    language=naming.language or None,
                    api_base=naming.base_url or None,
                    api_key=self._requests.key() if given else None,
                    timeout=ATTEMPT_LIMIT_S,
                    max_retries=0,
                )
            cost = _cost(package, self._model, audio.duration)
        # It takes whatever comes for a transcript.
        if answer.text is None or answer.text.lstrip().lower().startswith(_PAGES):
            raise Refusal(Cause.NONSENSE, "it sends no transcript")
        return answer.text, Spent(self.name, cost_usd=cost, seconds=audio.duration)


def _cost(package: ModuleType, model: str, seconds: float) -> float | None:
    """US dollars by litellm's own price list, for models that are paid by the second."""
    prices = package.model_cost.get(model) or package.model_cost.get(model.partition("/")[2])
    price = (prices or {}).get("input_cost_per_second")
    return None if price is None else price * seconds
