"""The user's ear: plays what arrives of the agent, records it, and finds speech and keys in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from voicetest.audio.chunk import INTERNAL, AudioChunk, Samples
from voicetest.audio.dtmf import DtmfDetector, Pressed
from voicetest.call.downlink import Downlink
from voicetest.call.hearing import Hearing, Speech
from voicetest.call.playout import Playout, Slip
from voicetest.call.recorder import Recorder

__all__ = ["Listener", "Told"]

_MOST_WAITING = INTERNAL.rate
"""Samples that may wait: what comes faster is worked off as it comes."""


class Told(Protocol):
    """Who is told of what is heard; positions are samples at 24 kHz since the line was ready."""

    def sound_waits(self, at: int, pending: int) -> None:
        """After a piece that arrived at `at` so many samples are to be heard."""

    def speech_is(self, speech: Speech | None) -> None:
        """The current speech of the agent, or the last, as it is known now."""

    def key_pressed(self, key: Pressed) -> None:
        """The agent pressed a key."""

    def line_is_endless(self) -> None:
        """The line has had no pause for 10 s; told once."""


class Listener:
    """All that is asked of it is true of now: what had waited is worked off first."""

    def __init__(
        self,
        playout: Playout,
        recorder: Recorder,
        told: Told,
        *,
        changed: Callable[[Samples], Samples] | None,
        finds_keys: bool,
    ) -> None:
        """`changed` is what a bad line makes of each frame, if it makes anything of it."""
        self._playout = playout
        self._recorder = recorder
        self._told = told
        self._downlink = Downlink(playout, changed, self._pushed)
        self._hearing = Hearing()
        self._keys = DtmfDetector() if finds_keys else None
        self._told_of_noise = False
        """Set when a sound without a pause was told of."""
        self.labels = 0
        """Marks of the far side that playout has not reached."""

    @property
    def hearing(self) -> Hearing:
        """What was heard until now."""
        self.catch_up()
        return self._hearing

    @property
    def undecided(self) -> bool:
        """Whether what was heard last may turn out to be the beginning of speech."""
        return self._hearing.undecided

    @property
    def behind(self) -> int:
        """How many frames are over and were not listened to yet."""
        return self._downlink.behind

    @property
    def slips(self) -> list[Slip]:
        """Where playout departed from what was sent."""
        return self._playout.slips

    @property
    def delay_s(self) -> float:
        """Seconds by which playout itself makes everything later."""
        return self._playout.delay_s

    def arrive(self, chunk: AudioChunk, at: int) -> int:
        """Sound arrived at position `at`; gives how many samples wait with it."""
        self._downlink.arrive(chunk, at)
        ahead = self._playout.ahead(at) + self._downlink.waiting
        if self._downlink.waiting > _MOST_WAITING:
            self.catch_up()
        return ahead

    def _pushed(self, at: int) -> None:
        self._told.sound_waits(at, self._playout.pending(at))

    def frame_over(self, user: Samples) -> None:
        """20 ms are over in which this could be heard of the user."""
        self._downlink.frame_over(user)

    def is_silent(self, at: int) -> bool:
        """Whether nothing has come since it was last listened to, and nothing is to be heard."""
        return not self._downlink.waiting and not self._playout.ahead(at)

    def catch_up(self) -> None:
        """Listen to the frames that are over."""
        heard = self._downlink.catch_up()
        if heard is None:
            return
        self._recorder.write(heard.user, heard.agent)
        self._hearing.hear(heard.agent)
        if self._hearing.endless and not self._told_of_noise:
            self._told_of_noise = True
            self._told.line_is_endless()
        self._told.speech_is(self._hearing.speech)
        for key in self._pressed(heard.agent):
            self._told.key_pressed(key)

    def _pressed(self, sound: Samples) -> Sequence[Pressed]:
        if self._keys is None:
            return ()
        return self._keys.feed(sound) if sound.any() else self._keys.skip(len(sound))

    def pending(self, at: int) -> int:
        """How many samples are to be heard after position `at`, to the last above the noise."""
        self.catch_up()
        return self._playout.pending(at)

    def left(self, at: int) -> int:
        """How many samples are to be heard after position `at`, to the last that is audible."""
        self.catch_up()
        return self._playout.left(at)

    def clear(self, at: int) -> None:
        """Throw away what would be heard from position `at` on."""
        self.catch_up()
        self._playout.clear(at)

    def mark(self, name: str, at: int) -> None:
        """A label arrived at position `at`, behind the sound that is queued."""
        self.catch_up()
        self._playout.mark(name, at)
        self.labels += 1

    def passed(self, at: int) -> Sequence[str]:
        """The labels that playout has reached at position `at`, each once, in order."""
        if not self.labels:
            return ()
        reached = self._playout.passed(at)
        self.labels -= len(reached)
        return reached

    def arrived(self, at: int) -> int:
        """When that arrived which is heard at position `at`; there, if nothing was."""
        return self._playout.arrivals.of(at)
