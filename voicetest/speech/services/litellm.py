"""litellm, which makes all errors of its providers those of the openai package."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from voicetest.speech.connections import lost_on_the_way, refusal_of_answer
from voicetest.speech.refusal import Cause, Refusal, refusal_of_status

__all__ = ["litellm_errors"]


@contextmanager
def litellm_errors() -> Iterator[None]:
    """What it raises, as a Refusal."""
    import openai

    try:
        yield
    except openai.OpenAIError as error:
        raise _refusal(error) from error


def _refusal(error: Exception) -> Refusal:
    import httpx
    import openai

    for origin in _behind(error):
        match origin:
            case httpx.HTTPStatusError():
                return refusal_of_answer(origin.response)
            case httpx.HTTPError():
                return lost_on_the_way(origin)
    match error:
        case openai.APIConnectionError():
            return lost_on_the_way(error)
        case openai.APIStatusError():
            return refusal_of_status(error.status_code, json.dumps({"message": str(error)}), {})
        case _:
            return Refusal(Cause.NONSENSE, str(error))


def _behind(error: BaseException) -> Iterator[BaseException]:
    """What was being handled when an error was raised, and so on to the first."""
    while error.__context__ is not None:
        error = error.__context__
        yield error
