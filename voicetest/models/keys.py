"""Which keys a language model needs in the environment."""

from __future__ import annotations

from voicetest.models.library import litellm

__all__ = ["missing_key"]


def missing_key(model: str) -> tuple[str, ...]:
    """What is missing to ask a model at its usual address, with what to do; usually one thing."""
    package = litellm()
    try:
        package.get_llm_provider(model)
    except package.exceptions.BadRequestError:
        return (f"no language model is called '{model}': write provider/model, as litellm does",)
    found = package.validate_environment(model)
    if found["keys_in_environment"]:
        return ()
    names = found["missing_keys"]
    # Clouds have other ways to let somebody in, and a server on this machine has none.
    if not names or not all(name.endswith("_API_KEY") for name in names):
        return ()
    return (f"the language model '{model}' needs {' or '.join(names)} in the environment",)
