"""The embedded agent: it listens to one call, thinks, and speaks."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from voicetest.agents.ears import TURN_SILENCE_S, Ears, Heard
from voicetest.agents.faults import HEALTHY, Faults
from voicetest.agents.hiss import Hiss
from voicetest.agents.keypad import Keyed, Keypad
from voicetest.agents.manners import Manners
from voicetest.agents.mind import Flow, Mind, Reply
from voicetest.agents.mouth import Mouth
from voicetest.agents.noisy_link import NoisyLink
from voicetest.agents.parts import Part, Words, answer
from voicetest.agents.truth import Spoke
from voicetest.audio.chunk import INTERNAL, AudioChunk, Samples
from voicetest.events import (
    AgentTurnEnded,
    AgentTurnStarted,
    Audio,
    Dtmf,
    Failed,
    Hangup,
    Ignored,
    Interrupted,
    Leaving,
    ReplyRequested,
    Text,
    ToolCalled,
    ToolResult,
    Transcript,
    UserTurnEnded,
    UserTurnStarted,
    Warned,
)
from voicetest.links.base import Link, say
from voicetest.shown import shown
from voicetest.speech.transcribers.base import Transcriber
from voicetest.speech.voices.base import Voice

__all__ = ["EmbeddedAgent"]

logger = logging.getLogger(__name__)

_TOOL_TIMEOUT_S = 30.0
_FAILURE = ("insufficient_quota", "The quota of this account is used up.")
"""What its platform says of an answer that it fails to make."""
_GOODBYE_PAUSE_S = 0.2
"""Between the last word and the hang-up."""

_SILENCE_S = 0.02
"""One piece of the silence that is heard when the user's end is announced."""


@dataclass(frozen=True)
class Typed:
    """A turn that the user typed."""

    text: str


@dataclass(frozen=True)
class Asked:
    """The agent shall speak although the user said nothing."""


_Input: TypeAlias = Heard | Keyed | Typed | Asked


class EmbeddedAgent:
    """Serves one call from the far end of its line; the same agent works behind every codec.

    `keys` finds the keys that sound in each piece of the line, for lines that do not report them
    as events; `tones` makes the sound of keys where the agent cannot send them as events; `told`
    learns when each utterance was really heard; `nonsense` sends what no protocol has.
    """

    def __init__(
        self,
        transcriber: Transcriber,
        mind: Mind,
        voice: Voice,
        manners: Manners,
        link: Link,
        *,
        faults: Faults = HEALTHY,
        keys: Callable[[Samples], Sequence[str]] | None = None,
        tones: Callable[[str], Samples] | None = None,
        told: Callable[[Spoke], None] | None = None,
        nonsense: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._transcriber = transcriber
        self._mind = mind
        self._manners = manners
        noisy = None if faults.background is None else NoisyLink(link, Hiss(faults.background))
        self._link: Link = link if noisy is None else noisy
        self._noise = noisy if link.paced else None
        """Set where noise goes out between turns as well."""
        self._faults = faults
        self._keys = keys
        self._loop = asyncio.get_running_loop()
        self._ears = Ears(faults.talks_over)
        self._mouth = Mouth(
            voice,
            self._link,
            faults=faults,
            tones=tones,
            told=told,
            nonsense=nonsense,
            ends_when_heard=manners.ends_when_heard,
            generates=manners.generates,
        )
        self._inputs: asyncio.Queue[_Input] = asyncio.Queue()
        self._held: list[Heard | Keyed] = []
        """What the user said and pressed since the agent was last asked to answer."""
        self._keypad = Keypad(self._take)
        self._quiet_since = self._loop.time()
        """When somebody last spoke or pressed a key; set by either side."""
        self._tools: dict[str, asyncio.Future[ToolResult]] = {}
        """The tool calls that wait for their result, by id."""
        self._tool_calls = 0
        self._said = 0
        """How many turns it had, the greeting included."""
        self._greeted = False
        """Set when the greeting has been said, or is too late."""
        self._logged: set[str] = set()
        """What was said in the log of this call."""
        self._in_turn = False
        """Set when the platform was told that the agent's turn began; cleared at its end."""

    async def serve(self) -> None:
        """Talk until either side hangs up."""
        async with asyncio.TaskGroup() as tasks:
            acting = [tasks.create_task(self._talk())]
            if self._noise is not None:
                acting.append(tasks.create_task(self._noise.stream()))
            await self._listen()
            for task in acting:
                task.cancel()

    async def _listen(self) -> None:
        async with aclosing(self._link.events()) as events:
            async for event in events:
                match event:
                    case Audio(chunk):
                        self._hear(chunk.samples())
                    case Dtmf(key):
                        self._press(key)
                    case Text(text):
                        self._mouth.hush()
                        self._inputs.put_nowait(Typed(text))
                    case ReplyRequested():
                        self._inputs.put_nowait(Asked())
                    case UserTurnEnded() if not self._link.continuous:
                        self._hear_the_end()
                    case UserTurnStarted() if self._manners.yields_to_markers:
                        if not self._faults.never_yields:
                            self._mouth.hush()
                    case Interrupted() if not self._faults.never_yields:
                        self._mouth.hush()
                    case ToolResult(id=call):
                        waiting = self._tools.get(call)
                        if waiting is not None and not waiting.done():
                            waiting.set_result(event)
                    case Warned(message):
                        self._log(message)
                    case Ignored(shape, why, known=False):
                        self._log(f"messages such as {shape} {why}")
                    case Hangup() | Leaving():
                        return
                    case _:
                        pass

    def _log(self, message: str) -> None:
        """Tell once of what came and means nothing."""
        if message not in self._logged:
            self._logged.add(message)
            logger.warning("%s", shown(message))

    def _hear(self, samples: Samples) -> None:
        for key in self._keys(samples) if self._keys is not None else ():
            self._press(key)
        heard = self._ears.feed(samples)
        # What it spoke on through without yielding was a backchannel, which wants no answer.
        if heard is not None and (
            self._asked or self._faults.never_yields or not self._mouth.speaking
        ):
            self._take(heard)
        if self._ears.speaking:
            self._quiet_since = self._loop.time()
        if self._yields():
            self._mouth.hush()

    @property
    def _asked(self) -> bool:
        """Whether the agent is asked for each answer, and gives none before."""
        return not self._link.continuous and ReplyRequested in self._link.receives

    def _take(self, found: Heard | Keyed) -> None:
        if self._asked:
            self._held.append(found)
        else:
            self._inputs.put_nowait(found)

    def _hear_the_end(self) -> None:
        """Nothing comes on this line when nobody speaks, so the silence is made here."""
        for _ in range(round(2 * TURN_SILENCE_S / _SILENCE_S)):
            self._hear(np.zeros(round(_SILENCE_S * INTERNAL.rate), dtype=np.int16))
        if self._asked:
            self._keypad.finish()
            self._inputs.put_nowait(_one_input(self._held))
            self._held.clear()

    def _press(self, key: str) -> None:
        if not self._faults.ignores_keys:
            self._quiet_since = self._loop.time()
            self._keypad.press(key)

    def _yields(self) -> bool:
        if self._faults.never_yields:
            return False
        if self._faults.false_yields and self._ears.noisy:
            return True
        return self._ears.speaking_for >= self._manners.yields_after

    async def _talk(self) -> None:
        if ReplyRequested not in self._link.receives:  # elsewhere it is asked to greet
            await self._greet()
        while True:
            found = await self._next_input()
            if isinstance(found, Asked) and await self._greet():
                continue
            self._greeted = True
            reply = await self._think(found)
            if isinstance(reply, Flow):
                await self._say_as_it_comes(reply)
                continue
            await self._say(*answer(reply, self._faults))
            if reply.ends_call:
                await asyncio.sleep(_GOODBYE_PAUSE_S)
                await self._link.hang_up("the agent ended the call")

    async def _greet(self) -> bool:
        """Say the greeting, if there is one and it is not too late; whether it was said."""
        greeting = "" if self._greeted else self._mind.greeting()
        self._greeted = True
        if greeting:
            await self._say(Words(greeting))
        return bool(greeting)

    async def _next_input(self) -> _Input:
        """What the user says or presses next; the agent speaks up when that takes too long."""
        reprompt = self._manners.reprompt
        if reprompt is not None:
            for _ in range(reprompt.times):
                found = await self._input_within(reprompt.after)
                if found is not None:
                    return found
                await self._say(Words(reprompt.text))
        return await self._inputs.get()

    async def _input_within(self, quiet_s: float) -> _Input | None:
        """The next input; None once nobody has spoken for so many seconds."""
        while True:
            deadline = self._quiet_since + quiet_s
            try:
                async with asyncio.timeout_at(deadline):
                    return await self._inputs.get()
            except TimeoutError:
                if self._quiet_since + quiet_s <= deadline:
                    return None

    async def _think(self, found: _Input) -> Reply | Flow:
        # An agent that talks over its user does not wait for anybody's end.
        patience = 0.0 if self._faults.talks_over is not None else self._manners.reply_delay
        delay = patience + self._faults.slow
        match found:
            case Heard(audio):
                text = await self._transcriber.transcribe(audio)
                await say(self._link, Transcript("user", text))
                await asyncio.sleep(delay)
                return await self._mind.answer(text, self._call_tool)
            case Keyed(keys):
                await asyncio.sleep(delay)
                return await self._mind.answer_keys(keys, self._call_tool)
            case Typed(text):
                await say(self._link, Transcript("user", text))
                await asyncio.sleep(delay)
                return await self._mind.answer(text, self._call_tool)
            case Asked():
                return await self._mind.answer("", self._call_tool)

    async def _say(self, *parts: Part) -> None:
        """One turn of the agent; without parts it ends a turn that a tool call began."""
        self._said += 1
        if parts and self._said == self._faults.fails:
            await self._fail()
        elif parts:
            await self._begin_turn()
            await self._mouth.speak(*parts)
            self._quiet_since = self._loop.time()
            if self._mouth.heard_share < 1:
                self._mind.cut_short(self._mouth.heard_share)
        elif self._in_turn or ReplyRequested in self._link.receives:
            await self._begin_turn()  # who asks for an answer gets one, if without a word
            await say(self._link, AgentTurnEnded())
        self._in_turn = False

    async def _fail(self) -> None:
        """A turn that its platform does not make."""
        await self._begin_turn()
        await say(self._link, Failed(*_FAILURE))
        await say(self._link, AgentTurnEnded("failed"))

    async def _say_as_it_comes(self, flow: Flow) -> None:
        """One turn of the agent, of which only the mind knows how long it will be."""
        spoke = await self._mouth.speak_on(self._announced(flow))
        if self._mouth.heard_share < 1:
            self._mind.cut_short(self._mouth.heard_share)
        if not spoke:
            await self._say()
            return
        self._quiet_since = self._loop.time()
        self._in_turn = False

    async def _announced(self, flow: Flow) -> AsyncGenerator[str, None]:
        async with aclosing(flow.sentences) as sentences:
            async for sentence in sentences:
                await self._begin_turn()
                yield sentence

    async def _begin_turn(self) -> None:
        if not self._in_turn:
            self._in_turn = True
            await say(self._link, AgentTurnStarted())

    async def _call_tool(
        self, name: str, arguments: dict[str, Any] | str, own_answer: Any = None
    ) -> ToolResult:
        await self._begin_turn()
        self._tool_calls += 1
        written = arguments if isinstance(arguments, str) else json.dumps(arguments)
        call = ToolCalled(f"call_{self._tool_calls}", name, written)
        if ToolResult not in self._link.receives:  # the tools run at this side
            result = ToolResult(call.id, json.dumps(own_answer))
            await say(self._link, call)
            await say(self._link, result)
            return result
        self._tools[call.id] = asyncio.get_running_loop().create_future()
        await say(self._link, call)
        try:
            async with asyncio.timeout(_TOOL_TIMEOUT_S):
                return await self._tools[call.id]
        except TimeoutError:
            text = f"the tool {name} gave nothing within {_TOOL_TIMEOUT_S:g} s"
            await say(self._link, Warned(text))
            return ToolResult(call.id, text, failed=True)
        finally:
            del self._tools[call.id]


def _one_input(held: Sequence[Heard | Keyed]) -> _Input:
    """What the user did before the agent was asked to answer it, which is one input."""
    keys = "".join(entered.keys for entered in held if isinstance(entered, Keyed))
    if keys:
        return Keyed(keys)
    sound = b"".join(heard.audio.data for heard in held if isinstance(heard, Heard))
    return Heard(AudioChunk(sound)) if sound else Asked()
