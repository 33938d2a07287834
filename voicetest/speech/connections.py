"""Connections to providers of speech, and what goes wrong on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from voicetest.speech.refusal import Cause, Refusal, refusal_of_status

if TYPE_CHECKING:
    import ssl

    import httpx

__all__ = [
    "ATTEMPT_LIMIT_S",
    "accepted",
    "http_client",
    "http_errors",
    "lost_on_the_way",
    "refusal_of_answer",
    "tls",
]

ATTEMPT_LIMIT_S = 60.0
"""For one request, whatever it waits for."""
_CONNECT_LIMIT_S = 15.0
LARGEST_ANSWER = 64 << 20
"""Bytes: twenty minutes of a voice at 24 kHz, in a format of 16 bits."""


def http_client() -> httpx.AsyncClient:
    """A client, still to be opened, that follows no redirect: that would give keys away.

    The system's proxy is used, except for this machine.
    """
    # Not needed to validate a scenario, and slow to import.
    import httpx

    from voicetest.answers import bounded

    return httpx.AsyncClient(
        event_hooks=bounded(LARGEST_ANSWER),
        verify=tls(),
        timeout=httpx.Timeout(ATTEMPT_LIMIT_S, connect=_CONNECT_LIMIT_S),
        mounts={f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")},
    )


@cache
def tls() -> ssl.SSLContext:
    """What every connection is secured with; to read it takes longer than a frame of a call."""
    import httpx

    return httpx.create_ssl_context()


@contextmanager
def http_errors() -> Iterator[None]:
    """What goes wrong on the way, as a Refusal."""
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise lost_on_the_way(error) from error


def lost_on_the_way(error: BaseException) -> Refusal:
    """What an error of httpx means."""
    import httpx

    from voicetest.answers import TooLarge

    match error:
        case TooLarge():
            return Refusal(Cause.NONSENSE, str(error))
        case httpx.TimeoutException():
            return Refusal(Cause.SLOW)
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.DecodingError():
            return Refusal(Cause.CUT_OFF)
        case _:
            return Refusal(Cause.UNREACHABLE, str(error) or type(error).__name__)


def accepted(response: httpx.Response) -> httpx.Response:
    """The answer, if it is a success; else it is a Refusal."""
    if response.is_success:
        return response
    raise refusal_of_answer(response)


def refusal_of_answer(response: httpx.Response) -> Refusal:
    """What an answer that is no success means."""
    return refusal_of_status(response.status_code, response.text, response.headers)
