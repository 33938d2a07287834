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

__all__ = ["answered", "ask", "json_object", "not_the_platform", "refusal"]

ANSWER_LIMIT_S = 20.0
SETTING = "base_url"
"""Where a scenario usually says which host to ask."""
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
    response = await answered(client, method, path, platform=platform, json=body)
    if not response.is_success:
        raise refusal(response, platform, advice)
    found = json_object(response.text)
    if found is None:
        raise not_the_platform(response, platform, "it sends no JSON")
    return found


async def answered(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    *,
    platform: str,
    setting: str = SETTING,
    limit_s: float = ANSWER_LIMIT_S,
    **content: Any,
) -> httpx.Response:
    """Whatever answers within `limit_s` seconds; raises ConnectionFailed if nothing does.

    `setting` is where the scenario says who is asked; `content` is what httpx sends.
    """
    # Not needed to validate a scenario, and slow to import.
    import httpx

    from voicetest.answers import TooLarge

    host = client.base_url.host
    try:
        async with asyncio.timeout(limit_s):
            return await client.request(method, path, **content)
    except (TimeoutError, httpx.TimeoutException) as error:
        words = f"{platform} did not answer at {host} in time: try again, or check '{setting}'"
        raise ConnectionFailed(words) from error
    except httpx.ProxyError as error:
        words = f"cannot reach {platform}: the proxy does not let it through: check HTTPS_PROXY"
        raise ConnectionFailed(words) from error
    except TooLarge as error:
        words = f"what answers at {host} is not {platform}: {error}: check '{setting}'"
        raise ConnectionFailed(words) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = _printable(str(error)) or type(error).__name__
        words = f"cannot reach {platform} at {host}: {why}: check the network and '{setting}'"
        raise ConnectionFailed(words) from error


def not_the_platform(
    response: httpx.Response, platform: str, why: str, setting: str = SETTING
) -> ConnectionFailed:
    """The error for an answer that the platform would not give; `why` says what is odd."""
    words = f"what answers at {response.url.host} is not {platform}, {why}: check '{setting}'"
    return ConnectionFailed(words, code=response.status_code)


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object that a text is, None for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def refusal(
    response: httpx.Response,
    platform: str,
    advice: Mapping[int, str],
    setting: str = SETTING,
    hide: Callable[[str], str] = str,
) -> ConnectionFailed:
    """The error for a status that is no success.

    `advice` says what to do, by the platform's own code or else by the status, which is the error's
    code as well; `hide` takes out of the platform's words what must not be shown.
    """
    status = response.status_code
    found = json_object(response.text) or {}
    own = found.get("code")
    code = own if isinstance(own, int) and own in advice else status
    its_own = hide(_its_words(found.get("message", found.get("detail", found.get("error")))))
    said = f" '{its_own}'" if its_own else ""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        todo = advice.get(code, _AT_ITS_SIDE)
    elif response.is_redirect:
        todo = f"it redirects, which is not followed: check '{setting}'"
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
