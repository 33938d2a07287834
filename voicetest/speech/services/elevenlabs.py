"""ElevenLabs, over HTTP: two requests, for which its SDK would be a large package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicetest.speech.connections import accepted, http_errors
from voicetest.speech.requests import Provider, Requests

if TYPE_CHECKING:
    import httpx

__all__ = ["ELEVENLABS", "post"]

ELEVENLABS = Provider(
    "ElevenLabs", ("ELEVENLABS_API_KEY",), "ELEVENLABS_BASE_URL", "https://api.elevenlabs.io"
)


async def post(
    requests: Requests, http: httpx.AsyncClient, path: str, **request: Any
) -> httpx.Response:
    """What it answers, if that is a success; raises Refusal. `request` is as httpx has it."""
    headers = {"xi-api-key": requests.key()}
    with http_errors():
        answer = await http.post(f"{requests.base_url}/v1/{path}", headers=headers, **request)
        return accepted(answer)
