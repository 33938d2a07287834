"""Asks a platform something over HTTP; what goes wrong is told in words that say what to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from voicetest.errors import ConnectionFailed

if TYPE_CHECKING:
    import httpx

__all__ = ["accepted", "ask", "sent"]

ANSWER_LIMIT_S = 20.0
_LONGEST = 300
_AT_ITS_SIDE = "the fault is at its side: try again later"


async def ask(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    *,
    platform: str,
    advice: Mapping[int, str],
    body: Any = None,
) -> dict[str, Any]:
    """The JSON object with which a platform answers within 20 s.

    `advice` says what to do about a status. Raises ConnectionFailed, with the status as its code;
    it shows the platform's own words, and neither headers nor `body`.
    """
    try:
        request = client.build_request(method, path, json=body)
    except _invalid_url() as error:
        raise _unreachable(error, client.base_url.host, platform) from error
    return accepted(await sent(client, request, platform), platform, advice)


async def sent(
    client: httpx.AsyncClient,
    request: httpx.Request,
    platform: str,
    auth: tuple[str, str] | None = None,
) -> httpx.Response:
    """Whatever a platform answers within 20 s; raises ConnectionFailed when nothing comes."""
    # Not needed to validate a scenario, and slow to import.
    import httpx

    host = request.url.host
    try:
        async with asyncio.timeout(ANSWER_LIMIT_S):
            return await client.send(request, auth=auth)
    except (TimeoutError, httpx.TimeoutException) as error:
        words = f"{platform} did not answer at {host} in time: try again, or check 'base_url'"
        raise ConnectionFailed(words) from error
    except httpx.ProxyError as error:
        words = f"cannot reach {platform}: the proxy does not let it through: check HTTPS_PROXY"
        raise ConnectionFailed(words) from error
    except httpx.HTTPError as error:
        raise _unreachable(error, host, platform) from error


def accepted(
    response: httpx.Response,
    platform: str,
    advice: Mapping[int, str],
    hide: Callable[[str], str] = str,
) -> dict[str, Any]:
    """The JSON object of an answer; raises ConnectionFailed for a refusal.

    `advice` says what to do, by the platform's own code or else the status, which is the error's
    code as well; `hide` takes out of its words what must not be shown.
    """
    found = _object(response.text)
    if not response.is_success:
        raise _refusal(response, found or {}, platform, advice, hide)
    if found is None:
        words = (
            f"what answers at {response.url.host} is not {platform}, it sends no JSON: check "
            "'base_url'"
        )
        raise ConnectionFailed(words, code=response.status_code)
    return found


def _invalid_url() -> type[Exception]:
    import httpx

    return httpx.InvalidURL


def _unreachable(error: Exception, host: str, platform: str) -> ConnectionFailed:
    why = _printable(str(error)) or type(error).__name__
    words = f"cannot reach {platform} at {host}: {why}: check the network and 'base_url'"
    return ConnectionFailed(words)


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refusal(
    response: httpx.Response,
    found: Mapping[str, Any],
    platform: str,
    advice: Mapping[int, str],
    hide: Callable[[str], str],
) -> ConnectionFailed:
    status = response.status_code
    code = found.get("code")
    code = code if isinstance(code, int) and code in advice else status
    its_own = hide(_its_words(found.get("message")))
    said = f" '{its_own}'" if its_own else ""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        todo = advice.get(code, _AT_ITS_SIDE)
    elif response.is_redirect:
        todo = "it redirects, which is not followed: check 'base_url'"
    else:
        todo = advice.get(code, "check the settings of 'agent'")
    message = f"{platform} answered HTTP {status}{said}: {todo}"
    return ConnectionFailed(message, code=code, reason=its_own)


def _its_words(message: object) -> str:
    """A text, or the texts of a list; nothing else is shown."""
    texts = message if isinstance(message, list) else [message]
    return _printable("; ".join(text for text in texts if isinstance(text, str)))


def _printable(text: str) -> str:
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return "".join(c if c.isprintable() else " " for c in short).strip()
