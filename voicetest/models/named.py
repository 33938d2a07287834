"""The models that scenarios name."""

from __future__ import annotations

from voicetest.models.chat import Model
from voicetest.scenario.language_model import LanguageModel

__all__ = ["model_of"]


def model_of(named: LanguageModel, seed: int) -> Model:
    """How to reach a model; the seed goes to those that take one."""
    return Model(named.use, named.base_url, named.api_key, options={"seed": seed})
