"""The words in a provider's JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from voicetest.speech.refusal import Cause, Refusal

__all__ = ["Transcribed", "Usage", "read_transcribed"]


class Usage(BaseModel):
    """What OpenAI counts: tokens or seconds."""

    model_config = ConfigDict(frozen=True)

    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0


class Transcribed(BaseModel):
    """What OpenAI and ElevenLabs have in common; further fields do not matter."""

    model_config = ConfigDict(frozen=True)

    text: str
    usage: Usage | None = None


def read_transcribed(body: str) -> Transcribed:
    """The answer of a transcriber; raises Refusal for anything else."""
    try:
        return Transcribed.model_validate_json(body)
    except ValidationError as error:
        raise Refusal(Cause.NONSENSE, "it sends no transcript") from error
