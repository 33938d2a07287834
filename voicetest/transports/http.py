"""Requests to a platform over the network."""

from __future__ import annotations

import ssl
from functools import cache

import httpx

from voicetest.answers import bounded
from voicetest.transports.base import is_this_machine

__all__ = ["client"]

STEP_LIMIT_S = 15.0
"""For connecting, for sending and for each piece of an answer."""


def client(base_url: str) -> httpx.AsyncClient:
    """A client, still to be opened, that follows no redirect and reads no answer without end.

    A redirect would hand keys to an address nobody wrote. The system's proxy is used, except for
    this machine.
    """
    by_environment = not is_this_machine(httpx.URL(base_url).host)
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=STEP_LIMIT_S,
        event_hooks=bounded(),
        trust_env=by_environment,
        verify=_trusted(by_environment=by_environment),
    )


@cache
def _trusted(*, by_environment: bool) -> ssl.SSLContext:
    """Whose certificates count; read once, as that takes longer than a frame of other calls."""
    return httpx.create_ssl_context(trust_env=by_environment)
