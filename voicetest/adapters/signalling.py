"""How an offer gets to an agent and its answer back, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from voicetest.adapters.rest import answered, json_object, not_the_platform, refusal
from voicetest.errors import ConnectionFailed
from voicetest.transports.refusals import masked

if TYPE_CHECKING:
    import httpx

__all__ = ["JsonSignalling", "PipecatSignalling", "WhipSignalling", "origin"]

AGENT = "the agent"
SETTING = "signaling_url"
ANSWER_LIMIT_S = 10.0
MOST_REDIRECTS = 3
SDP = "application/sdp"
_MOVED = (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)
_ADVICE: Mapping[int, str] = {
    400: "it does not accept the offer: check 'signaling', and look at the agent's log",
    401: "it does not let us in: check 'headers' and the key",
    403: "it does not let us in: check 'headers' and the key",
    404: "there is nothing at this path: check the path of 'signaling_url'",
    405: "it takes no offers at this path: check the path of 'signaling_url'",
    406: "it wants to make the offer itself, as WHEP may: that is not supported",
    409: "it already has a call: end that one, or set 'max_concurrent'",
    415: "it expects offers of another kind: set 'signaling' to json, or to whip",
    422: "it does not accept the offer's fields: check 'signaling'",
    429: "it has too many calls: try again later or set 'max_concurrent'",
}


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


async def _post(client: httpx.AsyncClient, url: str, **content: Any) -> httpx.Response:
    """The answer to an offer; a redirect is followed where it leads to the same host."""
    for _ in range(MOST_REDIRECTS + 1):
        response = await answered(
            client,
            "POST",
            url,
            platform=AGENT,
            setting=SETTING,
            limit_s=ANSWER_LIMIT_S,
            **content,
        )
        if not response.is_redirect:
            break
        target = urljoin(url, response.headers.get("location", ""))
        # Elsewhere it would hand keys to an address nobody wrote.
        if response.status_code not in _MOVED or origin(target) != origin(url):
            words = f"the agent redirects to {masked(target)}: use that as '{SETTING}'"
            raise ConnectionFailed(words, code=response.status_code)
        url = target
    if not response.is_success:
        raise refusal(response, AGENT, _ADVICE, SETTING)
    return response


class JsonSignalling:
    """Offer and answer as JSON: `{"sdp": …, "type": "offer"}` and the like with "answer"."""

    def __init__(self, client: httpx.AsyncClient, url: str, fields: Mapping[str, Any]) -> None:
        """`fields` stand beside the offer."""
        self._client = client
        self._url = url
        self._fields = dict(fields)
        self.told: dict[str, Any] = {}
        """What stood in the last answer."""

    async def exchange(self, offer: str) -> str:
        """The answer to an offer; raises ConnectionFailed, which shows no header."""
        body = self._fields | {"sdp": offer, "type": "offer"}
        response = await _post(self._client, self._url, json=body)
        told = json_object(response.text)
        if told is None:
            raise not_the_platform(response, AGENT, "it sends no JSON", SETTING)
        answer = told.get("sdp")
        if told.get("type") != "answer" or not isinstance(answer, str):
            raise not_the_platform(response, AGENT, "its JSON has no 'sdp' of type answer", SETTING)
        self.told = told
        return answer


class PipecatSignalling:
    """As SmallWebRTC wants it: a further offer names the connection that the first one made."""

    def __init__(self, client: httpx.AsyncClient, url: str, body: Mapping[str, Any]) -> None:
        """`body` is what the bot gets as its runner's body."""
        self._client = client
        self._url = url
        self._body = dict(body)
        self._connection: str | None = None
        """The `pc_id` of the first answer."""

    async def exchange(self, offer: str) -> str:
        """The answer to an offer; raises ConnectionFailed, which shows no header."""
        fields = {"pc_id": self._connection, "restart_pc": False, "request_data": self._body}
        signalling = JsonSignalling(self._client, self._url, fields)
        answer = await signalling.exchange(offer)
        known = signalling.told.get("pc_id")
        self._connection = known if isinstance(known, str) else self._connection
        return answer


class WhipSignalling:
    """Offer and answer as they are, and a session that is deleted afterwards (RFC 9725)."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url
        self._session: str | None = None
        """Where the session is; set by the answer, cleared when it is deleted."""
        self.ice_servers: tuple[str, ...] = ()
        """What the endpoint names."""

    async def exchange(self, offer: str) -> str:
        """The answer to an offer; raises ConnectionFailed, which shows no header."""
        kind = {"content-type": SDP, "accept": SDP}
        response = await _post(self._client, self._url, content=offer, headers=kind)
        if not response.headers.get("content-type", "").startswith(SDP):
            raise not_the_platform(response, AGENT, f"its answer is no {SDP}", SETTING)
        location = response.headers.get("location")
        self._session = None if location is None else urljoin(str(response.url), location)
        links = response.headers.get_list("link", split_commas=True)
        self.ice_servers = tuple(
            link.partition(">")[0].strip(" <") for link in links if 'rel="ice-server"' in link
        )
        return response.text

    async def end(self) -> None:
        """Delete the session, if there is one; raises ConnectionFailed."""
        session, self._session = self._session, None
        if session is None:
            return
        if origin(session) != origin(self._url):
            raise ConnectionFailed(f"it is at {masked(session)}, where no key is sent")
        response = await answered(
            self._client, "DELETE", session, platform=AGENT, setting=SETTING, limit_s=ANSWER_LIMIT_S
        )
        if not response.is_success and response.status_code != HTTPStatus.NOT_FOUND:
            raise refusal(response, AGENT, _ADVICE, SETTING)
