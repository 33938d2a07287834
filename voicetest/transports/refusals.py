"""Why a WebSocket could not be opened, in words that say what to do."""

from __future__ import annotations

import errno
import socket
import ssl
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from websockets import exceptions

from voicetest.errors import ConnectionFailed

__all__ = ["by_status", "explained", "masked"]

_PORTS = {"ws": 80, "wss": 443}


def masked(url: str) -> str:
    """The URL for people: no password, and no value in its query."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        names = [(name, "***") for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        return "the address"
    return urlunsplit((parts.scheme, host, parts.path, urlencode(names, safe="*"), ""))


def explained(error: Exception, url: str, limit: float) -> ConnectionFailed:
    """The error to raise for one of dialling `url` for at most `limit` seconds."""
    where = masked(url)
    match error:
        case exceptions.InvalidStatus():
            response = error.response
            return by_status(response.status_code, url, response.headers.get("Location", ""))
        case exceptions.InvalidURI():
            return ConnectionFailed(f"{where} is no WebSocket address: write ws:// or wss://")
        case exceptions.InvalidProxy() | exceptions.ProxyError():
            words = "the proxy does not let it through: check HTTPS_PROXY and NO_PROXY"
            return ConnectionFailed(f"cannot reach {where}: {words}")
        case exceptions.NegotiationError():
            words = "it chose a subprotocol that was not offered: check 'subprotocols'"
            return ConnectionFailed(f"cannot talk to {where}: {words}")
        case exceptions.WebSocketException():
            hint = _unencrypted_hint(url) if isinstance(error.__cause__, EOFError) else ""
            words = f"it is not a WebSocket server: check host, port and path{hint}"
            return ConnectionFailed(f"cannot talk to {where}: {words}")
        case OSError():
            return ConnectionFailed(f"cannot reach {where}: {_of_network(error, url, limit)}")
        case _:
            return ConnectionFailed(f"cannot dial {where}: it or its headers cannot be sent")


def by_status(status: int, url: str, location: str = "") -> ConnectionFailed:
    """The error to raise when the upgrade is answered with an HTTP status; `location` redirects.

    Redirects are shown without what is secret in them; the body is not shown at all.
    """
    match status:
        case 401 | 403:
            advice = "it does not let us in: check 'headers' and the key"
        case 404:
            advice = "there is nothing at this path: check the path of 'url'"
        case 426 | 400:
            advice = "it does not accept this upgrade: check 'url', 'headers' and 'subprotocols'"
        case 429:
            advice = "it has too many calls: try again later or set 'max_concurrent'"
        case _ if 300 <= status < 400:
            advice = f"it redirects to {masked(location)}: use that as 'url'"
        case _ if status >= 500:
            advice = "the fault is at its side: look at its log, or try again later"
        case _ if status == HTTPStatus.OK:
            advice = "it answers as a web page, not as a WebSocket server: check the path of 'url'"
        case _:
            advice = "it is not a WebSocket server: check 'url'"
    message = f"{masked(url)} answered HTTP {status}: {advice}"
    return ConnectionFailed(message, code=status)


def _of_network(error: OSError, url: str, limit: float) -> str:
    place = _place(url)
    match error:
        case TimeoutError():
            return f"no answer within {limit:g} s: check host, port and any firewall in between"
        case socket.gaierror():
            return f"the name {urlsplit(url).hostname} is not known: check the host of 'url'"
        case ssl.SSLCertVerificationError():
            return (
                f"its certificate is not trusted ({error.verify_message}): check the host of "
                "'url', or point SSL_CERT_FILE at the certificate that signed it"
            )
        case ssl.SSLError():
            return f"{place} does not speak TLS as expected: if it is not encrypted, write ws://"
        case ConnectionRefusedError():
            return f"nobody listens at {place}: start the agent, or check the port"
        case ConnectionResetError() | BrokenPipeError():
            return f"{place} hung up at once{_unencrypted_hint(url)}"
    # Several addresses of one name that all fail differ in text, and come without an errno.
    if f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return f"nobody listens at {place}: start the agent, or check the port"
    return error.strerror or "the network says no: check host and port"


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, 443)}"


def _unencrypted_hint(url: str) -> str:
    return "; if it is encrypted, write wss://" if urlsplit(url).scheme == "ws" else ""
