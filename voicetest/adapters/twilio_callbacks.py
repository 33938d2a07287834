"""What Twilio tells of the call while it lasts: each thing once, and nothing of any other call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from voicetest.adapters.phone_numbers import redacted, without_numbers
from voicetest.adapters.twilio_ring import Ring
from voicetest.adapters.twilio_signatures import Form, Signatures, refused
from voicetest.events import Status, Warned

__all__ = ["Callbacks", "told"]

MOST = 256
"""How many things are heard of one call; Twilio tells fewer than ten."""
_ENDINGS: Mapping[str, str] = {
    "busy": "the line is busy",
    "no-answer": "nobody answered",
    "failed": "the call could not be connected: the number may not exist, or not be reachable",
    "canceled": "the call was cancelled before anybody answered",
}
"""The states in which a call ends that nobody took."""
_MARKS = ("CallSid", "StreamSid", "SequenceNumber", "CallStatus", "AnsweredBy", "StreamEvent")
"""The fields by which one thing that is told is known from another."""

Hear = Callable[[Form], None]


class Callbacks:
    """Takes callbacks about the call of `ring`, in whatever order and however often they come.

    Those that are faster than Twilio's answer to who placed the call wait for its name. `report`
    puts what they say on the timeline.
    """

    def __init__(
        self, ring: Ring, signatures: Signatures, report: Callable[[Status | Warned], None]
    ) -> None:
        self._ring = ring
        self._signatures = signatures
        self._report = report
        self._heard: set[tuple[str, ...]] = set()
        """What was told already."""

    async def of_call(self, request: Request) -> Response:
        """A call that we placed tells how it is doing, or who answered it."""
        return await self._take(request, self._ring.placed, self._hear_of_call)

    async def of_stream(self, request: Request) -> Response:
        """The stream of the call tells how it is doing."""
        return await self._take(request, self._ring.call_sid, self._hear_of_stream)

    async def _take(self, request: Request, call: asyncio.Future[str], hear: Hear) -> Response:
        form = await self._signatures.form(request)
        if isinstance(form, Response):
            return form
        mark = (request.url.path, *(form.get(name, "") for name in _MARKS))
        if mark in self._heard:
            return Response(status_code=HTTPStatus.NO_CONTENT)  # Twilio got no answer before
        if len(self._heard) >= MOST:
            return refused(HTTPStatus.TOO_MANY_REQUESTS)
        self._heard.add(mark)
        if call.done():
            return self._weigh(form, call, hear)
        call.add_done_callback(lambda known: self._weigh(form, known, hear))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _weigh(self, form: Form, call: asyncio.Future[str], hear: Hear) -> Response:
        """Hear what is of this call, refuse what is not."""
        stream = form.get("StreamSid")
        of_other_call = form.get("CallSid") != call.result()
        if of_other_call or (self._ring.live and stream not in (None, self._ring.stream_sid)):
            which = "call" if of_other_call else "stream"
            words = f"a callback about another {which}"
            self._signatures.refusals.note(words, "it changes nothing in this call")
            return refused(HTTPStatus.FORBIDDEN)
        hear(form)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _hear_of_call(self, form: Form) -> None:
        status = form.get("CallStatus", "")
        answered_by = form.get("AnsweredBy", "")
        self._report(told(status or answered_by, form))
        if answered_by.startswith(("machine", "fax")):
            self._ring.cut(f"a machine answered ({answered_by})", answered_by)
        elif status in _ENDINGS:
            self._ring.fail(_ENDINGS[status], status)
        elif status == "completed" and not self._ring.opening:
            self._ring.fail("the call ended before its stream began", status)

    def _hear_of_stream(self, form: Form) -> None:
        said = form.get("StreamEvent", "")
        if said == "stream-error":
            error = without_numbers(form.get("StreamError", "")) or "without a reason"
            self._report(Warned(f"Twilio could not stream: {error}"))
            public = self._signatures.public
            self._ring.cut(f"Twilio could not stream to {public}: {error}", said)
        elif said:
            self._report(told(said, form))


def told(status: str, form: Form) -> Status:
    """What Twilio says of the call as it stands on its timeline, numbers redacted."""
    fields = {name: form[name] for name in ("CallSid", "StreamSid") if name in form}
    numbers = {name: redacted(form[name]) for name in ("From", "To") if name in form}
    further = {name: form[name] for name in ("AnsweredBy", "CallDuration") if name in form}
    return Status(status, fields | numbers | further)
