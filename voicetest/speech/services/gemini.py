"""Google's Gemini API, through the official SDK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voicetest.speech.refusal import Cause, Refusal, refusal_of_status
from voicetest.speech.requests import Provider, Requests, http_errors
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx
    from google.genai.errors import APIError
    from google.genai.types import GenerateContentConfig, GenerateContentResponse, Part

__all__ = ["GEMINI", "generate", "tokens"]

GEMINI = Provider(
    "Gemini",
    ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "GOOGLE_GEMINI_BASE_URL",
    "https://generativelanguage.googleapis.com",
)


async def generate(
    requests: Requests,
    http: httpx.AsyncClient,
    model: str,
    part: Part,
    config: GenerateContentConfig,
) -> GenerateContentResponse:
    """What a model makes of one part; raises Refusal."""
    # Not needed to validate a scenario, and slow to import.
    from google import genai
    from google.genai.types import Content, HttpOptions

    options = HttpOptions(base_url=requests.base_url, httpx_async_client=http)
    client = genai.Client(api_key=requests.key(), vertexai=False, http_options=options)
    with _errors():
        return await client.aio.models.generate_content(
            model=model, contents=[Content(role="user", parts=[part])], config=config
        )


@contextmanager
def _errors() -> Iterator[None]:
    """What the SDK raises, as a Refusal."""
    from google.genai.errors import APIError

    try:
        with http_errors():
            yield
    except APIError as error:
        raise _refused(error) from error
    except (ValueError, AttributeError) as error:
        # A page, half an answer or the wrong fields: its SDK has no one error for them all.
        raise Refusal(Cause.NONSENSE, "it sends no answer of that interface") from error


def _refused(error: APIError) -> Refusal:
    import httpx

    match error.response:
        case httpx.Response() as answer:
            return refusal_of_status(answer.status_code, answer.text, answer.headers)
        case _:
            return refusal_of_status(error.code, "", {})


def tokens(what: str, answer: GenerateContentResponse) -> Spent:
    """What an answer took, by its own count."""
    usage = answer.usage_metadata
    if usage is None:
        return Spent(what)
    thought = usage.thoughts_token_count or 0
    out = (usage.candidates_token_count or 0) + thought
    return Spent(what, usage.prompt_token_count or 0, out)
