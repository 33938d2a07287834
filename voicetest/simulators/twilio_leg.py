"""One end of a call that does what TwiML says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol
from urllib.parse import urljoin

from voicetest.audio.chunk import AudioChunk
from voicetest.audio.dtmf import tones
from voicetest.links.conversion import Converter
from voicetest.protocols.twilio import TELEPHONE
from voicetest.simulators.twilio_call import Call, Status
from voicetest.simulators.twilio_circuit import End
from voicetest.simulators.twilio_stream import Stream
from voicetest.simulators.twilio_twiml import TwimlError
from voicetest.simulators.twilio_verbs import (
    Connect,
    Dial,
    Hangup,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    Start,
    Stop,
    StreamWanted,
    Verb,
)
from voicetest.simulators.twilio_webhooks import Document, Fetched, Source

__all__ = ["Leg", "Network", "on_the_phone"]


REDIRECT_S = 0.05


class Network(Protocol):
    """What a leg needs of the telephone network around it."""

    async def verbs(self, call: Call, source: Source) -> Sequence[Verb]:
        """What a document says; raises TwimlError."""

    async def spoken(self, text: str) -> bytes:
        """A text as sound of the telephone."""

    def stream(self, call: Call, end: End, wanted: StreamWanted, *, both_ways: bool) -> Stream:
        """A stream of one end of a call, still to be run."""

    async def dial(self, call: Call, end: End, wanted: Dial) -> None:
        """Put one end of a call through to somebody, until either hangs up."""


class Leg:
    """Follows one document after the other; what a new one interrupts is cut off."""

    def __init__(self, call: Call, end: End, network: Network) -> None:
        self.end = end
        self._call = call
        self._network = network
        self._following: asyncio.Task[None] | None = None
        """The document that is followed; set while one is."""
        self._next: Source | Sequence[Verb] | None = None
        """The document to follow instead or afterwards; taken when the one before is left."""
        self._base = ""
        """Where the last document came from; addresses may be relative to it."""
        self._listening: dict[str, asyncio.Task[None]] = {}
        """The streams that listen while the call goes on, by name."""

    async def follow(self, first: Source | Sequence[Verb]) -> None:
        """Do what the documents say until there is nothing left to do."""
        self._next = self._next or first
        async with asyncio.TaskGroup() as background:
            while self._next is not None:
                document, self._next = self._next, None
                async with asyncio.TaskGroup() as tasks:
                    following = self._perform_all(document, background)
                    self._following = tasks.create_task(following)
            self._following = None
            for stream in self._listening.values():
                stream.cancel()

    def redirect(self, source: Source) -> None:
        """Leave what is being done and follow another document."""
        self._next = source
        if self._following is not None:
            self._following.cancel()

    async def press(self, keys: str) -> None:
        """Press keys."""
        await self._speak(on_the_phone(AudioChunk.of(tones(keys))))

    async def _perform_all(
        self, document: Source | Sequence[Verb], background: asyncio.TaskGroup
    ) -> None:
        try:
            if isinstance(document, Document | Fetched):
                if isinstance(document, Fetched):
                    document = replace(document, url=urljoin(self._base, document.url))
                    self._base = document.url
                document = await self._network.verbs(self._call, document)
            for verb in document:
                if not await self._perform(verb, background):
                    return
        except TwimlError as error:
            self._call.note(error.code, str(error))
            self._call.becomes(Status.FAILED)
            self.end.circuit.hang_up()

    async def _perform(self, verb: Verb, background: asyncio.TaskGroup) -> bool:
        """Whether the document goes on after this verb."""
        match verb:
            case Say(text):
                await self._speak(await self._network.spoken(text))
            case Pause(length):
                await asyncio.sleep(length)
            case Play(digits):
                await self.press(digits)
            case Connect(wanted):
                await self._network.stream(self._call, self.end, wanted, both_ways=True).run()
            case Start(wanted):
                stream = self._network.stream(self._call, self.end, wanted, both_ways=False)
                name = wanted.name or f"stream {len(self._listening) + 1}"
                self._listening[name] = background.create_task(stream.run())
            case Stop(name):
                self._stop(name)
            case Dial():
                await self._network.dial(self._call, self.end, verb)
            case Redirect(url, method):
                await asyncio.sleep(REDIRECT_S)  # documents that lead to each other take time
                self._next = Fetched(url, method)
                return False
            case Hangup() | Reject():
                self.end.circuit.hang_up()
                return False
        return True

    def _stop(self, name: str) -> None:
        """End a stream that listens; a name that none has does nothing."""
        last = next(reversed(self._listening), "")
        stream = self._listening.pop(name or last, None)
        if stream is not None:
            stream.cancel()

    async def _speak(self, sound: bytes) -> None:
        says = self.end.says
        says.say(sound)
        try:
            await asyncio.sleep(len(sound) / TELEPHONE.rate)
        except asyncio.CancelledError:
            says.cut()
            raise


def on_the_phone(sound: AudioChunk) -> bytes:
    """A whole sound as the telephone has it."""
    return Converter(TELEPHONE).convert(sound).data
