"""Who we are at Twilio, by settings or by environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pydantic import SecretStr

__all__ = ["VARIABLES", "Credentials", "credentials", "signing_token"]

_ACCOUNT, _TOKEN = "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"
_KEY, _SECRET = "TWILIO_API_KEY", "TWILIO_API_SECRET"
VARIABLES = (_ACCOUNT, _TOKEN, _KEY, _SECRET)
"""The variables of the environment, as Twilio's own tools name them."""


@dataclass(frozen=True)
class Credentials:
    """An account and who asks for it; shows no secret."""

    account_sid: str
    username: str
    """The account's SID, or that of an API key."""
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.account_sid})"


def credentials(
    account_sid: str | None = None,
    auth_token: SecretStr | None = None,
    api_key: SecretStr | None = None,
    api_secret: SecretStr | None = None,
) -> Credentials | None:
    """An API key with its secret if there is one, else the account with its token.

    What a scenario writes goes before what the environment has. None if something is missing.
    """
    account = account_sid or os.environ.get(_ACCOUNT)
    key, secret = _revealed(api_key), _revealed(api_secret)
    if auth_token is None and key is None:
        key, secret = os.environ.get(_KEY), os.environ.get(_SECRET)
    token = signing_token(auth_token)
    if not account:
        return None
    if key and secret:
        return Credentials(account, key, secret)
    return Credentials(account, account, token) if token else None


def signing_token(auth_token: SecretStr | None = None) -> str | None:
    """The account's auth token, with which Twilio signs whoever asks."""
    return _revealed(auth_token) or os.environ.get(_TOKEN) or None


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
