"""OpenAI and whatever speaks its interface, through the official SDK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voicetest.speech.connections import http_errors, lost_on_the_way, refusal_of_answer
from voicetest.speech.refusal import Cause, Refusal
from voicetest.speech.requests import Provider, Requests

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
    """What the SDK raises, as a Refusal."""
    import openai

    try:
        with http_errors():
            yield
    except openai.APIConnectionError as error:
        # It says `Connection error.` of everything; what it was stands behind that.
        raise lost_on_the_way(error.__cause__ or error) from error
    except openai.APIStatusError as error:
        raise refusal_of_answer(error.response) from error
    except openai.OpenAIError as error:
        raise Refusal(Cause.NONSENSE, str(error)) from error
