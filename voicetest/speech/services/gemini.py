"""Google's Gemini API, through the official SDK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voicetest.speech.connections import http_errors, refusal_of_answer, tls
from voicetest.speech.refusal import Cause, Refusal, refusal_of_status
from voicetest.speech.requests import Provider, Requests
from voicetest.spending import Spent

if TYPE_CHECKING:
    import httpx
    from google.genai import Client
    from google.genai.errors import APIError
    from google.genai.types import GenerateContentConfig, GenerateContentResponse, Part

__all__ = ["GEMINI", "gemini_client", "gemini_ready", "generate", "tokens"]

GEMINI = Provider(
    "Gemini",
    ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "GOOGLE_GEMINI_BASE_URL",
    "https://generativelanguage.googleapis.com",
)


def gemini_client(requests: Requests, http: httpx.AsyncClient) -> Client:
    """The SDK's client over a connection of ours; it does not ask again by itself."""
    # Not needed to validate a scenario, and slow to import.
    import httpx
    from google.genai import Client
    from google.genai.types import HttpOptions

    options = HttpOptions(
        base_url=requests.base_url,
        httpx_async_client=http,
        # Neither is used, but it would read the certificates for each of them.
        httpx_client=httpx.Client(verify=tls()),
        async_client_args={"ssl": tls()},
    )
    return Client(api_key=requests.key(), vertexai=False, http_options=options)


def gemini_ready(requests: Requests, http: httpx.AsyncClient) -> object:
    """Everything that the SDK only makes when it is first used; raises SetupError without a key."""
    from google.genai.types import Content, GenerateContentConfig, GenerateContentResponse

    found = GenerateContentResponse.model_validate({"candidates": [{"content": {"parts": []}}]})
    made = (Content(role="user", parts=[]), GenerateContentConfig(temperature=0.0))
    return (gemini_client(requests, http).aio.models, found, made)


async def generate(
    client: Client, model: str, part: Part, config: GenerateContentConfig
) -> GenerateContentResponse:
    """What a model makes of one part; raises Refusal."""
    from google.genai.types import Content

    content = Content(role="user", parts=[part])
    with _errors():
        return await client.aio.models.generate_content(
            model=model, contents=[content], config=config
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
            return refusal_of_answer(answer)
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
