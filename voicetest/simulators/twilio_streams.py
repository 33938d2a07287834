"""The media streams of a simulated account, each as its TwiML wants it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

from voicetest.protocols.base import End as WireEnd
from voicetest.protocols.twilio import MediaStream
from voicetest.simulators.twilio_account import Account
from voicetest.simulators.twilio_call import Call
from voicetest.simulators.twilio_circuit import End
from voicetest.simulators.twilio_stream import Stream, Way
from voicetest.simulators.twilio_verbs import StreamWanted
from voicetest.simulators.twilio_webhooks import Webhooks
from voicetest.transports.base import Dial

__all__ = ["Streams"]

_TRACKS: Mapping[str, tuple[str, ...]] = {
    "inbound_track": ("inbound",),
    "outbound_track": ("outbound",),
    "both_tracks": ("inbound", "outbound"),
}


class Streams:
    """Makes streams; `mention` lets what they tell go on beside them."""

    def __init__(
        self,
        account: Account,
        webhooks: Webhooks,
        dial: Dial,
        quirks: frozenset[str],
        mention: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._account = account
        self._webhooks = webhooks
        self._dial = dial
        self._quirks = quirks
        self._mention = mention

    def of(self, call: Call, end: End, wanted: StreamWanted, *, both_ways: bool) -> Stream:
        """A stream of one end of a call, still to be run."""
        sid = self._account.new_stream_sid()
        tracks = _TRACKS[wanted.track]
        codec = MediaStream(
            WireEnd.CLIENT,
            stream_sid=sid,
            call_sid=call.sid,
            account_sid=call.account_sid,
            parameters=wanted.parameters,
            tracks=tracks,
        )
        signature = self._webhooks.signature(wanted.url)
        way = Way(self._dial, wanted.url, signature, both_ways, tracks, self._quirks)

        def tell(event: str, error: str = "") -> None:
            if wanted.callback:
                fields = _told(call, sid, wanted.name, event, error)
                method = wanted.callback_method
                self._mention(self._webhooks.report(call, wanted.callback, method, fields))

        def fail(code: int, message: str) -> None:
            call.note(code, message)
            tell("stream-error", f"{code} {message}")

        return Stream(end, codec, way, tell, fail)


def _told(call: Call, sid: str, name: str, event: str, error: str) -> dict[str, str]:
    fields = {
        "AccountSid": call.account_sid,
        "CallSid": call.sid,
        "StreamSid": sid,
        "StreamName": name or sid,
        "StreamEvent": event,
        "Timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    return fields | ({"StreamError": error} if error else {})
