"""OpenAI and whatever speaks its interface, through the official SDK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voicetest.speech.refusal import Cause, Refusal, refusal_of_status
from voicetest.speech.requests import Provider, Requests, http_errors

if TYPE_CHECKING:
    import httpx
    from openai import AsyncOpenAI

__all__ = ["OPENAI", "openai_client", "openai_errors"]

OPENAI = Provider("OpenAI", ("OPENAI_API_KEY",), "OPENAI_BASE_URL", "https://api.openai.com/v1")


def openai_client(requests: Requests, http: httpx.AsyncClient) -> AsyncOpenAI:
    """The SDK's client over a connection of ours; we ask again ourselves."""
    # Not needed to validate a scenario, and slow to import.
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        api_key=requests.key(), base_url=requests.base_url, http_client=http, max_retries=0
    )


@contextmanager
def openai_errors() -> Iterator[None]:
    """What the SDK raises, and what litellm derives from it, as a Refusal."""
    import openai

    try:
        with http_errors():
            yield
    except openai.APITimeoutError as error:
        raise Refusal(Cause.SLOW) from error
    except openai.APIConnectionError as error:
        raise _on_the_way(error) from error
    except openai.APIStatusError as error:
        answer = error.response
        raise refusal_of_status(answer.status_code, answer.text, answer.headers) from error
    except openai.OpenAIError as error:
        raise Refusal(Cause.NONSENSE, str(error)) from error


def _on_the_way(error: Exception) -> Refusal:
    """The SDK says `Connection error.` of everything; what it was stands behind that."""
    if error.__cause__ is None:
        return Refusal(Cause.UNREACHABLE, str(error))
    try:
        with http_errors():
            raise error.__cause__
    except Refusal as refusal:
        return refusal
