"""What language models cost, by the price list that comes with litellm."""

from __future__ import annotations

from voicetest.models.library import litellm

__all__ = ["list_price"]


def list_price(model: str, tokens_in: int, tokens_out: int) -> float | None:
    """In US dollars; None for a model that is not in the list."""
    package = litellm()
    try:
        prices = package.cost_per_token(
            model=model, prompt_tokens=tokens_in, completion_tokens=tokens_out
        )
    except package.exceptions.ModelNotMappedError:
        return None
    return float(sum(prices))
