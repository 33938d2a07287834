"""Which parts of names, addresses and headers are secret by what they look like."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["MASK", "credentials", "is_secret_name", "mask_addresses", "parts"]

MASK = "***"
_SECRET_NAME = re.compile(
    r"(?:^|[^a-z]|(?<=[a-z])(?=[A-Z]))"
    r"(?i:(?:api|access|private|secret)?[-_.]?key|token|secret|passw(?:or)?d|passphrase|signature"
    r"|sig|jwt|credentials?|authorization|auth)$"
)
_USER_INFO = re.compile(r"(?<=://)(?P<user>[^/\s?#@:\"'<>]*)(?P<word>:[^/\s@\"'<>]*)?@")
_PARAMETER = re.compile(
    r"(?P<name>[?&][\w.-]{1,60})=(?P<value>(?:\$\{[^{}]*\}|[^&\s\"'<>#,;)\]}\\])+)"
)
_SHOWN = re.compile(r"\*\*\*|\$\{[^{}]*\}")
"""What stands where a secret would: nothing has to be hidden there."""
_SCHEMED = re.compile(r"(?i:bearer|basic|token|key|apikey|digest|negotiate)[ \t]+(?P<rest>\S.*)")
_PAIR = re.compile(r"(?:^|[;,]\s*)[\w.-]+=\"?(?P<value>[^\";,\s]{12,})")


def is_secret_name(name: str) -> bool:
    """Whether what has this name is secret: api_key, X-Auth-Token, password, sig …"""
    return _SECRET_NAME.search(name) is not None


def mask_addresses(text: str) -> str:
    """The text with the passwords and tokens masked that stand in URLs."""
    if "://" in text:
        text = _USER_INFO.sub(_hidden_user, text)
    if "=" in text and ("?" in text or "&" in text):
        text = _PARAMETER.sub(_hidden_value, text)
    return text


def parts(secret: str) -> Iterator[str]:
    """What is secret in a secret text: all of it, a token without its scheme, what an URL hides."""
    yield secret
    yield from credentials(secret)
    if schemed := _SCHEMED.fullmatch(secret.strip()):
        yield schemed["rest"]
        yield from _of_basic(schemed["rest"])
    if "://" not in secret:
        yield from (found["value"] for found in _PAIR.finditer(secret))


def credentials(address: str) -> Iterator[str]:
    """The passwords and tokens of an URL as they are meant; none of any other text."""
    if "://" not in address:
        return
    try:
        split = urlsplit(address)
    except ValueError:
        return
    user, colon, word = split.netloc.rpartition("@")[0].partition(":")
    if user or word:
        yield unquote(word if colon else user)
    yield from (value for name, value in parse_qsl(split.query) if is_secret_name(name))


def _of_basic(encoded: str) -> Iterator[str]:
    """The password of HTTP's Basic scheme."""
    try:
        plain = b64decode(encoded, validate=True).decode()
    except (Error, ValueError):
        return
    if ":" in plain:
        yield plain.partition(":")[2]


def _hidden_user(found: re.Match[str]) -> str:
    word = found["word"]
    if word is None:
        return found[0] if _SHOWN.fullmatch(found["user"]) or not found["user"] else f"{MASK}@"
    return found[0] if _SHOWN.fullmatch(word[1:]) else f"{found['user']}:{MASK}@"


def _hidden_value(found: re.Match[str]) -> str:
    if not is_secret_name(found["name"][1:]) or _SHOWN.fullmatch(found["value"]):
        return found[0]
    return f"{found['name']}={MASK}"
