"""The telephone network around a simulated Twilio account: who answers, and who hears whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

from voicetest.agents.recipe import AgentRecipe
from voicetest.simulators.twilio_account import Account, Number
from voicetest.simulators.twilio_agent import hold
from voicetest.simulators.twilio_call import Call, Direction, Status
from voicetest.simulators.twilio_circuit import Circuit, End
from voicetest.simulators.twilio_leg import Leg, on_the_phone
from voicetest.simulators.twilio_order import LONGEST_CALL_S, Order, detect
from voicetest.simulators.twilio_reports import Reports, Wanted
from voicetest.simulators.twilio_stream import Stream
from voicetest.simulators.twilio_streams import Streams
from voicetest.simulators.twilio_twiml import TwimlError
from voicetest.simulators.twilio_verbs import Dial, Reject, StreamWanted, Verb
from voicetest.simulators.twilio_webhooks import Source, Webhooks
from voicetest.transports.base import Dial as DialSocket

__all__ = ["OUTSIDE", "Exchange"]

OUTSIDE = "+15550100199"
"""The agent's number when it calls; in a range that nobody has."""
DIAL_S = 0.1
RING_S = 1.0
CALLS_AFTER_S = 1.0
"""From a number's new webhook until the agent calls it."""

Program: TypeAlias = Callable[[End], Awaitable[None]]
"""What one end of a connection does, until it is cancelled or done."""


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
        self._streams = Streams(account, webhooks, dial, self._quirks, self._mention)
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
        return self._streams.of(call, end, wanted, both_ways=both_ways)

    async def dial(self, call: Call, end: End, wanted: Dial) -> None:
        """Put one end of a call through to somebody, until either hangs up."""
        ours = call.to if call.direction is Direction.INBOUND else call.from_
        caller = wanted.caller_id or ours
        child = self._account.new_call(caller, wanted.number, Direction.OF_DIAL, call.sid)
        try:
            answer = await self._ring(child, wanted.timeout)
        except asyncio.CancelledError:
            child.becomes(Status.CANCELED)
            raise
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

    def _mention(self, work: Coroutine[Any, Any, None]) -> None:
        """Tell a server something beside what goes on; nothing once everything ends."""
        if self._closed:
            work.close()
        else:
            self._start(work)

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
        with self._leg(call, end) as leg:
            async with asyncio.TaskGroup() as tasks:
                machine = "twilio_machine" in self._quirks
                detection = detect(call, order, self._webhooks, machine=machine)
                detecting = tasks.create_task(detection)
                if order.detection_told is None:
                    await detecting
                if order.keys:
                    await leg.press(order.keys)
                await leg.follow(order.source)
                detecting.cancel()

    @contextmanager
    def _leg(self, call: Call, end: End) -> Iterator[Leg]:
        """The end of a call that follows TwiML; the call is complete when the block is left."""
        leg = Leg(call, end, self)
        self._legs[call.sid] = leg
        try:
            yield leg
        finally:
            del self._legs[call.sid]
            call.becomes(Status.COMPLETED)

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
        with self._leg(call, end) as leg:
            await leg.follow(verbs)

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
