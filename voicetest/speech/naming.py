"""The name of a voice or transcriber, with what it says of model, language and the like."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from urllib.parse import unquote, urlsplit

from voicetest.registry import UnknownName, nearest

__all__ = ["Naming"]


@dataclass(frozen=True)
class Naming:
    """`coral?model=tts-1&language=de`, taken apart."""

    subject: str
    """The voice, or the transcriber's model; may be empty."""
    model: str = ""
    language: str = ""
    """ISO 639-1, such as de."""
    instructions: str = ""
    """How to speak, in plain words."""
    base_url: str = ""
    """Where the provider is, if not at its usual address."""
    key_env: str = ""
    """The environment variable with the key for that address."""

    @classmethod
    def of(cls, text: str, provider: str, known: Collection[str]) -> Naming:
        """Of what stands behind `provider/`, with options that it knows.

        Values may be percent-encoded. Raises UnknownName.
        """
        subject, _, written = text.partition("?")
        allowed = tuple(f.name for f in fields(cls) if f.name in known)
        found: dict[str, str] = {}
        for part in written.split("&") if written else ():
            option, equals, value = part.partition("=")
            if option not in allowed:
                hint = nearest(option, allowed)
                raise UnknownName(
                    f"{provider} has no option '{option}'{hint}; there is: {', '.join(allowed)}"
                )
            if not equals or not value:
                raise UnknownName(f"the option '{option}' of {provider} needs a value: {option}=…")
            found[option] = unquote(value)
        if "base_url" in found and not _is_web_address(found["base_url"]):
            raise UnknownName(
                f"base_url of {provider}: expected an address such as http://127.0.0.1:8000/v1, "
                "without a user or a query"
            )
        return cls(subject, **found)


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and "@" not in parts.netloc
            and not (parts.query or parts.fragment)
        )
    except ValueError:
        return False
