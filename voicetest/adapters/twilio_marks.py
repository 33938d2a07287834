"""The mark of an address that a run gave to a number, with what the number did before.

It is a part of the address itself: what is changed and how to undo it are written at once, and are
there for a run on any machine.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from voicetest.adapters.twilio_account import Voice

__all__ = [
    "HERE",
    "READY",
    "RUN",
    "VOICE",
    "Mark",
    "mark_of",
    "marked",
    "ready_url",
    "unmarked",
    "voice_url",
]

VOICE, READY = "/twilio/voice", "/twilio/ready"
HERE = "voicetest\n"
"""What a run says at READY."""
RUN = "voicetest"
"""The parameter that names the run."""
_FORMER = "former"
LONGEST = 1_500
"""Characters of what a number did before; Twilio takes addresses of 4,000."""
_NAME = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True)
class Mark:
    """Whose address it is."""

    run: str
    former: Voice | None
    """What the number did before; None if the address does not say it."""


def voice_url(public: str, run: str) -> str:
    """Where a number asks a run what to do with its calls."""
    return f"{public}{VOICE}?{RUN}={run}"


def ready_url(url: str) -> str:
    """Where to ask whether the run still answers that gave a number this address."""
    address, _, query = url.partition("?")
    name = parse_qs(query)[RUN][0]
    return f"{address.removesuffix(VOICE)}{READY}?{RUN}={name}"


def marked(url: str, former: Voice) -> str:
    """A run's address with what the number did before.

    A password in that is no business of whoever sees the address, and is left to the journal.
    """
    written = json.dumps([former.url, former.method, former.application_sid])
    # Letters that nobody on the way has a reason to write differently, as that would be unsigned.
    text = base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")
    if len(text) > LONGEST or "@" in former.url:
        return url
    return f"{url}&{_FORMER}={text}"


def mark_of(url: str) -> Mark | None:
    """The mark of an address that a run of ours made, None for any other."""
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
    except ValueError:
        return None
    (run, *others) = query.get(RUN, [""])
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    if others or not parts.path.endswith(VOICE) or not _NAME.fullmatch(run):
        return None
    return Mark(run, _former(query.get(_FORMER, [""])[0]))


def _former(text: str) -> Voice | None:
    try:
        found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (ValueError, RecursionError, binascii.Error):
        return None
    match found:
        case [str(url), str(method), str(application_sid)]:
            return Voice(url, method, application_sid)
        case _:
            return None


def unmarked(voice: Voice | None) -> Voice | None:
    """What a number did before any run of ours came; None if that is not known."""
    while voice is not None and (mark := mark_of(voice.url)) is not None:
        voice = mark.former
    return voice
