"""The telephone network around a simulated Twilio account: who answers, and who hears whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

from voicetest.agents.recipe import AgentRecipe
from voicetest.protocols.base import End as WireEnd
from voicetest.protocols.twilio import MediaStream
from voicetest.simulators.twilio_account import Account, Number
from voicetest.simulators.twilio_agent import hold
from voicetest.simulators.twilio_call import Call, Direction, Status
from voicetest.simulators.twilio_circuit import Circuit, End
from voicetest.simulators.twilio_leg import Leg, on_the_phone
from voicetest.simulators.twilio_reports import Reports, Wanted
from voicetest.simulators.twilio_stream import Stream, Way
from voicetest.simulators.twilio_twiml import Dial, Reject, StreamWanted, TwimlError, Verb
from voicetest.simulators.twilio_webhooks import Source, Webhooks
from voicetest.transports.base import Dial as DialSocket

__all__ = ["CALLS_AFTER_S", "OUTSIDE", "Exchange", "Order"]

OUTSIDE = "+15550100199"
"""The agent's number when it calls; in a range that nobody has."""
DIAL_S = 0.1
RING_S = 1.0
RINGS_FOR_S = 60.0
CALLS_AFTER_S = 1.0
"""From a number's new webhook until the agent calls it."""
DETECTION_S = 1.5
"""How long it takes to find out who answered."""
LONGEST_CALL_S = 4 * 3_600.0

Program: TypeAlias = Callable[[End], Awaitable[None]]
"""What one end of a connection does, until it is cancelled or done."""


@dataclass(frozen=True)
class Order:
    """How a call is to be placed; times in seconds."""

    source: Source
    told: Wanted
    keys: str = ""
    rings_for: float = RINGS_FOR_S
    limit: float = LONGEST_CALL_S
    detects: bool = False
    """Whether to find out who answered before the document is followed."""
    detection_told: Wanted | None = None
    """Who is told of that while it is followed already."""


class Exchange:
    """Connects calls; the embedded agent answers at any number that has no webhook."""

    def __init__(
        self,
        account: Account,
        agent: AgentRecipe,
        webhooks: Webhooks,
        dial: DialSocket,
        tasks: asyncio.TaskGroup,
    ) -> None:
        """Calls live in `tasks` until `close`."""
        self._account = account
        self._agent = agent
        self._quirks = agent.faults.quirks
        self._webhooks = webhooks
        self._dial_socket = dial
        self._tasks = tasks
        self._closed = False
        """Set by `close`; nothing begins any more."""
        self._running: set[asyncio.Task[None]] = set()
        self._placing: dict[str, asyncio.Task[None]] = {}
        """The calls that were placed and are not over, by SID."""
        self._legs: dict[str, Leg] = {}
        """The legs that follow TwiML, by their call's SID."""

    def close(self) -> None:
        """End everything; nobody is told of it."""
        self._closed = True
        for task in self._running:
            task.cancel()

    def place(self, call: Call, order: Order) -> None:
        """Dial a call that is queued."""
        reports = Reports(call, order.told, self._webhooks)
        call.changed = reports.changed
        self._start(reports.run())
        placing = self._start(self._place(call, order))
        self._placing[call.sid] = placing
        placing.add_done_callback(lambda _: self._placing.pop(call.sid, None))

    def end(self, call: Call, status: Status) -> None:
        """Hang up a call, or stop dialling it."""
        leg = self._legs.get(call.sid)
        if leg is not None:
            leg.end.circuit.hang_up()
            return
        call.becomes(status)
        placing = self._placing.get(call.sid)
        if placing is not None:
            placing.cancel()

    def redirect(self, call: Call, source: Source) -> bool:
        """Let a call follow another document; whether it can."""
        leg = self._legs.get(call.sid)
        if leg is not None:
            leg.redirect(source)
        return leg is not None

    def call_in(self, number: Number) -> None:
        """Let the agent call a number shortly, unless somebody else does or it changes again."""
        self._start(self._call_in(number, number.webhook, len(self._account.calls)))

    async def verbs(self, call: Call, source: Source) -> Sequence[Verb]:
        """What a document says to a call; raises TwimlError."""
        return await self._webhooks.verbs(source, call.fields())

    async def spoken(self, text: str) -> bytes:
        """A text in the agent's voice."""
        return on_the_phone(await self._agent.voice.synthesise(text)) if text else b""

    def stream(self, call: Call, end: End, wanted: StreamWanted, *, both_ways: bool) -> Stream:
        """A stream of one end of a call, still to be run."""
        sid = self._account.new_stream_sid()
        tracks = ["inbound", "outbound"] if wanted.track == "both_tracks" else []
        codec = MediaStream(
            WireEnd.CLIENT,
            stream_sid=sid,
            call_sid=call.sid,
            account_sid=call.account_sid,
            parameters=wanted.parameters,
            tracks=tracks or [wanted.track.removesuffix("_track")],
        )
        way = Way(
            self._dial_socket,
            wanted.url,
            self._webhooks.signature(wanted.url),
            both_ways,
            outbound=wanted.track in ("outbound_track", "both_tracks"),
            inbound=wanted.track != "outbound_track",
            quirks=self._quirks,
        )

        def tell(event: str, error: str = "") -> None:
            fields = {
                "AccountSid": call.account_sid,
                "CallSid": call.sid,
                "StreamSid": sid,
                "StreamName": wanted.name or sid,
                "StreamEvent": event,
                "Timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            } | ({"StreamError": error} if error else {})
            if wanted.callback and not self._closed:
                self._start(self._tell(call, wanted, fields))

        def fail(code: int, message: str) -> None:
            call.note(code, message)
            tell("stream-error", f"{code} {message}")

        return Stream(end, codec, way, tell, fail)

    async def dial(self, call: Call, end: End, wanted: Dial) -> None:
        """Put one end of a call through to somebody, until either hangs up."""
        ours = call.to if call.direction is Direction.INBOUND else call.from_
        caller = wanted.caller_id or ours
        child = self._account.new_call(caller, wanted.number, Direction.OF_DIAL, call.sid)
        answer = await self._ring(child, wanted.timeout)
        if isinstance(answer, Status):
            child.becomes(answer)
            return
        child.becomes(Status.IN_PROGRESS)
        circuit = Circuit()
        away = circuit.caller
        end.hears.listeners.append(away.says.say)
        away.hears.listeners.append(end.says.say)
        try:
            await self._connect(circuit, wanted.time_limit, partial(answer, circuit.callee))
        finally:
            end.hears.listeners.remove(away.says.say)
            child.becomes(Status.COMPLETED)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._tasks.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _tell(self, call: Call, wanted: StreamWanted, fields: dict[str, str]) -> None:
        try:
            await self._webhooks.tell(wanted.callback, wanted.callback_method, fields)
        except TwimlError as error:
            call.note(error.code, str(error))

    async def _place(self, call: Call, order: Order) -> None:
        await asyncio.sleep(DIAL_S)
        if call.changed is not None:
            call.changed(Status.QUEUED)
        answer = await self._ring(call, order.rings_for)
        if isinstance(answer, Status):
            call.becomes(answer)
            return
        circuit = Circuit()
        ours = partial(self._follow, call, circuit.caller, order)
        await self._connect(circuit, order.limit, ours, partial(answer, circuit.callee))

    async def _follow(self, call: Call, end: End, order: Order) -> None:
        """What the end of a call that was placed does."""
        call.becomes(Status.IN_PROGRESS)
        async with asyncio.TaskGroup() as tasks:
            detecting = tasks.create_task(self._detect(call, order))
            if order.detection_told is None:
                await detecting
            leg = Leg(call, end, self)
            if order.keys:
                await leg.press(order.keys)
            await self._lead(leg, call, order.source)
            detecting.cancel()

    async def _lead(self, leg: Leg, call: Call, first: Source | Sequence[Verb]) -> None:
        """Follow documents; the call is complete when its end is left."""
        self._legs[call.sid] = leg
        try:
            await leg.follow(first)
        finally:
            del self._legs[call.sid]
            call.becomes(Status.COMPLETED)

    async def _detect(self, call: Call, order: Order) -> None:
        if not order.detects:
            return
        await asyncio.sleep(DETECTION_S)
        call.answered_by = "machine_start" if "twilio_machine" in self._quirks else "human"
        told = order.detection_told
        if told is None:
            return
        fields = {
            "AccountSid": call.account_sid,
            "CallSid": call.sid,
            "AnsweredBy": call.answered_by,
            "MachineDetectionDuration": str(round(DETECTION_S * 1_000)),
        }
        try:
            await self._webhooks.tell(told.url, told.method, fields)
        except TwimlError as error:
            call.note(error.code, str(error))

    async def _connect(
        self, circuit: Circuit, limit: float, *programs: Callable[[], Awaitable[None]]
    ) -> None:
        """Keep a connection until one of its ends is done, or hangs up, or the limit is reached."""

        async def until_done(program: Callable[[], Awaitable[None]]) -> None:
            await program()
            circuit.hang_up()

        async with asyncio.TaskGroup() as tasks:
            ends = [tasks.create_task(until_done(program)) for program in programs]
            running = tasks.create_task(circuit.run())
            try:
                async with asyncio.timeout(limit):
                    await circuit.over.wait()
            except TimeoutError:
                circuit.hang_up()
            for task in (*ends, running):
                task.cancel()

    async def _ring(self, call: Call, rings_for: float) -> Program | Status:
        """Whoever answers a call, or why nobody does."""
        await asyncio.sleep(DIAL_S)
        if "twilio_failed" in self._quirks:
            return Status.FAILED
        call.becomes(Status.RINGING)
        if "twilio_no_answer" in self._quirks or rings_for < RING_S:
            await asyncio.sleep(rings_for)
            return Status.NO_ANSWER
        await asyncio.sleep(RING_S)
        if "twilio_busy" in self._quirks:
            return Status.BUSY
        number = self._account.number(call.to)
        if number is None or number.webhook is None:
            return partial(hold, agent=self._agent)
        return await self._ask(number, number.webhook, call.from_)

    async def _ask(self, number: Number, webhook: Source, from_: str) -> Program | Status:
        """What the webhook of a number that is called does with the call."""
        call = self._account.new_call(from_, number.e164, Direction.INBOUND)
        settings = number.settings
        told = Wanted(
            settings.get("status_callback", ""), settings.get("status_callback_method", "POST")
        )
        reports = Reports(call, told, self._webhooks)
        call.changed = reports.changed
        self._start(reports.run())
        call.becomes(Status.RINGING)
        try:
            verbs = await self.verbs(call, webhook)
        except TwimlError as error:
            call.note(error.code, str(error))
            call.becomes(Status.FAILED)
            return Status.FAILED
        except asyncio.CancelledError:
            call.becomes(Status.NO_ANSWER)
            raise
        match verbs:
            case [Reject(reason), *_]:
                refused = Status.BUSY if reason == "busy" else Status.NO_ANSWER
                call.becomes(refused)
                return refused
        return partial(self._take, call, verbs)

    async def _take(self, call: Call, verbs: Sequence[Verb], end: End) -> None:
        """What the end of a call does that a webhook took."""
        call.becomes(Status.IN_PROGRESS)
        await self._lead(Leg(call, end, self), call, verbs)

    async def _call_in(self, number: Number, webhook: Source | None, placed: int) -> None:
        await asyncio.sleep(CALLS_AFTER_S)
        called = any(number.e164 in (call.to, call.from_) for call in self._account.calls[placed:])
        if called or webhook is None or number.webhook != webhook:
            return
        await asyncio.sleep(RING_S)
        answer = await self._ask(number, webhook, OUTSIDE)
        if not isinstance(answer, Status):
            circuit = Circuit()
            await self._connect(
                circuit,
                LONGEST_CALL_S,
                partial(hold, circuit.caller, self._agent),
                partial(answer, circuit.callee),
            )
