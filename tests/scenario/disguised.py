"""How somebody else may write a secret that he was given."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

__all__ = ["DISGUISES"]


def _base64(before: str, after: str, *, urlsafe: bool = False) -> Callable[[str], str]:
    encode = base64.urlsafe_b64encode if urlsafe else base64.standard_b64encode
    return lambda secret: encode(f"{before}{secret}{after}".encode()).decode()


DISGUISES: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "capitals": str.upper,
    "percent": lambda secret: quote(secret, safe=""),
    "percent_small": lambda secret: quote(secret, safe="").lower(),
    "percent_plus": quote_plus,
    "percent_all": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "percent_some": lambda secret: f"%{ord(secret[0]):02x}{quote(secret[1:], safe='')}",
    "percent_twice": lambda secret: quote("".join(f"%{b:02x}" for b in secret.encode())),
    "json": lambda secret: json.dumps(secret)[1:-1],
    "json_slashes": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "json_all": lambda secret: "".join(_units(secret)),
    "json_twice": lambda secret: json.dumps(json.dumps(f'"{secret}"')),
    "html": html.escape,
    "html_numbers": lambda secret: "".join(f"&#{ord(sign)};" for sign in secret),
    "html_hex": lambda secret: "".join(f"&#x{ord(sign):X};" for sign in secret),
    "python": ascii,
    "bytes": lambda secret: repr(secret.encode()),
    "hex": lambda secret: secret.encode().hex(),
    "hex_capitals": lambda secret: secret.encode().hex().upper(),
    "base64": _base64("", ""),
    "base64_bare": lambda secret: _base64("", "")(secret).rstrip("="),
    "base64_user": _base64("user:", ""),
    "base64_in_1": _base64("a", "bc"),
    "base64_in_2": _base64("ab", "c"),
    "base64_in_3": _base64("abc", ""),
    "urlsafe_1": _base64("a", "", urlsafe=True),
    "urlsafe_2": _base64("ab", "", urlsafe=True),
    "base64_percent": lambda secret: quote(_base64("u:", "")(secret), safe=""),
}
"""Each makes another text of a secret that still tells it."""


def _units(text: str) -> list[str]:
    """The UTF-16 units of a text as JSON escapes."""
    content = text.encode("utf-16-be").hex()
    return [f"\\u{content[at : at + 4]}" for at in range(0, len(content), 4)]
